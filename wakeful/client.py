"""A client of a running monitor (``wakeful run --stream PATH``), for programs on the same machine.

    with wakeful.connect("/run/wakeful/stream") as service:
        for moment in service:
            if moment.state.looking:
                ...

It needs the standard library only: neither numpy nor OpenCV is imported. Each line of the stream is one moment: a
state, or an alert, an event or the points of the face beside the newest state. ``async for`` works too. numpy is
imported with the first points, where it is installed.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from wakeful.device.landmarks import EyeLandmarks, Landmarks
from wakeful.device.messages import Alert, Command, DriverState, Event, Health, Level, Phase
from wakeful.device.moment import Moment
from wakeful.device.people import Person
from wakeful.driver import Driver, encode_command
from wakeful.errors import WakefulError

STREAM = "/run/wakeful/stream"
TIMEOUT_S = 15.0
"""Longer than the slowest stream takes between two states."""
RETRY_S = 1.0
MAX_LINE = 1 << 20
RECEIVE_BYTES = 1 << 16


class ServiceError(WakefulError, ConnectionError):
    """A service that cannot be reached, went silent, or is not a wakeful stream."""

    exit_status = 3


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a service says of itself.

    Attributes:
        device: its name.
        version: of its wakeful.
        run: tells this run's numbers of alerts from those of another run.
        expressions: names of the probabilities in ``DriverState.expression_p``.
    """

    device: str
    version: str
    run: str
    expressions: tuple[str, ...]


def connect(path: str | Path = STREAM, *, timeout_s: float = TIMEOUT_S, reconnect: bool = False) -> Service:
    """Connect to a running service.

    Args:
        path: the Unix socket of its stream.
        timeout_s: longest wait for anything from the service; afterwards it counts as lost.
        reconnect: go on when the service is lost: each second without it is a moment of health ``stale``.
            Otherwise the iteration ends when the service ends, and raises ``ServiceError`` when it goes silent.

    Raises:
        ServiceError: nobody listens there, access is denied, or the listener is not a wakeful stream.
    """
    return Service(Path(path).expanduser(), timeout_s, reconnect)


class Service(Driver):
    """A running monitor; see ``connect``. One thread or task iterates; commands may come from any thread.

    Attributes:
        greeting: what the service said of itself at the last connection.
    """

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S, reconnect: bool = False) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._reconnect = reconnect
        self._sending = threading.Lock()
        self._closed = False
        self._ready: deque[Moment] = deque()
        self._reports = _Reports()
        self._open()

    def __next__(self) -> Moment:
        while not self._ready:
            if self._closed:
                raise StopIteration
            if self._socket is None:
                time.sleep(RETRY_S)
                self._open_again()
                continue
            try:
                if not self._take_lines():
                    self._socket.settimeout(self._timeout_s)
                    self._got(self._socket.recv(RECEIVE_BYTES))
            except OSError as error:
                self._lost(error)
        return self._ready.popleft()

    def __aiter__(self) -> AsyncIterator[Moment]:
        return self._iterate()

    async def _iterate(self) -> AsyncIterator[Moment]:
        import asyncio

        loop = asyncio.get_running_loop()
        while self._ready or not self._closed:
            while self._ready:
                yield self._ready.popleft()
            if self._socket is None:
                await asyncio.sleep(RETRY_S)
                await loop.run_in_executor(None, self._open_again)
                continue
            try:
                if not self._take_lines():
                    self._socket.setblocking(False)
                    received = loop.sock_recv(self._socket, RECEIVE_BYTES)
                    self._got(await asyncio.wait_for(received, self._timeout_s))
            except OSError as error:
                self._lost(error)

    def close(self) -> None:
        self._closed = True
        self._hang_up()
        self._ready.clear()

    def _open(self) -> None:
        """Connects and reads the greeting."""
        self._socket: socket.socket | None = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._received = b""
        try:
            self._socket.settimeout(self._timeout_s)
            self._socket.connect(str(self._path))
            while b"\n" not in self._received:
                data = self._socket.recv(RECEIVE_BYTES)
                if not data:
                    raise ServiceError(f"{self._path}: the service hung up without a greeting; is it full, or ending?")
                self._received += data
                self._refuse_endless_line()
            line, _, self._received = self._received.partition(b"\n")
            self.greeting = self._reports.greeting(line)
        except OSError as error:
            self._hang_up()
            raise self._explained(error) from None

    def _open_again(self) -> None:
        try:
            self._open()
        except ServiceError:
            self._ready.append(self._reports.stale())

    def _got(self, data: bytes) -> None:
        """Keeps what was received; nothing at all is the end of the service."""
        if not data:
            self._lost(None)
            return
        self._received += data
        self._refuse_endless_line()

    def _take_lines(self) -> bool:
        """Whether what was received held whole lines; they are moments now."""
        *lines, self._received = self._received.split(b"\n")
        self._ready.extend(self._reports.moment(line) for line in lines)
        return bool(lines)

    def _refuse_endless_line(self) -> None:
        if len(self._received) - self._received.rfind(b"\n") > MAX_LINE:
            raise ServiceError(f"{self._path} is not a wakeful stream: it sends lines without an end")

    def _lost(self, error: OSError | None) -> None:
        """The service ended, or ``error`` happened: end, raise, or go on without it."""
        self._hang_up()
        if self._closed:
            return
        if self._reconnect:
            self._ready.append(self._reports.stale())
            return
        self._closed = True
        if error is not None:
            raise self._explained(error) from None

    def _explained(self, error: OSError) -> ServiceError:
        if isinstance(error, ServiceError):
            return error
        if isinstance(error, TimeoutError):
            return ServiceError(f"{self._path}: nothing came for {self._timeout_s:g} s; look at the service's log")
        if isinstance(error, PermissionError):
            return ServiceError(
                f"{self._path}: access denied; set `group = true` in [stream] and join the group that owns the socket"
            )
        if isinstance(error, (FileNotFoundError, ConnectionRefusedError)):
            return ServiceError(f"{self._path}: no service there; start one with `wakeful run --stream {self._path}`")
        return ServiceError(f"{self._path}: {error.strerror or error}; check the path of the service's stream")

    def _hang_up(self) -> None:
        opened, self._socket = self._socket, None
        if opened is not None:
            # A thread that waits in recv wakes up from this, and not from a close.
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()

    def _send(self, command: Command) -> None:
        line = encode_command(command) + b"\n"
        opened = self._socket
        if opened is None:
            raise ServiceError(f"{self._path}: not connected at present; the command was not sent")
        try:
            with self._sending:
                opened.sendall(line)
        except OSError as error:
            raise self._explained(error) from None


