"""MJPEG over HTTP: what phones as IP cameras, ESP32-CAM, mjpg-streamer and motion send. One JPEG after the other.

The answer is ``multipart/x-mixed-replace``. Servers are loose with it: boundaries with and without the dashes they
should have, no length of a part, garbage in between. So a part ends where its length says, or at the next boundary.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
import time
from contextlib import suppress
from functools import partial
from http.client import HTTPException, HTTPResponse
from threading import Timer
from typing import Any

from wakeful.errors import SourceError
from wakeful.sensors.address import Address
from wakeful.sensors.http_request import Request
from wakeful.sensors.image_folder import decode_image
from wakeful.sensors.line_load import LineLoad
from wakeful.sensors.source import SourceInfo
from wakeful.sensors.stream import CONNECT_S, StreamCamera

MAX_PART_BYTES = 32 * 2**20
MAX_LINE_BYTES = 65_536
OPEN_STEPS = 2

STREAMS = (
    "give the address of its MJPEG stream, often http://HOST:8080/video (phones), http://HOST:81/stream (ESP32-CAM) or "
    "http://HOST:8080/?action=stream (mjpg-streamer)"
)
SLOW_LINE = "the network is too slow for its images, which would come late: lower their size, quality or rate there"


class MjpegStream:
    """One answer of the server; a ``Stream``."""

    def __init__(self, address: Address) -> None:
        self.stamp_s: float | None = None
        self._name = address.name
        self._request = Request(address, CONNECT_S)
        self._answer: HTTPResponse | None = None
        self._boundary = b""
        self._at_headers = False
        self._part = b""
        self._is_first = False
        self._line = LineLoad()
        self._ended_s: float | None = None

    def open(self) -> SourceInfo:
        # A server that trickles byte by byte would keep every single wait short.
        limit = Timer(OPEN_STEPS * CONNECT_S, self.interrupt)
        limit.daemon = True
        limit.start()
        try:
            return self._opened()
        finally:
            limit.cancel()

    def _opened(self) -> SourceInfo:
        deadline_s = time.monotonic() + CONNECT_S
        self._answer = self._request.answer()
        self._boundary = self._boundary_of(self._answer)
        while time.monotonic() < deadline_s:
            self.grab()
            good, image = self.retrieve()
            if good:
                self._is_first = True
                height, width = image.shape[:2]
                return SourceInfo(self._name, True, width, height, None, "MJPG")
        raise SourceError(f"{self._name} sends no JPEG images that can be decoded: {STREAMS}")

    def grab(self) -> bool:
        if self._is_first:
            self._is_first = False
            return True
        try:
            part = self._next_part()
        except SourceError:
            raise
        except TimeoutError:
            raise SourceError(f"{self._name} has sent nothing for {CONNECT_S:g} s") from None
        except (OSError, HTTPException, ValueError):
            # ValueError: of a connection that was interrupted.
            part = None
        if part is None:
            raise SourceError(f"{self._name} has ended the connection")
        self._part = part
        return True

    def retrieve(self) -> tuple[bool, Any]:
        image = decode_image(self._part)
        return image is not None, image

    @property
    def overtaken(self) -> bool:
        """Where decoding is slower than the camera, images would queue in the socket and grow old."""
        connected = self._request.socket
        if connected is None:
            return False
        with suppress(OSError, ValueError):
            (waiting,) = struct.unpack("i", fcntl.ioctl(connected, termios.FIONREAD, bytes(4)))
            return bool(waiting > len(self._part))
        return False

    def interrupt(self) -> None:
        connected = self._request.socket
        if connected is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        self._request.close()

    def _boundary_of(self, answer: HTTPResponse) -> bytes:
        kind = answer.headers.get_content_type()
        if answer.headers.get_content_maintype() != "multipart":
            raise SourceError(f"{self._name} is {_in_words(kind)} and no MJPEG stream: {STREAMS}")
        return str(answer.headers.get_param("boundary") or "").encode("latin-1", "replace").strip().strip(b"-")

    def _next_part(self) -> bytes | None:
        assert self._answer is not None
        skipped, entered_s = 0, time.monotonic()
        while not self._at_headers:
            line = self._answer.readline(MAX_LINE_BYTES)
            skipped += len(line)
            if not line or skipped > MAX_PART_BYTES:
                return None
            self._at_headers = self._is_boundary(line)
        length = self._length()
        if length is None:
            return self._up_to_boundary()
        self._at_headers = False
        begin = self._answer.read(1)
        begun_s = time.monotonic()
        part = begin + self._answer.read(length - 1)
        ended_s = time.monotonic()
        if self._ended_s is not None and self._line.is_too_slow(
            ended_s - self._ended_s, begun_s - entered_s, ended_s - begun_s
        ):
            raise SourceError(f"{self._name}: {SLOW_LINE}")
        self._ended_s = ended_s
        return part if len(part) == length else None

    def _length(self) -> int | None:
        """Reads the headers of a part: its length, if it is said; its time stamp is kept."""
        assert self._answer is not None
        length, self.stamp_s = None, None
        for _ in range(64):
            line = self._answer.readline(MAX_LINE_BYTES)
            if not line.strip():
                break
            key, _, value = line.partition(b":")
            with suppress(ValueError):
                match key.strip().lower():
                    case b"content-length":
                        length = int(value) if 0 < int(value) <= MAX_PART_BYTES else None
                    case b"x-timestamp":
                        self.stamp_s = float(value) or None
        return length

    def _up_to_boundary(self) -> bytes | None:
        assert self._answer is not None
        part = bytearray()
        while len(part) <= MAX_PART_BYTES:
            line = self._answer.readline(MAX_LINE_BYTES)
            if not line:
                return None
            if self._is_boundary(line):
                return bytes(part)
            part += line
        return None

    def _is_boundary(self, line: bytes) -> bool:
        if not self._boundary:
            return line.startswith(b"--")
        return line.strip().strip(b"-") == self._boundary


def _in_words(kind: str) -> str:
    if kind.startswith("image/"):
        return f"a single image ({kind})"
    return "a web page" if kind.startswith("text/") else ascii(kind[:60])


def open_mjpeg(address: Address) -> StreamCamera:
    """Open the camera at an ``http`` or ``https`` address."""
    return StreamCamera(address.name, partial(MjpegStream, address))
