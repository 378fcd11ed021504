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
        timeout_ms = round(CONNECT_S * 1000)
        # One thread: with more, FFmpeg decodes as many frames at once, and each comes out as many frames late.
        options = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, timeout_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, timeout_ms]
        options += [cv2.CAP_PROP_N_THREADS, 1]
        self._capture = cv2.VideoCapture(self._address.with_login, cv2.CAP_FFMPEG, options)
        if not self._capture.isOpened():
            raise why_not(self._address)
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


def why_not(address: Address) -> SourceError:
    """Why the stream did not open, which OpenCV does not say: asks the camera to describe it, without a login."""
    name = address.name
    if address.scheme == "rtsps":
        return SourceError(f"{name} cannot be opened: check address and login, or try rtsp:// in this network")
    lines = (f"DESCRIBE rtsp://{address.host}{address.target} RTSP/1.0", "CSeq: 1", "Accept: application/sdp", "", "")
    try:
        with socket.create_connection((address.hostname, address.port or PORT), CONNECT_S) as connection:
            connection.sendall("\r\n".join(lines).encode())
            words = connection.recv(MAX_ANSWER_BYTES).decode("latin-1").split(maxsplit=2)
    except OSError as error:
        return unreachable(address, error)
    if len(words) < 2 or not words[0].startswith("RTSP/"):
        return SourceError(f"{name} does not answer as rtsp does: check the port")
    if words[1] == "401":
        return SourceError(login_refused(address))
    if words[1] in ("403", "404", "454"):
        return SourceError(f"{name} refuses this path (RTSP {words[1]}): check the part after the host")
    return SourceError(f"{name} answers but sends no images within {CONNECT_S:g} s: {H264}")


def open_rtsp(address: Address) -> StreamCamera:
    """Open the camera at an ``rtsp`` address: by OpenCV, or by GStreamer where OpenCV was built without FFmpeg."""
    if cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG):
        return StreamCamera(address.name, partial(RtspStream, address))
    return open_gstreamer(f"rtspsrc latency=0 location={shlex.quote(address.with_login)} ! decodebin")
