"""Alerts and a heartbeat on a CAN bus; speed, ignition and gear of the vehicle from it.

The frames are those of ``wakeful.dbc``, in the layout that is set. While a bus is down, full or not there yet, alerts
wait; they go out in order, once, or in the protected layout three times. Of the states only the newest is sent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Self

from wakeful.device.alerts.can.acknowledgements import Acknowledgements
from wakeful.device.alerts.can.bus import Bus, BusFull, parse_address
from wakeful.device.alerts.can.frames import CanFrame, Counters, Frames, parse_frame
from wakeful.device.alerts.can.repeats import Repeats
from wakeful.device.alerts.can.settings import CanSettings
from wakeful.device.alerts.can.vehicle_signals import VehicleSignals, Wanted
from wakeful.device.alerts.run import Run
from wakeful.device.alerts.staleness import NewestState
from wakeful.device.alerts.wire import Wire
from wakeful.device.config.section import needed
from wakeful.device.extras import need
from wakeful.device.messages import Acknowledge, Alert, Command, DriverState, Gear, Ignition, VehicleSpeed
from wakeful.device.state.inputs import EngineInput, NewRules
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.workers import Liveness
from wakeful.errors import ConfigError

HEARTBEAT_S = 0.1
# A change of level is sent at once, but a bus is never filled with changes.
MIN_GAP_S = 0.02
FULL_RETRY_S = 0.05
FULL_REOPEN_S = 2.0
STUCK_S = 15.0

_log = logging.getLogger("wakeful.can")


class CanOutput(Wire[CanFrame, Bus]):
    """Speaks on one bus until it is closed, for as long as the bus takes to come up.

    Args:
        settings: the table ``[can]``.
        on_command: gets each command, from this output's own thread.
        notes: gets a speed that is lost.

    Raises:
        ConfigError: something of this cannot be used, or python-can and cantools are not installed.
    """

    open_works = False  # an interface that is down, or a bus without another node, can be opened and takes no frame

    def __init__(
        self,
        settings: CanSettings,
        on_command: Callable[[Command], None] | None = None,
        notes: Notes | None = None,
        liveness: Liveness | None = None,
    ) -> None:
        need("can", "can", "cantools")
        address = needed(settings.address, "can.address")
        parse_address(address)
        super().__init__("can", address, "the CAN bus", STUCK_S, on_command, notes, liveness)
        self._bitrate, self._fd, self._extended = settings.bitrate, settings.fd, settings.extended
        self._frames = Frames(settings.base_id, settings.layout, settings.extended)
        self._acknowledgements = Acknowledgements(self._frames)
        self._counters = Counters()
        self._repeats = Repeats()
        self._send = settings.send
        self._signals = _signals(settings)
        self._reads_speed = bool(settings.speed)
        self._request = parse_frame(settings.request) if settings.request else None
        self._request_s = 1.0 / settings.request_hz
        self._sends = settings.send or self._request is not None
        self._forwarded: dict[type, Command] = {}
        self._newest = NewestState()
        self._counter = 0
        self._beat: tuple[float, tuple[object, ...]] = (float("-inf"), ())
        self._asked_s = float("-inf")
        self._full_since_s: float | None = None

    def begin(self, run: Run) -> None:
        self._frames.codes = run.codes

    def engine_input(self, given: EngineInput) -> None:
        if isinstance(given, NewRules):
            self._frames.codes = tuple(rule.code for rule in given.profile.rules)

    def start(self, origin_ns: int) -> None:
        if self._reads_speed:
            self._watch.expect(time.monotonic())
        self._newest.start(time.monotonic())
        super().start(origin_ns)

    def alert(self, alert: Alert) -> None:
        self._acknowledgements.sent(alert)
        if self._send:
            self._queue(self._frames.alert(alert, self._origin_ns))

    def take_over(self, before: Self, in_doubt: bool = False) -> None:
        super().take_over(before, in_doubt)
        self._acknowledgements.take_over(before._acknowledgements)
        self._counters = before._counters

    def close(self) -> None:
        super().close()
        if self.refused:
            counts = ", ".join(f"{reason} {count}" for reason, count in self.refused.items())
            _log.warning("can: acknowledgements refused during this run: %s", counts)

    @property
    def refused(self) -> dict[str, int]:
        """Acknowledgements that were refused so far, by the reason; in the protected layout only."""
        return {str(reason): count for reason, count in self._acknowledgements.refused.items()}

    def state(self, state: DriverState) -> None:
        before = self._newest.at(time.monotonic())
        self._newest.update(state, time.monotonic())
        if before is None or _key(before) != _key(state):
            self._waker.wake()

    def _open(self) -> Bus:
        return Bus(self._where, self._bitrate, self._filters(), fd=self._fd)

    def _filters(self) -> list[tuple[int, bool]]:
        """Only what is read is taken from the bus: a busy one carries thousands of frames a second."""
        return [(self._frames.acknowledge_id, self._extended), *(self._signals.ids if self._signals else [])]

    def _speak(self, line: Bus) -> None:
        self._full_since_s = None
        self._repeats.clear()
        while self._on_duty():
            with self._worker.part.working():
                now_s = time.monotonic()
                try:
                    self._say(line, now_s)
                    self._full_since_s = None
                except BusFull:
                    self._alerts.again()
                    self._full_since_s = self._full_since_s or now_s
                    if now_s - self._full_since_s > FULL_REOPEN_S:
                        raise
            for frame in line.receive(self._waker, self._patience_s(time.monotonic())):
                self._hear(frame, time.monotonic())
            if not self._sends:
                self._report(None)
            self._watch.look(time.monotonic())

    def _say(self, bus: Bus, now_s: float) -> None:
        while (alert := self._alerts.take(now_s)) is not None:
            self._put(bus, alert)
            self._alerts.confirmed(now_s)
            if alert.event is not None:
                self._repeats.add(alert, now_s)
        while (copy := self._repeats.due(float("inf") if self._closing else now_s)) is not None:
            self._put(bus, copy)
            self._repeats.sent(now_s)
        if self._request is not None and now_s - self._asked_s >= self._request_s:
            self._asked_s = now_s
            self._put(bus, self._request)
        if self._send and self._heartbeat_due_in_s(now_s) <= 0.0:
            state = self._newest.at(now_s)
            self._beat = (now_s, _key(state))
            for frame in self._frames.states(state, self._counter, stale=self._newest.is_stale(now_s)):
                self._put(bus, frame)
            self._counter += 1

    def _put(self, bus: Bus, frame: CanFrame) -> None:
        bus.send(self._counters.sealed(frame))
        self._counters.left(frame)
        self._report(None)

    def _unfinished(self) -> bool:
        return super()._unfinished() or len(self._repeats) > 0

    def _heartbeat_due_in_s(self, now_s: float) -> float:
        sent_s, key = self._beat
        gap_s = HEARTBEAT_S if key == _key(self._newest.at(now_s)) else MIN_GAP_S
        return max(0.0, sent_s + gap_s - now_s)

    def _patience_s(self, now_s: float) -> float:
        if self._closing:
            return 0.01
        if self._full_since_s is not None:
            return FULL_RETRY_S
        due = [1.0, self._watch.due_in_s(now_s), self._repeats.due_in_s(now_s)]
        if self._send:
            due.append(self._heartbeat_due_in_s(now_s))
        if self._request is not None:
            due.append(max(0.0, self._asked_s + self._request_s - now_s))
        return min(due)

    def _hear(self, frame: CanFrame, now_s: float) -> None:
        if frame.id == self._frames.acknowledge_id and frame.extended == self._extended:
            seq = self._acknowledgements.read(frame.data)
            if seq is not None:
                self._pass_on(Acknowledge(seq))
        elif self._signals is not None:
            for command in self._signals.read(frame.id, frame.extended, frame.data):
                self._vehicle_says(command, now_s)

    def _vehicle_says(self, command: Command, now_s: float) -> None:
        if isinstance(command, VehicleSpeed):
            self._watch.received(command.kmh, now_s)
            return
        if self._forwarded.get(type(command)) == command:
            return
        self._forwarded[type(command)] = command
        assert isinstance(command, Ignition | Gear)
        self._pass_on(command)
        if isinstance(command, Ignition) and self._reads_speed:
            self._watch.ignition(command.on, now_s)


def _signals(settings: CanSettings) -> VehicleSignals | None:
    named = [name for name in (settings.speed, settings.ignition, settings.gear) if name]
    if named and not settings.dbc:
        raise ConfigError(f"[can] {named[0]} is read by a DBC file: name it as dbc")
    if not (settings.dbc and named):
        return None
    wanted = Wanted(settings.speed, settings.ignition, settings.gear, settings.speed_factor, settings.ignition_on)
    return VehicleSignals(settings.dbc, wanted)


def _key(state: DriverState | None) -> tuple[object, ...]:
    return () if state is None else (state.health, state.level, state.code)
