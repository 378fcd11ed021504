"""What a scenario sees of the board, each from where a user of the board would see it, without asking the monitor.

An observer polls its source a few times a second and gives what is new as (channel, value).
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import termios
import time
import tty
from collections.abc import Iterator
from pathlib import Path

from hardware import BUS, level_file

SILENT_AFTER_S = 1.2
"""A serial heartbeat comes every 0.5 s, a CAN heartbeat every 0.1 s."""
QUIET_AFTER_S = 1.3
"""The slowest pattern of an alert is high every second."""
HEARTBEAT_ID, ALERT_ID = 0x5F0, 0x5F1
PHASES = ("raised", "escalated", "acknowledged", "cleared")
NO_FRAME = ("starting", "camera_lost", "stale")

News = Iterator[tuple[str, object]]


class Change:
    """A channel whose news is a value that differs from the one before."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self.value: object = None

    def to(self, value: object) -> News:
        if value != self.value:
            self.value = value
            yield self._channel, value


class Gpio:
    """Levels of a line: every edge, and whether it is ``active`` (high of late) or ``quiet``.

    Args:
        pulses: active are edges alone: a process that is stopped in a pulse holds the line high.
    """

    def __init__(self, channel: str, number: int, *, pulses: bool = False) -> None:
        self._file = os.open(level_file(number), os.O_RDONLY)
        self._edges, self._state = Change(f"{channel}.level"), Change(channel)
        self._pulses = pulses
        self._active_s = float("-inf")

    def poll(self, now_s: float) -> News:
        high = os.pread(self._file, 1, 0) == b"1"
        if self._edges.value not in (None, high) or (high and not self._pulses):
            self._active_s = now_s
        yield from self._edges.to(int(high))
        yield from self._state.to("active" if now_s - self._active_s < QUIET_AFTER_S else "quiet")