class _Reports:
    """Turns lines of the stream into moments, each with the newest state there is."""

    def __init__(self) -> None:
        self._newest = DriverState(0, -1, Health.STARTING)
        self._classes: tuple[str, ...] = ()
        self._zero_utc_ns: int | None = None

    def greeting(self, line: bytes) -> Greeting:
        report = _object(line)
        if report.get("kind") != "hello":
            raise ServiceError("this is not a wakeful stream: it begins without a greeting")
        self._classes = tuple(report.get("expressions", ()))
        self._zero_utc_ns = None
        return Greeting(
            str(report.get("device", "")), str(report.get("wakeful", "")), str(report.get("run", "")), self._classes
        )

    def moment(self, line: bytes) -> Moment:
        report = _object(line)
        try:
            t_s = float(report["t"])
            t_ns = round(t_s * 1e9)
            utc_ns = self._utc_ns(report.get("time"), t_ns)
            match report["kind"]:
                case "state":
                    self._newest = _state(report, t_ns)
                    return Moment(t_s, utc_ns, self._newest)
                case "alert":
                    return Moment(t_s, utc_ns, self._newest, alerts=(_alert(report, t_ns),))
                case "landmarks":
                    return Moment(t_s, utc_ns, self._newest, landmarks=_landmarks(report))
                case kind:
                    data = {name: value for name, value in report.items() if name not in ("t", "kind")}
                    return Moment(t_s, utc_ns, self._newest, events=(Event(t_ns, kind, data),))
        except (KeyError, TypeError, ValueError) as error:
            raise ServiceError(f"the service sent an invalid line ({error!r}); is it of another version?") from None

    def stale(self) -> Moment:
        """The moment when nothing is known any longer; an alert that was active stays so."""
        self._newest = DriverState(
            self._newest.t_ns, self._newest.seq, Health.STALE, level=self._newest.level, code=self._newest.code
        )
        utc_ns = time.time_ns()
        since_ns = self._newest.t_ns if self._zero_utc_ns is None else utc_ns - self._zero_utc_ns
        return Moment(since_ns / 1e9, utc_ns, self._newest)

    def _utc_ns(self, stated: str | None, t_ns: int) -> int:
        """The wall clock of a line: its own, else counted from a line that had one."""
        if stated is not None:
            utc_ns = round(datetime.fromisoformat(stated).timestamp() * 1e6) * 1000
            self._zero_utc_ns = utc_ns - t_ns
        elif self._zero_utc_ns is None:
            self._zero_utc_ns = time.time_ns() - t_ns
        return self._zero_utc_ns + t_ns


def _object(line: bytes) -> dict[str, Any]:
    try:
        report = json.loads(line)
    except ValueError:
        report = None
    if not isinstance(report, dict):
        raise ServiceError("this is not a wakeful stream: it sends something other than JSON objects")
    return report


_STATE = tuple(one.name for one in fields(DriverState) if one.name not in ("t_ns", "seq", "health", "level", "people"))

_PERSON = tuple(one.name for one in fields(Person))


def _state(report: dict[str, Any], t_ns: int) -> DriverState:
    values = {name: report[name] for name in _STATE if name in report}
    values["expression_p"] = tuple((report.get("expression_p") or {}).values())
    values["notes"] = tuple(report.get("notes", ()))
    if report.get("people") is not None:
        values["people"] = tuple(_person(person) for person in report["people"])
    state = DriverState(t_ns, int(report["frame"]), Health.DEGRADED, level=Level[report["level"].upper()], **values)
    # A later version may know a health that this one does not: it is not a healthy monitor then.
    known = report["health"] in Health._value2member_map_
    return replace(state, health=Health(report["health"])) if known else replace(state, reason=str(report["health"]))


def _person(report: dict[str, Any]) -> Person:
    values = {name: report[name] for name in _PERSON if name in report}
    return Person(**values | {"expression_p": tuple((report.get("expression_p") or {}).values())})


def _alert(report: dict[str, Any], t_ns: int) -> Alert:
    level, phase = Level[report["level"].upper()], Phase(report["phase"])
    return Alert(t_ns, int(report["seq"]), str(report["code"]), level, phase, dict(report["evidence"]))


def _landmarks(report: dict[str, Any]) -> Landmarks | None:
    try:
        import numpy as np
    except ModuleNotFoundError:
        return None

    def eye(points: dict[str, Any]) -> EyeLandmarks:
        contour, iris = (np.asarray(points[name], np.float32).reshape(-1, 2) for name in ("contour", "iris"))
        return EyeLandmarks(contour, iris)

    mesh = np.asarray(report["points"], np.float32).reshape(-1, 3)
    left, right = eye(report["left_eye"]), eye(report["right_eye"])
    return Landmarks(mesh, left, right, int(report["width"]), int(report["height"]))
