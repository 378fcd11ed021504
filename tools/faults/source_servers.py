"""Sources on the loopback that can be broken in the middle of a run: served, and behind a line that can fail."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import cv2
import numpy as np

from tools.faults.rig import FaceCamera
from tools.rigs.mjpeg_server import MjpegServer
from tools.rigs.rtsp_server import RtspServer, missing
from tools.rigs.tcp_proxy import TcpProxy
from wakeful.errors import SourceError
from wakeful.sensors.camera import open_source
from wakeful.sensors.source import Source
from wakeful.sensors.standard_input import PATIENCE, PipeStream
from wakeful.sensors.stream import StreamCamera

LOGIN, OTHER_LOGIN = "me:hush", "me:other"
NARROW = 0.6
"""Share of the bytes of a source that still pass on a line that is too slow for it."""
FPS = 20.0
NORMAL, OTHER = "small", "works"
"""Modes of the camera: 320x240, so that a busy machine can code and decode it, and 640x480."""

Picture = Callable[[], "np.ndarray[Any, Any]"]


class Served(Protocol):
    """A camera that is reached over something that can fail."""

    def source(self) -> Source: ...
    def begin(self, fault: str) -> bool:
        """Whether it knows that fault."""
        ...

    def end(self) -> None:
        """All is well again."""
        ...

    def close(self) -> None: ...


class Server(Protocol):
    """What ``MjpegServer`` and ``RtspServer`` have in common."""

    fps: float
    silent: bool

    def close(self) -> None: ...


class Networked:
    """Behind a network. ``serve`` makes a server on a port that asks for a login, ``spec`` is the source's name."""

    def __init__(self, serve: Callable[[int, str], Server], spec: Callable[[int], str], camera: FaceCamera) -> None:
        self._serve, self._spec, self._camera = serve, spec, camera
        port = free_port()
        self._server = serve(port, LOGIN)
        self._locked: Server | None = None
        self._port = port
        self._proxy = TcpProxy(port)
        self._is_away = False

    def source(self) -> Source:
        """The source; on a busy machine the first connections may come before the server listens."""
        for _ in range(5):
            with suppress(SourceError):
                return open_source(self._spec(self._proxy.port))
        return open_source(self._spec(self._proxy.port))

    def begin(self, fault: str) -> bool:
        match fault:
            case "gone":
                self._proxy.go_away()
                self._is_away = True
            case "stalls":
                self._server.silent = True
            case "backlog":
                self._proxy.mode = "dams"
            case "garbage":
                self._proxy.mode = "soils"
            case "size":
                self._camera.mode = OTHER
            case "slow":
                self._server.fps = 5.0
            case "narrow":
                before = self._proxy.passed
                time.sleep(1.0)
                self._proxy.bytes_per_s = NARROW * (self._proxy.passed - before)
            case "password":
                port = free_port()
                self._locked = self._serve(port, OTHER_LOGIN)
                self._proxy.target = port
                self._proxy.cut()
        return True

    def end(self) -> None:
        if self._is_away:
            self._proxy.come_back()
            self._is_away = False
        self._server.silent, self._server.fps = False, FPS
        self._proxy.mode, self._proxy.target, self._proxy.bytes_per_s = "passes", self._port, None
        self._camera.mode = NORMAL
        if self._locked is not None:
            self._locked.close()
            self._locked = None

    def close(self) -> None:
        self.end()
        self._proxy.close()
        self._server.close()


class Piped:
    """Behind a named pipe, as standard input would be."""

    def __init__(self, form: str, picture: Picture, camera: FaceCamera) -> None:
        self._form, self._picture, self._camera = form, picture, camera
        self._name = camera.device.with_name("pipe")
        os.mkfifo(self._name)
        # Opened without waiting for a writer, and blocking from then on.
        self._reader = os.open(self._name, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(self._reader, True)
        self._fault, self._closed = "", False
        self._noise = np.random.default_rng(4)
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def source(self) -> Source:
        name = f"pipe:{self._form}"
        return StreamCamera(name, partial(PipeStream, self._form, self._reader), patience=PATIENCE)

    def begin(self, fault: str) -> bool:
        if fault in ("password", "narrow") or (self._form != "y4m" and fault in ("size", "garbage")):
            return False
        self._fault = fault
        self._camera.mode = OTHER if fault == "size" else NORMAL
        return True

    def end(self) -> None:
        self._fault, self._camera.mode = "", NORMAL

    def close(self) -> None:
        self._closed = True
        self._writer.join(5.0)
        os.close(self._reader)

    def _write(self) -> None:
        with suppress(OSError):
            while not self._closed:
                with self._name.open("wb", buffering=0) as pipe:
                    self._frames(pipe.fileno())
                while self._fault == "gone" and not self._closed:
                    time.sleep(0.02)

    def _frames(self, pipe: int) -> None:
        dammed: list[bytes] = []
        while not self._closed:
            time.sleep(0.2 if self._fault == "slow" else 1 / FPS)
            if self._fault == "stalls":
                continue
            dammed.append(self._noise.bytes(300_000) if self._fault == "garbage" else self._bytes())
            if self._fault == "backlog":
                continue
            for frame in dammed:
                # The program dies in the middle of a frame.
                data = frame[: len(frame) // 2] if self._fault == "gone" else frame
                while data:
                    data = data[os.write(pipe, data) :]
                if self._fault == "gone":
                    return
            dammed.clear()

    def _bytes(self) -> bytes:
        image = self._picture()
        if self._form != "y4m":
            return image.tobytes()
        height, width = image.shape[:2]
        head = f"YUV4MPEG2 W{width} H{height} F20:1 Ip A1:1 C420jpeg\nFRAME\n".encode()
        return head + cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).tobytes()


def http(camera: FaceCamera, picture: Picture) -> Served:
    def serve(port: int, login: str) -> Server:
        server = MjpegServer(picture, FPS, port)
        server.login = login
        return server

    return Networked(serve, lambda port: f"http://{LOGIN}@127.0.0.1:{port}/video", camera)


def rtsp(camera: FaceCamera, picture: Picture) -> Served:
    return Networked(partial(RtspServer, picture), lambda port: f"rtsp://{LOGIN}@127.0.0.1:{port}/cam", camera)


def gst(camera: FaceCamera, picture: Picture) -> Served:
    pipeline = "gst:rtspsrc location=rtsp://{}@127.0.0.1:{}/cam protocols=tcp latency=0 ! rtph264depay ! avdec_h264"
    return Networked(partial(RtspServer, picture), lambda port: pipeline.format(LOGIN, port), camera)


SOURCES: dict[str, Callable[[FaceCamera, Picture], Served]] = {
    "http": http,
    "rtsp": rtsp,
    "gst": gst,
    "pipe:y4m": lambda camera, picture: Piped("y4m", picture, camera),
    "pipe:320x240:BGR": lambda camera, picture: Piped("320x240:BGR", picture, camera),
}


def lacking(source: str) -> str:
    """Why a source cannot be tried here, empty if it can."""
    return missing() if source in ("rtsp", "gst") else ""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
