"""What the monitor leaves out when the board is hot or too slow, in which order, and when it takes it up again.

First the expression is read in every 6th frame instead of every 3rd, then 15 frames a second are judged, then one eye
is read instead of two (with the reader that has a network for each). What drowsiness is judged by goes last. It comes
back in the reverse order. Each step is noted (``saving``), and none is taken for a file, which has time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from wakeful.device.perception.pipeline import EXPRESSION_EVERY, Perception
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.temperature import hottest

WINDOW_S = 5.0
CALM_S = 30.0
COOLER_C = 5.0
# Frames that came too late to be judged, and time that the loop was busy, from which it counts as too slow.
MAX_LOST_SHARE = 0.1
MIN_BUSY_SHARE = 0.8
# What the loop may be busy at most, so that doing more will not make it too slow at once. Twice the frames are twice
# the work.
CALM_BUSY_SHARE = 0.6
SAVED_FPS = 15.0
NOTE = "saving"


class Saving(IntEnum):
    """What is left out; each step includes those before it."""

    NOTHING = 0
    EXPRESSION = 1
    FRAMES = 2
    EYE = 3


SAID = {
    Saving.EXPRESSION: "the expression is read in every 6th frame",
    Saving.FRAMES: "15 frames a second are judged",
    Saving.EYE: "one eye is read",
}


@dataclass(frozen=True, slots=True)
class Strain:
    """How the last window went.

    Attributes:
        lost_share: frames that were captured and not taken, of all.
        busy_share: time in which the loop worked, of all.
        over_limit_c: how far the hottest sensor is above its limit (negative: below); None unknown.
    """

    lost_share: float
    busy_share: float
    over_limit_c: float | None

    @property
    def hot(self) -> bool:
        return self.over_limit_c is not None and self.over_limit_c >= 0.0

    @property
    def slow(self) -> bool:
        return self.lost_share > MAX_LOST_SHARE and self.busy_share > MIN_BUSY_SHARE

    def calm(self, saving: Saving) -> bool:
        """Whether the last step of ``saving`` could be taken back."""
        cool = self.over_limit_c is None or self.over_limit_c <= -COOLER_C
        room = CALM_BUSY_SHARE / 2 if saving is Saving.FRAMES else CALM_BUSY_SHARE
        return cool and self.busy_share <= room


class Ladder:
    """Which step to stand on: one further down for each window of strain, one up for each half minute of calm."""

    def __init__(self, deepest: Saving) -> None:
        self._deepest = deepest
        self._calm_since_s: float | None = None
        self.saving = Saving.NOTHING

    def step(self, now_s: float, strain: Strain) -> Saving:
        """Take in one window that ended at ``now_s``."""
        if strain.hot or strain.slow:
            self._calm_since_s = None
            self.saving = Saving(min(self.saving + 1, self._deepest))
        elif not strain.calm(self.saving):
            self._calm_since_s = None
        elif self._calm_since_s is None:
            self._calm_since_s = now_s
        elif now_s - self._calm_since_s >= CALM_S and self.saving is not Saving.NOTHING:
            self._calm_since_s = now_s
            self.saving = Saving(self.saving - 1)
        return self.saving


class Economy:
    """Watches the loop of a live source and applies the ladder to its perception.

    Args:
        hot_c: limit of sensors that name none themselves, degrees Celsius.
        temperature: gives (degrees, limit) of the hottest sensor, or None.

    Attributes:
        skipped: frames that were left out on purpose.
    """

    def __init__(
        self,
        perception: Perception,
        notes: Notes,
        hot_c: float,
        temperature: Callable[[float], tuple[float, float] | None] = hottest,
    ) -> None:
        self._perception = perception
        self._notes = notes
        self._hot_c = hot_c
        self._temperature = temperature
        self._ladder = Ladder(Saving.EYE if perception.reads_each_eye else Saving.FRAMES)
        self._began_s: float | None = None
        self._busy_s = 0.0
        self._taken = 0
        self._dropped = 0
        self._judged_ns: int | None = None
        self.skipped = 0

    @property
    def saving(self) -> Saving:
        return self._ladder.saving

    def takes(self, t_ns: int) -> bool:
        """Whether the frame captured at ``t_ns`` is to be judged."""
        self._taken += 1
        # A tenth less than the period, so that a camera's jitter does not make it every third frame.
        since_ns = None if self._judged_ns is None else t_ns - self._judged_ns
        if self.saving >= Saving.FRAMES and since_ns is not None and 0 <= since_ns < 0.9e9 / SAVED_FPS:
            self.skipped += 1
            return False
        self._judged_ns = t_ns
        return True

    def worked(self, now_s: float, busy_s: float, dropped: int) -> None:
        """A frame is done, ``busy_s`` were spent on it, and ``dropped`` were lost so far."""
        self._busy_s += busy_s
        if self._began_s is None:
            self._begin(now_s, dropped)
            return
        elapsed_s = now_s - self._began_s
        if elapsed_s < WINDOW_S:
            return
        lost = dropped - self._dropped
        reading = self._temperature(self._hot_c)
        over_c = None if reading is None else reading[0] - reading[1]
        strain = Strain(lost / max(lost + self._taken, 1), self._busy_s / elapsed_s, over_c)
        before = self.saving
        if self._ladder.step(now_s, strain) != before:
            self._apply(strain, reading)
        self._begin(now_s, dropped)

    def _begin(self, now_s: float, dropped: int) -> None:
        self._began_s, self._busy_s, self._taken, self._dropped = now_s, 0.0, 0, dropped

    def _apply(self, strain: Strain, reading: tuple[float, float] | None) -> None:
        saving = self.saving
        self._perception.expression_every = 2 * EXPRESSION_EVERY if saving >= Saving.EXPRESSION else EXPRESSION_EVERY
        self._perception.one_eye = saving >= Saving.EYE
        if saving is Saving.NOTHING:
            self._notes.clear(NOTE)
            return
        why = "the board was strained and recovers"
        if strain.hot and reading is not None:
            why = f"the board is at {reading[0]:.0f} °C, its limit is {reading[1]:.0f} °C"
        elif strain.slow:
            why = f"the board is too slow, {strain.lost_share:.0%} of the frames were lost"
        left_out = ", ".join(text for step, text in SAID.items() if step <= saving)
        self._notes.set(NOTE, f"{why}: {left_out}")
