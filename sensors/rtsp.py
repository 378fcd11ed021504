"""RTSP, as IP cameras send it: H.264, H.265 or MJPEG, decoded by the FFmpeg inside OpenCV."""

from __future__ import annotations

import math
import shlex
import socket
from functools import partial
from typing import Any

from wakeful.errors import SourceError
from wakeful.sensors.address import Address
from wakeful.sensors.gstreamer import open_gstreamer
from wakeful.sensors.http_request import login_refused, unreachable
from wakeful.sensors.opencv import cv2
from wakeful.sensors.source import SourceInfo
from wakeful.sensors.stream import CONNECT_S, StreamCamera

PORT = 554
ANSWER_S = 1.5
"""For the first answer of a camera."""
MAX_ANSWER_BYTES = 4096
H264 = "set the camera to H.264 with a key frame every second"


class RtspStream:
    """One session with the camera; a ``Stream``.

    OpenCV takes the stream over TCP where the camera offers that, so that no packets are lost.
    """

    overtaken = False

    def __init__(self, address: Address) -> None:
        self.stamp_s: float | None = None
        self._address = address
        self._name = address.name
        self._capture: cv2.VideoCapture | None = None
        self._is_first = False

    def open(self) -> SourceInfo:
        # With TLS only OpenCV can ask.
        asks_for_login = self._address.scheme == "rtsp" and _check(self._address)
        timeout_ms = round(CONNECT_S * 1000)
        # One thread: with more, FFmpeg decodes as many frames at once, and each comes out as many frames late.
        options = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, timeout_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, timeout_ms]
        options += [cv2.CAP_PROP_N_THREADS, 1]
        self._capture = cv2.VideoCapture(self._address.with_login, cv2.CAP_FFMPEG, options)
        if not self._capture.isOpened():
            if asks_for_login:
                raise SourceError(login_refused(self._address))
            raise SourceError(f"{self._name} cannot be opened as a video within {CONNECT_S:g} s: {H264}")
        self.grab()
        _, image = self.retrieve()
        if image is None:
            raise SourceError(f"{self._name} sends no images that can be decoded: {H264}")
        self._is_first = True
        height, width = image.shape[:2]
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        return SourceInfo(self._name, True, width, height, fps if 0 < fps < 1000 else None, "RTSP")

    def grab(self) -> bool:
        if self._is_first:
            self._is_first = False
            return True
        assert self._capture is not None
        if not self._capture.grab():
            raise SourceError(f"{self._name} has ended the connection, or has sent nothing for {CONNECT_S:g} s")
        stamp_ms = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        self.stamp_s = stamp_ms / 1e3 if math.isfinite(stamp_ms) and stamp_ms >= 0 else None
        return True

    def retrieve(self) -> tuple[bool, Any]:
        assert self._capture is not None
        return self._capture.retrieve()

    def interrupt(self) -> None:
        """Nothing to do: FFmpeg itself ends a wait after its time."""

    def release(self) -> None:
        if self._capture is not None:
            self._capture.release()


def _check(address: Address) -> bool:
    """Asks the camera to describe the stream, without a login; whether it wants one. OpenCV would not say what fails.

    It also would wait long for a camera that takes the connection and does not answer.

    Raises:
        SourceError: the stream cannot be opened.
    """
    lines = (f"DESCRIBE rtsp://{address.host}{address.target} RTSP/1.0", "CSeq: 1", "Accept: application/sdp", "", "")
    try:
        with socket.create_connection((address.hostname, address.port or PORT), ANSWER_S) as connection:
            connection.sendall("\r\n".join(lines).encode())
            words = connection.recv(MAX_ANSWER_BYTES).decode("latin-1").split(maxsplit=2)
    except OSError as error:
        raise unreachable(address, error) from None
    if len(words) < 2 or not words[0].startswith("RTSP/"):
        raise SourceError(f"{address.name} does not answer as rtsp does: check the port")
    if words[1] == "401" and not address.user:
        raise SourceError(login_refused(address))
    if words[1] in ("403", "404", "454"):
        raise SourceError(f"{address.name} refuses this path (RTSP {words[1]}): check the part after the host")
    return words[1] == "401"


def open_rtsp(address: Address) -> StreamCamera:
    """Open the camera at an ``rtsp`` address: by OpenCV, or by GStreamer where OpenCV was built without FFmpeg."""
    if cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG):
        return StreamCamera(address.name, partial(RtspStream, address))
    return open_gstreamer(f"rtspsrc latency=0 location={shlex.quote(address.with_login)} ! decodebin")
