"""A local stream for other programs on this machine: JSON lines on a Unix socket, for many readers.

    nc -U /run/wakeful/stream          or, in Python, socket.socket(socket.AF_UNIX).connect(...) and makefile()

A reader gets a ``hello``, the newest state, then states at a fixed rate and every alert and event as it happens; a
state that hangs becomes ``stale``. Where it is asked for, the points of the face come too, at the same rate. A reader
may send lines: the commands of ``wakeful.device.alerts.commands``.

One thread owns the socket and all readers. The monitor only puts results into a queue; nothing is formatted while there
are no readers. A reader that does not keep up loses points first, then states, and is dropped when it is 64 KiB behind;
the others are not affected.
"""

from __future__ import annotations

import logging
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from wakeful.device.alerts.commands import BrokenCommand, decode_command
from wakeful.device.alerts.output import Output
from wakeful.device.alerts.report import Report, Reporter, json_bytes, utc_now
from wakeful.device.alerts.run import Run
from wakeful.device.alerts.staleness import NewestState
from wakeful.device.alerts.stream_settings import StreamSettings
from wakeful.device.alerts.unix_socket import listening, stop_listening
from wakeful.device.alerts.waker import Waker
from wakeful.device.config.section import needed
from wakeful.device.landmarks import Landmarks
from wakeful.device.messages import Alert, Command, DriverState, Event
from wakeful.device.supervision.workers import Liveness, Worker

if TYPE_CHECKING:
    from wakeful.device.perception.pipeline import Sighting
    from wakeful.sensors.frame import Frame

MAX_READERS = 32
MAX_UNSENT = 64 * 1024
# With this much unsent a reader gets only alerts and events: a state is worthless once there is a newer one.
NO_STATES_FROM = 16 * 1024
MAX_QUEUED = 1000
MAX_LINE = 1024
CLOSE_TIMEOUT_S = 0.5
STUCK_S = 5.0

_log = logging.getLogger("wakeful.stream")


