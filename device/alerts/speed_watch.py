"""The vehicle's speed as it is received: forwarded, and set to unknown when it is no longer received.

A speed that is two seconds old may be completely wrong. The engine then gets an unknown speed, with which rules apply
at any speed, and the monitor reports ``speed_lost``. A vehicle that is switched off is parked, and its bus may sleep.
"""

from __future__ import annotations

from collections.abc import Callable

from wakeful.device.messages import Command, VehicleSpeed
from wakeful.device.supervision.notes import Notes

LOST_AFTER_S = 2.0
NOTE = "speed_lost"
# Speeds are received up to a hundred times a second; the engine does not need more than this.
MIN_GAP_S = 0.1


class SpeedWatch:
    """Watches one source of the speed. Times are seconds of any one monotonic clock; one thread uses it.

    Args:
        source: what the user should check: ``the serial line``, ``the CAN bus``.
        send: called with the commands for the engine.
        notes: records that the speed is lost, until it is back.
    """

    def __init__(self, source: str, send: Callable[[Command], None], notes: Notes | None = None) -> None:
        self._source = source
        self._send = send
        self._notes = notes or Notes()
        self._received_s: float | None = None
        self._sent: tuple[float | None, float] | None = None
        self._lost = False
        self._parked = False

    def expect(self, now_s: float) -> None:
        """A speed is expected from now on; otherwise only a speed that was received before can be lost."""
        if self._received_s is None:
            self._received_s = now_s

    def received(self, kmh: float | None, now_s: float) -> None:
        """The vehicle sent its speed; None: it reports an unknown speed."""
        if kmh is None:
            self._lose(f"{self._source} reports that it is unknown")
            self._received_s = None
            return
        self._received_s = now_s
        self._regain()
        sent = self._sent
        if sent is None or (sent[0] != kmh and now_s - sent[1] >= MIN_GAP_S) or sent[0] is None:
            self._forward(kmh, now_s)

    def ignition(self, on: bool | None, now_s: float) -> None:
        """The vehicle sent whether it is switched on."""
        self._parked = on is False
        if self._parked:
            self._regain()
            self._forward(0.0, now_s)
        elif on:
            self._received_s = now_s

    def look(self, now_s: float) -> None:
        """Detect silence. Must be called at least when ``due_in_s`` is over."""
        if self._received_s is not None and not self._parked and now_s - self._received_s >= LOST_AFTER_S:
            self._lose(f"{self._source} has sent none for {LOST_AFTER_S:g} s")

    def due_in_s(self, now_s: float) -> float:
        """Seconds until the next call of ``look`` is due."""
        if self._received_s is None or self._parked or self._lost:
            return float("inf")
        return max(0.0, self._received_s + LOST_AFTER_S - now_s)

    def _lose(self, why: str) -> None:
        if self._lost:
            return
        self._lost = True
        self._sent = None
        self._notes.set(NOTE, f"{why}; rules apply at any speed")
        self._send(VehicleSpeed(None))

    def _regain(self) -> None:
        if self._lost:
            self._lost = False
            self._notes.clear(NOTE)

    def _forward(self, kmh: float, now_s: float) -> None:
        self._sent = (kmh, now_s)
        self._send(VehicleSpeed(kmh))
