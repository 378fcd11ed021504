"""Load shedding: what the monitor leaves out when the board is hot or too slow, in which order, and when it resumes it.

First the expression is read in every 6th frame instead of every 3rd, then 15 frames per second are evaluated, then one
eye is read instead of two (with the reader that has a network for each). What drowsiness depends on goes last. It is
resumed in the reverse order. Each level is published as the note ``reduced``; a file, which has time, is never reduced.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from wakeful.device.perception.pipeline import EXPRESSION_EVERY, Perception
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.temperature import hottest
from wakeful.frozen import dataclass

WINDOW_S = 5.0
CALM_S = 30.0
COOLER_C = 5.0
# Share of frames that came too late, and of time that the loop was busy, above which the board is too slow.
MAX_LOST_SHARE = 0.1
MIN_BUSY_SHARE = 0.8
# How busy the loop may be before more work is resumed, so that it does not become too slow at once. Twice the frames
# are twice the work.
CALM_BUSY_SHARE = 0.6
REDUCED_FPS = 15.0
NOTE = "reduced"


class LoadLevel(IntEnum):
    """What is left out; each level includes those before it."""

    FULL = 0
    EXPRESSION = 1
    FRAMES = 2
    EYE = 3


LEFT_OUT = {
    LoadLevel.EXPRESSION: "the expression is read in every 6th frame",
    LoadLevel.FRAMES: "15 frames per second are evaluated",
    LoadLevel.EYE: "one eye is read",
}


@dataclass(frozen=True, slots=True)
class LoadSample:
    """The load of one window.

    Attributes:
        lost_share: frames that were captured and not evaluated, of all.
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

    def calm(self, level: LoadLevel) -> bool:
        """Whether the work that ``level`` leaves out could be resumed."""
        cool = self.over_limit_c is None or self.over_limit_c <= -COOLER_C
        max_share = CALM_BUSY_SHARE / 2 if level is LoadLevel.FRAMES else CALM_BUSY_SHARE
        return cool and self.busy_share <= max_share


class LoadControl:
    """Chooses the level: one more for each overloaded window, one less for each calm half minute."""

    def __init__(self, deepest: LoadLevel) -> None:
        self._deepest = deepest
        self._calm_since_s: float | None = None
        self.level = LoadLevel.FULL

    def step(self, now_s: float, load: LoadSample) -> LoadLevel:
        """The level after a window that ended at ``now_s``."""
        if load.hot or load.slow:
            self._calm_since_s = None
            self.level = LoadLevel(min(self.level + 1, self._deepest))
        elif not load.calm(self.level):
            self._calm_since_s = None
        elif self._calm_since_s is None:
            self._calm_since_s = now_s
        elif now_s - self._calm_since_s >= CALM_S and self.level is not LoadLevel.FULL:
            self._calm_since_s = now_s
            self.level = LoadLevel(self.level - 1)
        return self.level


class LoadShedding:
    """Measures the loop of a live source and reduces the work of its perception.

    Args:
        hot_c: limit of sensors that report none themselves, degrees Celsius.
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
        self._control = LoadControl(LoadLevel.EYE if perception.reads_each_eye else LoadLevel.FRAMES)
        self._began_s: float | None = None
        self._busy_s = 0.0
        self._taken = 0
        self._dropped = 0
        self._evaluated_ns: int | None = None
        self.skipped = 0

    @property
    def level(self) -> LoadLevel:
        return self._control.level

    def takes(self, t_ns: int) -> bool:
        """Whether to evaluate the frame captured at ``t_ns``."""
        self._taken += 1
        # A tenth less than the period, so that a camera's jitter does not make it every third frame.
        since_ns = None if self._evaluated_ns is None else t_ns - self._evaluated_ns
        if self.level >= LoadLevel.FRAMES and since_ns is not None and 0 <= since_ns < 0.9e9 / REDUCED_FPS:
            self.skipped += 1
            return False
        self._evaluated_ns = t_ns
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
        load = LoadSample(lost / max(lost + self._taken, 1), self._busy_s / elapsed_s, over_c)
        before = self.level
        if self._control.step(now_s, load) != before:
            self._apply(load, reading)
        self._begin(now_s, dropped)

    def _begin(self, now_s: float, dropped: int) -> None:
        self._began_s, self._busy_s, self._taken, self._dropped = now_s, 0.0, 0, dropped

    def _apply(self, load: LoadSample, reading: tuple[float, float] | None) -> None:
        level = self.level
        self._perception.expression_every = (1 + (level >= LoadLevel.EXPRESSION)) * EXPRESSION_EVERY
        self._perception.one_eye = level >= LoadLevel.EYE
        if level is LoadLevel.FULL:
            self._notes.clear(NOTE)
            return
        why = "the board was overloaded and recovers"
        if load.hot and reading is not None:
            why = f"the board is at {reading[0]:.0f} °C, its limit is {reading[1]:.0f} °C"
        elif load.slow:
            why = f"the board is too slow, {load.lost_share:.0%} of the frames were lost"
        left_out = ", ".join(text for step, text in LEFT_OUT.items() if step <= level)
        self._notes.set(NOTE, f"{why}: {left_out}")