class Serial:
    """The other end of the serial line: health and alerts in its sentences, and whether it is ``silent``."""

    def __init__(self) -> None:
        self._port: int | None = None
        self._rest = b""
        self._heard_s = float("-inf")
        self._alive, self._health = Change("serial"), Change("serial.health")

    def poll(self, now_s: float) -> News:
        if self._port is None:
            self._open()
        while self._port is not None and select.select([self._port], [], [], 0)[0]:
            try:
                data = os.read(self._port, 4096)
            except OSError:
                data = b""
            if not data:
                os.close(self._port)
                self._port = None
                break
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                yield from self._sentence(line.decode("ascii", "replace").strip(), now_s)
        yield from self._alive.to("alive" if now_s - self._heard_s < SILENT_AFTER_S else "silent")

    def _open(self) -> None:
        try:
            self._port = os.open("/dev/ttyGS0", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            tty.setraw(self._port)
            termios.tcflush(self._port, termios.TCIFLUSH)
        except (OSError, termios.error):
            return

    def _sentence(self, line: str, now_s: float) -> News:
        if not line.startswith("$") or "*" not in line:
            if line:
                yield "serial.broken", line
            return
        kind, *fields = line[1 : line.rindex("*")].split(",")
        self._heard_s = now_s
        if kind == "WKA":
            yield "serial.alert", [int(fields[0]), fields[2], fields[3], fields[4]]
        elif kind == "WKS":
            yield from self._health.to(fields[2])


class Can:
    """Another node on the bus: alerts, and whether the monitor is ``silent``."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._heard_s = float("-inf")
        self._alive = Change("can")

    def poll(self, now_s: float) -> News:
        if self._socket is None:
            self._open()
        while self._socket is not None:
            try:
                identifier, _, data = struct.unpack("=IB3x8s", self._socket.recv(16))
            except BlockingIOError:
                break
            except OSError:
                self._socket.close()
                self._socket = None
                break
            if identifier == HEARTBEAT_ID:
                self._heard_s = now_s
            elif identifier == ALERT_ID:
                number, code, phase = struct.unpack("<HBB", data[:4])
                yield "can.alert", [number, code & 15, code >> 4, phase & 15]
        yield from self._alive.to("alive" if now_s - self._heard_s < SILENT_AFTER_S / 2 else "silent")

    def _open(self) -> None:
        opened = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
        try:
            opened.bind((BUS,))
            opened.setblocking(False)
            self._socket = opened
        except OSError:
            opened.close()


class Stream:
    """The monitor's own stream: health, alerts, whether frames are judged, and frames that come out of order."""

    PATH = "/run/wakeful/stream"

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._rest = b""
        self._tried_s = 0.0
        self._newest_t = float("-inf")
        self._heard_s = float("-inf")
        self._health, self._watching = Change("health"), Change("watching")
        self._run = ""

    def poll(self, now_s: float) -> News:
        if self._socket is None and now_s - self._tried_s > 0.1:
            self._tried_s = now_s
            self._open()
        while self._socket is not None:
            try:
                data = self._socket.recv(65536)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self._socket.close()
                self._socket = None
                yield from self._health.to("gone")
                yield from self._watching.to("no")
                break
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                yield from self._line(json.loads(line), now_s)
        if now_s - self._heard_s > SILENT_AFTER_S:
            yield from self._watching.to("no")

    def _open(self) -> None:
        opened = socket.socket(socket.AF_UNIX)
        try:
            opened.connect(self.PATH)
            opened.setblocking(False)
            self._socket, self._rest = opened, b""
        except OSError:
            opened.close()

    def _line(self, said: dict[str, object], now_s: float) -> News:
        kind = said.get("kind")
        if kind == "hello":
            self._newest_t = float("-inf")
        elif kind == "alert":
            yield "alert", [said["seq"], said["code"], said["level"], said["phase"]]
        elif kind == "state":
            yield from self._state(said, now_s)
        elif kind == "health" and "note" in said:
            yield "note", said["note"] if "over" not in said else f"{said['note']} is over"

    def _state(self, said: dict[str, object], now_s: float) -> News:
        t_s = float(str(said["t"]))
        if t_s < self._newest_t:
            yield "disorder", t_s - self._newest_t
        self._newest_t = t_s
        health, reason = str(said["health"]), said.get("reason")
        yield from self._health.to(f"{health} {reason}" if reason else health)
        if health in NO_FRAME:
            yield from self._watching.to("no")
        else:
            self._heard_s = now_s
            yield from self._watching.to("yes")


class Service:
    """The process of the service, how far its start has come, and the names that udev gives."""

    GROUP = Path("/sys/fs/cgroup/system.slice/wakeful.service/cgroup.procs")
    NAMES = ("wakeful-camera", "wakeful-serial")
    RUNTIME = "ai_edge_litert"
    """Loaded behind all other modules, and before the networks; behind these the camera is opened."""

    def __init__(self) -> None:
        self._process, self._names = Change("process"), {name: Change(name) for name in self.NAMES}
        self._looked_s = 0.0
        self._started: set[tuple[Path, str]] = set()

    def poll(self, now_s: float) -> News:
        if now_s - self._looked_s < 0.1:
            return
        self._looked_s = now_s
        try:
            first = self.GROUP.read_text().split()[:1]
        except OSError:
            first = []
        yield from self._process.to(int(first[0]) if first else 0)
        if first:
            yield from self._start(Path("/proc", first[0]))
        for name, change in self._names.items():
            yield from change.to("there" if Path("/dev", name).exists() else "gone")

    def _start(self, process: Path) -> News:
        if (process, "camera opened") in self._started:
            return
        steps = {
            "modules loaded": lambda: self.RUNTIME in (process / "maps").read_text(),
            "camera opened": lambda: any("/dev/video" in str(one.readlink()) for one in (process / "fd").iterdir()),
        }
        for name, done in steps.items():
            if (process, name) not in self._started and done():
                self._started.add((process, name))
                yield "start", name


def up_s() -> float:
    """Seconds since the board got power."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
