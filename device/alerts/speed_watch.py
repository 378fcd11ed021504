"""The vehicle's speed as it is told: passed on, and given up when it is no longer told.

A speed that is two seconds old may be any. Then the judge is told that it is unknown, which opens every speed gate, and
the monitor notes ``speed_lost``. A vehicle that said that it is switched off stands, and its bus may sleep.
"""

from __future__ import annotations

from collections.abc import Callable

from wakeful.device.messages import Command, VehicleSpeed
from wakeful.device.supervision.notes import Notes

LOST_AFTER_S = 2.0
NOTE = "speed_lost"
# Speeds come up to a hundred times a second; the judge needs no more than this.
MIN_GAP_S = 0.1


class SpeedWatch:
    """Watches one source of the speed. Times are seconds of any one monotonic clock; one thread uses it.

    Args:
        source: what the user has to look after: ``the serial line``, ``the CAN bus``.
        tell: is given the commands for the judge.
        notes: is told when the speed is lost, and when it is back.
    """

    def __init__(self, source: str, tell: Callable[[Command], None], notes: Notes | None = None) -> None:
        self._source = source
        self._tell = tell
        self._notes = notes or Notes()
        self._heard_s: float | None = None
        self._told: tuple[float | None, float] | None = None
        self._lost = False
        self._parked = False

    def expect(self, now_s: float) -> None:
        """A speed should come from now on; without this only one that was told before can be lost."""
        if self._heard_s is None:
            self._heard_s = now_s

    def heard(self, kmh: float | None, now_s: float) -> None:
        """The vehicle told its speed; None: that it does not know it."""
        if kmh is None:
            self._lose(f"{self._source} says that it is unknown")
            self._heard_s = None
            return
        self._heard_s = now_s
        self._regain()
        told = self._told
        if told is None or (told[0] != kmh and now_s - told[1] >= MIN_GAP_S) or told[0] is None:
            self._say(kmh, now_s)

    def ignition(self, on: bool | None, now_s: float) -> None:
        """The vehicle told whether it is switched on."""
        self._parked = on is False
        if self._parked:
            self._regain()
            self._say(0.0, now_s)
        elif on:
            self._heard_s = now_s

    def look(self, now_s: float) -> None:
        """Notice silence. To be called at least when ``due_in_s`` is over."""
        if self._heard_s is not None and not self._parked and now_s - self._heard_s >= LOST_AFTER_S:
            self._lose(f"{self._source} has not told it for {LOST_AFTER_S:g} s")

    def due_in_s(self, now_s: float) -> float:
        """Seconds until silence may have to be noticed."""
        if self._heard_s is None or self._parked or self._lost:
            return float("inf")
        return max(0.0, self._heard_s + LOST_AFTER_S - now_s)

    def _lose(self, why: str) -> None:
        if self._lost:
            return
        self._lost = True
        self._told = None
        self._notes.set(NOTE, f"{why}; every speed gate is open")
        self._tell(VehicleSpeed(None))

    def _regain(self) -> None:
        if self._lost:
            self._lost = False
            self._notes.clear(NOTE)

    def _say(self, kmh: float, now_s: float) -> None:
        self._told = (kmh, now_s)
        self._tell(VehicleSpeed(kmh))
