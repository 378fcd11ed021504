"""Alerts and a heartbeat on a CAN bus; speed, ignition and gear of the vehicle from it.

The frames are those of ``wakeful.dbc``. One thread owns the bus; the monitor only queues. A bus that is down, full or
not there yet costs the loop nothing: alerts wait and go out once, in order; of the states only the newest is told.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from device.alerts.can_bus import Bus, BusError, BusFull, parse_address
from device.alerts.can_frames import BASE_ID, CanFrame, Frames, parse_frame
from device.alerts.can_signals import VehicleSignals, Wanted
from device.alerts.report import NewestState
from device.alerts.serial_port import Waker
from device.alerts.speed_watch import SpeedWatch
from device.commands.extras import need
from device.liveness import Worker
from device.messages import Acknowledge, Alert, Command, DriverState, Event, Gear, Ignition, VehicleSpeed
from device.notes import Notes
from wakeful import ConfigError

HEARTBEAT_S = 0.1
# A change of level is told at once, but a bus is never filled with changes.
MIN_GAP_S = 0.02
MAX_QUEUED_ALERTS = 1000
FULL_RETRY_S = 0.05
FULL_REOPEN_S = 2.0
FIRST_RETRY_S = 0.2
LONGEST_RETRY_S = 2.0
CLOSE_TIMEOUT_S = 0.8
STUCK_S = 15.0

_log = logging.getLogger("wakeful.can")


class CanOutput:
    """Speaks on one bus until it is closed, for as long as the bus takes to come up.

    Args:
        address: see ``device.alerts.can_bus``.
        bitrate: of the bus, bit/s, where opening it sets it.
        base_id: identifier of the heartbeat; alert and acknowledgement follow.
        send: False only listens, for a bus on which nothing may be sent.
        dbc: describes the vehicle's frames; ``speed``, ``ignition``, ``gear``, ``speed_factor`` and ``ignition_on`` as
            in ``device.alerts.can_signals.Wanted``.
        request: a frame that asks for the speed, as ID#DATA in hex (OBD-II: 7DF#02010D), ``request_hz`` times a second.

    Attributes:
        alerts_sent: alert frames the bus has taken.
        alerts_dropped: alerts lost because over 1000 waited.

    Raises:
        ConfigError: something of this cannot be used, or python-can and cantools are not installed.
    """

    def __init__(
        self,
        address: str,
        bitrate: int = 500_000,
        base_id: int = BASE_ID,
        send: bool = True,
        dbc: str | None = None,
        speed: str | None = None,
        ignition: str | None = None,
        gear: str | None = None,
        speed_factor: float | None = None,
        ignition_on: float = 1.0,
        request: str | None = None,
        request_hz: float = 5.0,
        on_command: Callable[[Command], None] | None = None,
        notes: Notes | None = None,
    ) -> None:
        need("can", "can", "cantools")
        parse_address(address)
        self._address, self._bitrate = address, bitrate
        self._frames = Frames(base_id)
        self._send = send
        wanted = Wanted(speed, ignition, gear, speed_factor, ignition_on)
        self._signals = _signals(dbc, wanted)
        self._request = parse_frame(request) if request else None
        self._request_s = 1.0 / request_hz
        self._tell = on_command or (lambda command: None)
        self._watch = SpeedWatch(f"the CAN bus {address}", self._tell, notes) if speed else None
        self._told: dict[type, Command] = {}
        self._newest = NewestState()
        self._alerts: deque[CanFrame] = deque()
        self._lock = threading.Lock()
        self._waker = Waker()
        self._origin_ns = 0
        self._newest_seq = 0
        self._counter = 0
        self._beat: tuple[float, tuple[object, ...]] = (float("-inf"), ())
        self._asked_s = float("-inf")
        self._full_since_s: float | None = None
        self._closing = False
        self._give_up_s = float("inf")
        self._problem: str | None = None
        self._worker = Worker("can", self._run, stuck_s=STUCK_S)
        self.alerts_sent = 0
        self.alerts_dropped = 0

    @property
    def problem(self) -> str | None:
        """Why nothing goes out at present, in one line; None while the bus is open."""
        return self._problem

    def start(self, origin_ns: int) -> None:
        self._origin_ns = origin_ns
        if self._watch is not None:
            self._watch.expect(time.monotonic())
        self._worker.start()

    def alert(self, alert: Alert) -> None:
        self._newest_seq = max(self._newest_seq, alert.seq)
        if not self._send:
            return
        frame = self._frames.alert(alert, self._origin_ns)
        with self._lock:
            if len(self._alerts) >= MAX_QUEUED_ALERTS:
                self._alerts.popleft()
                self.alerts_dropped += 1
            self._alerts.append(frame)
        self._waker.wake()

    def take_over(self, before: CanOutput) -> None:
        """Send what ``before``, which is about to be closed, could not send yet."""
        with before._lock:
            waiting = list(before._alerts)
            before._alerts.clear()
        with self._lock:
            self._alerts.extendleft(reversed(waiting))
        self._newest_seq = before._newest_seq

    def event(self, event: Event) -> None:
        """No frame tells of events."""

    def state(self, state: DriverState) -> None:
        before = self._newest.at(time.monotonic())
        self._newest.tell(state, time.monotonic())
        if before is None or _key(before) != _key(state):
            self._waker.wake()

    def close(self) -> None:
        if self._closing:
            return
        self._give_up_s = time.monotonic() + CLOSE_TIMEOUT_S
        self._closing = True
        self._waker.wake()
        self._worker.join(CLOSE_TIMEOUT_S + 0.2)
        lost = len(self._alerts) + self.alerts_dropped
        if lost:
            _log.warning("%s: %d alerts could not be sent", self._address, lost)

    def _run(self) -> None:
        retry_s = FIRST_RETRY_S
        while self._worker.in_charge() and not self._done():
            opened_s = float("inf")
            try:
                with self._worker.part.working():
                    bus = Bus(self._address, self._bitrate, self._filters())
                opened_s = time.monotonic()
                self._report(None)
                try:
                    self._serve(bus)
                finally:
                    bus.close()
            except BusError as error:
                self._report(str(error))
            except Exception as error:  # whatever a driver raises, the bus must be tried again
                _log.debug("can failed", exc_info=error)
                self._report(f"{self._address}: {error!r}")
            if time.monotonic() - opened_s > LONGEST_RETRY_S:
                retry_s = FIRST_RETRY_S
            self._sleep(retry_s)
            retry_s = min(2.0 * retry_s, LONGEST_RETRY_S)

    def _filters(self) -> list[tuple[int, bool]]:
        """Only what is read is taken from the bus: a busy one carries thousands of frames a second."""
        return [(self._frames.acknowledge_id, False), *(self._signals.ids if self._signals else [])]

    def _serve(self, bus: Bus) -> None:
        """Until the output is closed; raises BusError when the bus is gone."""
        self._full_since_s = None
        while self._worker.in_charge() and not self._done():
            with self._worker.part.working():
                now_s = time.monotonic()
                try:
                    self._speak(bus, now_s)
                    self._full_since_s = None
                except BusFull:
                    self._full_since_s = self._full_since_s or now_s
                    if now_s - self._full_since_s > FULL_REOPEN_S:
                        raise
            frames = bus.receive(self._waker, self._patience_s(time.monotonic()))
            for frame in frames:
                self._hear(frame, time.monotonic())
            if self._watch is not None:
                self._watch.look(time.monotonic())

    def _speak(self, bus: Bus, now_s: float) -> None:
        while self._alerts:
            bus.send(self._alerts[0])
            with self._lock:
                self._alerts.popleft()
            self.alerts_sent += 1
        if self._request is not None and now_s - self._asked_s >= self._request_s:
            self._asked_s = now_s
            bus.send(self._request)
        if self._send and self._heartbeat_due_in_s(now_s) <= 0.0:
            state = self._newest.at(now_s)
            self._beat = (now_s, _key(state))
            bus.send(self._frames.heartbeat(state, self._counter))
            self._counter += 1

    def _heartbeat_due_in_s(self, now_s: float) -> float:
        sent_s, key = self._beat
        gap_s = HEARTBEAT_S if key == _key(self._newest.at(now_s)) else MIN_GAP_S
        return max(0.0, sent_s + gap_s - now_s)

    def _patience_s(self, now_s: float) -> float:
        if self._closing:
            return 0.01
        if self._full_since_s is not None:
            return FULL_RETRY_S
        due = [1.0]
        if self._send:
            due.append(self._heartbeat_due_in_s(now_s))
        if self._request is not None:
            due.append(max(0.0, self._asked_s + self._request_s - now_s))
        if self._watch is not None:
            due.append(self._watch.due_in_s(now_s))
        return min(due)

    def _hear(self, frame: CanFrame, now_s: float) -> None:
        if frame.id == self._frames.acknowledge_id and not frame.extended:
            seq = self._frames.acknowledged(frame.data, self._newest_seq)
            if seq is not None and seq >= 0:
                self._tell(Acknowledge(seq))
        elif self._signals is not None:
            for command in self._signals.read(frame.id, frame.extended, frame.data):
                self._pass_on(command, now_s)

    def _pass_on(self, command: Command, now_s: float) -> None:
        if isinstance(command, VehicleSpeed):
            if self._watch is not None:
                self._watch.heard(command.kmh, now_s)
            return
        if self._told.get(type(command)) == command:
            return
        self._told[type(command)] = command
        assert isinstance(command, Ignition | Gear)
        self._tell(command)
        if isinstance(command, Ignition) and self._watch is not None:
            self._watch.ignition(command.on, now_s)

    def _done(self) -> bool:
        if not self._closing:
            return False
        return not self._alerts or self._problem is not None or time.monotonic() > self._give_up_s

    def _sleep(self, duration_s: float) -> None:
        until_s = time.monotonic() + duration_s
        while not self._closing and (remaining_s := until_s - time.monotonic()) > 0:
            if self._watch is not None:
                self._watch.look(time.monotonic())
                remaining_s = min(remaining_s, max(0.01, self._watch.due_in_s(time.monotonic())))
            self._waker.wait(remaining_s)

    def _report(self, problem: str | None) -> None:
        """Says once that the bus is down, and once that it is back."""
        if problem is not None and self._problem is None and not self._closing:
            _log.warning("can: %s; trying again until it works", problem)
        elif problem is None and self._problem is not None:
            _log.warning("can: %s is open again", self._address)
        self._problem = problem


def _signals(dbc: str | None, wanted: Wanted) -> VehicleSignals | None:
    named = [name for name in (wanted.speed, wanted.ignition, wanted.gear) if name]
    if named and not dbc:
        raise ConfigError(f"[can] {named[0]} is read by a DBC file: name it as dbc")
    return VehicleSignals(dbc, wanted) if dbc and named else None


def _key(state: DriverState | None) -> tuple[object, ...]:
    return () if state is None else (state.health, state.level, state.code)