class StreamOutput(Output):
    """Serves ``path`` until it is closed, then removes it.

    Args:
        settings: the table ``[stream]``. A socket left behind by a monitor that died is replaced.
        device: name of this monitor in the reports.
        on_command: called with each command that a reader sends, from this output's own thread.

    Attributes:
        dropped: alerts and events lost because over 1000 waited for the thread.
        readers_dropped: readers that did not keep up.
        broken_commands: lines from readers that were refused.

    Raises:
        ConfigError: the socket cannot be made there.
    """

    def __init__(
        self,
        settings: StreamSettings,
        device: str = "wakeful",
        expression_classes: Sequence[str] = (),
        on_command: Callable[[Command], None] | None = None,
        liveness: Liveness | None = None,
    ) -> None:
        self._path = Path(needed(settings.path, "stream.path")).expanduser()
        self._period_s = 1.0 / settings.rate_hz
        self._on_command = on_command
        self._reporter = Reporter(device, tuple(expression_classes))
        self._newest = NewestState()
        self._landmarks = settings.landmarks
        self._face: tuple[int, int, Landmarks] | None = None
        self._face_sent: tuple[int, int, Landmarks] | None = None
        self._happened: deque[tuple[Alert | Event, datetime]] = deque(maxlen=MAX_QUEUED)
        self._waker = Waker()
        self._closing = False
        self._readers: dict[int, _Reader] = {}
        self._server = listening(self._path, MAX_READERS, group=settings.group)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._server, selectors.EVENT_READ)
        self._selector.register(self._waker, selectors.EVENT_READ)
        self._worker = Worker("stream", self._run, stuck_s=STUCK_S, liveness=liveness)
        self.dropped = 0
        self.readers_dropped = 0
        self.broken_commands = 0

    def begin(self, run: Run) -> None:
        self._reporter = replace(self._reporter, run=run)

    def start(self, origin_ns: int) -> None:
        self._reporter = replace(self._reporter, run=replace(self._reporter.run, origin_ns=origin_ns))
        self._worker.start()

    def frame(self, frame: Frame, sighting: Sighting) -> None:
        if self._landmarks and (face := Landmarks.of(sighting.landmarks, frame.image)) is not None:
            self._face = frame.t_ns, frame.seq, face

    def alert(self, alert: Alert) -> None:
        self._note(alert)

    def event(self, event: Event) -> None:
        self._note(event)

    def _note(self, what: Alert | Event) -> None:
        if len(self._happened) == MAX_QUEUED:
            self.dropped += 1
        self._happened.append((what, utc_now()))
        self._waker.wake()

    def state(self, state: DriverState) -> None:
        self._newest.update(state, time.monotonic())

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._waker.wake()
        self._worker.join(CLOSE_TIMEOUT_S + 0.2)
        stop_listening(self._path, self._server)

    def _run(self) -> None:
        due_s = 0.0
        while self._worker.in_charge() and not self._closing:
            wait_s = max(0.0, due_s - time.monotonic()) if self._readers else None
            ready = self._selector.select(wait_s)
            with self._worker.part.working():
                self._handle(ready)
                self._send_happened()
                if time.monotonic() >= due_s:
                    due_s = time.monotonic() + self._period_s
                    self._send_state()
        if self._worker.in_charge():
            self._send_rest()

    def _handle(self, ready: list[tuple[selectors.SelectorKey, int]]) -> None:
        for key, mask in ready:
            if key.fileobj is self._waker:
                self._waker.clear()
            elif key.fileobj is self._server:
                self._welcome()
            elif (reader := self._readers.get(key.fd)) is not None:
                if mask & selectors.EVENT_READ:
                    self._receive(reader)
                if mask & selectors.EVENT_WRITE:
                    self._send(reader)

    def _welcome(self) -> None:
        try:
            accepted, _ = self._server.accept()
        except OSError as error:
            _log.warning("%s: a reader could not be accepted: %s", self._path, error.strerror)
            return
        if len(self._readers) >= MAX_READERS:
            _log.warning("%s: more than %d readers; the newest is rejected", self._path, MAX_READERS)
            accepted.close()
            return
        accepted.setblocking(False)
        reader = _Reader(accepted)
        self._readers[accepted.fileno()] = reader
        self._selector.register(accepted, selectors.EVENT_READ)
        newest = self._newest.at(time.monotonic())
        reports = [self._reporter.hello()] + ([self._reporter.state(newest)] if newest else [])
        for report in reports:
            self._queue(reader, _line(report))

    def _receive(self, reader: _Reader) -> None:
        try:
            data = reader.socket.recv(MAX_LINE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(reader)
            return
        for line in reader.lines(data):
            try:
                command = decode_command(line)
            except BrokenCommand:
                self.broken_commands += 1
                continue
            if self._on_command is not None:
                self._on_command(command)

    def _send_happened(self) -> None:
        while self._happened:
            what, raised_at = self._happened.popleft()
            if not self._readers:
                continue
            alert = isinstance(what, Alert)
            line = _line(self._reporter.alert(what, raised_at) if alert else self._reporter.event(what))  # type: ignore[arg-type]
            for reader in list(self._readers.values()):
                self._queue(reader, line)

    def _send_state(self) -> None:
        newest = self._newest.at(time.monotonic())
        # The events before this state come first: the time in the lines never decreases.
        self._send_happened()
        if newest is None or not self._readers:
            return
        line = _line(self._reporter.state(newest))
        for reader in list(self._readers.values()):
            if len(reader.unsent) < NO_STATES_FROM:
                self._queue(reader, line)
        self._send_face(newest.t_ns)

    def _send_face(self, state_ns: int) -> None:
        """Points as new as the state, once, to readers that have read all before them."""
        face = self._face
        keeping_up = [reader for reader in self._readers.values() if not reader.unsent]
        if face is None or face is self._face_sent or face[0] < state_ns or not keeping_up:
            return
        self._face_sent = face
        line = _line(self._reporter.landmarks(*face))
        for reader in keeping_up:
            self._queue(reader, line)

    def _queue(self, reader: _Reader, line: bytes) -> None:
        reader.unsent += line
        self._send(reader)

    def _send(self, reader: _Reader) -> None:
        """Send what fits; drop a reader that has gone or is too far behind."""
        waited = reader.waiting
        try:
            sent = reader.socket.send(reader.unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._receive(reader)  # whoever acknowledges and leaves at once has written before
            self._drop(reader)
            return
        del reader.unsent[:sent]
        if len(reader.unsent) > MAX_UNSENT:
            self.readers_dropped += 1
            if self.readers_dropped == 1:
                _log.warning("%s: a reader does not keep up and is dropped", self._path)
            self._drop(reader)
            return
        reader.waiting = bool(reader.unsent)
        if reader.waiting != waited:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if reader.waiting else 0)
            self._selector.modify(reader.socket, events)

    def _drop(self, reader: _Reader) -> None:
        if self._readers.pop(reader.socket.fileno(), None) is not None:
            self._selector.unregister(reader.socket)
            reader.socket.close()

    def _send_rest(self) -> None:
        """Queued lines are still sent to readers that keep reading."""
        self._send_happened()
        give_up_s = time.monotonic() + CLOSE_TIMEOUT_S
        while any(reader.waiting for reader in self._readers.values()) and time.monotonic() < give_up_s:
            self._handle(self._selector.select(0.05))
        for reader in list(self._readers.values()):
            self._drop(reader)
        self._selector.close()


class _Reader:
    """One reader of the stream."""

    def __init__(self, accepted: socket.socket) -> None:
        self.socket = accepted
        self.unsent = bytearray()
        self.waiting = False
        self._open = b""

    def lines(self, data: bytes) -> list[bytes]:
        """Complete lines from this reader; a line that is too long is returned as it is, to be refused."""
        *whole, rest = (self._open + data).split(b"\n")
        if len(rest) > MAX_LINE:
            whole.append(rest)
            rest = b""
        self._open = rest
        return [line for line in whole if line.strip()]


def _line(report: Report) -> bytes:
    return json_bytes(report) + b"\n"
