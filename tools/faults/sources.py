"""What networks and other programs do to a running monitor: a table of sources and faults.

    python -m tools.faults.sources [--source http] [--fault backlog] [--lasts 4] [--out table.json]

Each source is served on the loopback and read by the whole monitor of ``tools.faults.rig``. Every image carries the
time at which it was taken. Promised: judged again within 5 s of the end of a fault, no image older than 0.5 s judged,
every alert once on each way out.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from tools.faults.rig import RECOVERS_WITHIN_S, FaceCamera, Rig
from tools.rigs.mjpeg_server import MjpegServer
from tools.rigs.rtsp_server import RtspServer, missing
from tools.rigs.stamped import age_s, stamp
from tools.rigs.tcp_proxy import TcpProxy
from tools.rigs.waiting import eventually
from wakeful.device.messages import Health
from wakeful.sensors.camera import open_source
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import Source, Wrapped
from wakeful.sensors.standard_input import PATIENCE, PipeStream
from wakeful.sensors.stream import StreamCamera

OLDEST_S = 0.5
LOGIN, OTHER_LOGIN = "me:hush", "me:other"
NARROW = 0.6
"""Share of the bytes of a source that still pass on a line that is too slow for it."""
FAULTS = ("gone", "stalls", "backlog", "garbage", "size", "slow", "password", "narrow")
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


class Aged(Wrapped):
    """Notes how old each image is when the monitor takes it."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.ages_s: list[float] = []

    def read_latest(self, max_age_s: float) -> Frame:
        frame = super().read_latest(max_age_s)
        age = age_s(frame.image)
        # Damaged images, as H.264 has until its next key frame, show no time.
        if -0.1 < age < 60.0:
            self.ages_s.append(age)
        return frame


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


class Trial:
    """One source, watched by the whole monitor."""

    def __init__(self, rig: Rig, served: Served, aged: Aged) -> None:
        self.rig, self.served, self.aged = rig, served, aged

    def suffer(self, fault: str, lasts_s: float) -> dict[str, Any] | None:
        """What a fault of ``lasts_s`` led to; None if the source has no such fault."""
        self.aged.ages_s.clear()
        states = len(self.rig.heard.states)
        if not self.served.begin(fault):
            return None
        begun_s = time.monotonic()
        lost_s = None
        while time.monotonic() - begun_s < lasts_s:
            if lost_s is None and self.rig.health() is Health.CAMERA_LOST:
                lost_s = round(time.monotonic() - begun_s, 2)
            time.sleep(0.01)
        healths = sorted({str(state.health) for state in self.rig.heard.states[states:]} - {"ok", "calibrating"})
        self.served.end()
        ended_s = time.monotonic()
        well = eventually(lambda: self._is_judged(fault), 15.0)
        again_s = round(time.monotonic() - ended_s, 2)
        self.rig.microsleep()
        oldest_s = max(self.aged.ages_s, default=0.0)
        kept = eventually(lambda: self.rig.wire() == self.rig.told() == self.rig.written(), 3.0)
        good = well and again_s <= RECOVERS_WITHIN_S and oldest_s <= OLDEST_S and kept
        return {
            "fault": fault,
            "health": healths,
            "lost_s": lost_s,
            "again_s": again_s,
            "oldest_s": round(oldest_s, 2),
            "usual_s": round(sorted(self.aged.ages_s)[len(self.aged.ages_s) // 2], 3),
            "alerts": len(self.rig.told()),
            "well": well,
            "kept": kept,
            "good": good,
        }

    def _is_judged(self, fault: str) -> bool:
        """Whether the face is judged as before; on a busy machine perhaps at a lower rate, which is no fault here."""
        state = self.rig.heard.newest
        at_lower_rate = state is not None and state.face and state.reason == "slow" and fault != "slow"
        return self.rig.is_well() or at_lower_rate


@contextmanager
def trial(name: str, folder: Path) -> Iterator[Trial]:
    """A running monitor on the source of that name."""
    with ExitStack() as stack:
        parts: list[Any] = []

        def opened(camera: FaceCamera) -> Source:
            camera.mode = NORMAL

            def picture() -> np.ndarray[Any, Any]:
                image = camera.picture()
                stamp(image)
                return image

            served = stack.enter_context(closing(SOURCES[name](camera, picture)))
            parts.extend((served, Aged(served.source())))
            aged: Aged = parts[1]
            return aged

        rig = stack.enter_context(Rig(folder, open_source=opened))
        yield Trial(rig, *parts)


def main() -> None:
    """Prints the table; status 0 if all that is promised was kept."""
    parser = argparse.ArgumentParser(description="Sources and faults.")
    parser.add_argument("--source", action="append", choices=SOURCES)
    parser.add_argument("--fault", action="append", choices=FAULTS)
    parser.add_argument("--lasts", type=float, default=4.0, help="seconds that each fault lasts")
    parser.add_argument("--times", type=int, default=1, help="how often each")
    parser.add_argument("--out", type=Path, help="write the rows as JSON")
    chosen = parser.parse_args()
    rows: list[dict[str, Any]] = []
    print(f"{'source':17} {'fault':9} {'health':22} {'lost':>5} {'again':>6} {'oldest':>7} {'usual':>6} alerts")
    for name in chosen.source or SOURCES:
        if reason := lacking(name):
            print(f"{name:17} not tried: {reason}")
            continue
        with tempfile.TemporaryDirectory() as folder, trial(name, Path(folder)) as running:
            for fault in [one for one in chosen.fault or FAULTS for _ in range(chosen.times)]:
                row = running.suffer(fault, chosen.lasts)
                if row is None:
                    continue
                rows.append({"source": name} | row)
                health, lost = ", ".join(row["health"]) or "-", row["lost_s"] or "-"
                print(
                    f"{name:17} {fault:9} {health:22} {lost!s:>5} {row['again_s']:>6} {row['oldest_s']:>7} "
                    f"{row['usual_s']:>6} {row['alerts']}{'' if row['good'] else '  NOT KEPT'}",
                    flush=True,
                )
    if chosen.out:
        chosen.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if all(row["good"] for row in rows) else 1)


if __name__ == "__main__":
    main()
