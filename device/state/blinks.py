"""How long the lids of one blink were down and how far they came, to a fraction of the time between two frames.

A blink lasts four or five frames of a slow camera, so that its edges are interpolated: the moments at which the lids
pass half of the height they had before. What is not seen closely enough is not measured.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median

from wakeful.device.state.closure import Closure

MAX_STEP_NS = 100_000_000
"""Two frames further apart than this say nothing of the edge between them: 15 frames a second with one that is late."""
BEFORE_NS = (150_000_000, 650_000_000)
"""The height of the lids before they fall is their median over this time: falling takes a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Blink:
    """One blink.

    Attributes:
        duration_s: between the moments at which the lids pass half of their height before.
        depth: how far they came down, in openings (0 to 1): less where they hang or do not close fully.
    """

    start_ns: int
    end_ns: int
    duration_s: float
    depth: float


class BlinkMeter:
    """Measures what the opening does, and gives it as a blink where it was a closure of the eyes."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, float]] = deque()
        self._last: tuple[int, float] | None = None
        self._height = self._bottom = 0.0
        self._down_ns: float | None = None
        self._measured: Blink | None = None
        self._closure: Closure | None = None

    def step(self, t_ns: int, opening: float | None, ended: Closure | None) -> Blink | None:
        """Take in one frame, and the closure that ended with it; gives a blink that is over and was one."""
        self._follow(t_ns, opening)
        self._closure = ended or self._closure
        blink, closure = self._measured, self._closure
        if blink is None or closure is None or blink.end_ns < closure.start_ns or closure.end_ns < blink.start_ns:
            return None
        self._measured = self._closure = None
        return blink

    def _follow(self, t_ns: int, opening: float | None) -> None:
        last, self._last = self._last, None if opening is None else (t_ns, opening)
        if opening is None or last is None or t_ns - last[0] > MAX_STEP_NS:
            # An edge that nobody saw would make any length of it.
            self._down_ns = None
            return
        if self._down_ns is None:
            self._height = self._lid_height(t_ns, opening)
            if last[1] > self._height / 2.0 >= opening:
                self._down_ns, self._bottom = self._edge(last, t_ns, opening), opening
        elif opening <= self._height / 2.0:
            self._bottom = min(self._bottom, opening)
        else:
            up_ns = self._edge(last, t_ns, opening)
            duration_s = (up_ns - self._down_ns) / 1e9
            self._measured = Blink(round(self._down_ns), round(up_ns), duration_s, self._height - self._bottom)
            self._down_ns = None

    def _lid_height(self, t_ns: int, opening: float) -> float:
        while self._recent and t_ns - self._recent[0][0] > BEFORE_NS[1]:
            self._recent.popleft()
        before = [height for seen_ns, height in self._recent if t_ns - seen_ns >= BEFORE_NS[0]]
        self._recent.append((t_ns, opening))
        return median(before) if before else 0.0

    def _edge(self, last: tuple[int, float], t_ns: int, opening: float) -> float:
        return last[0] + (last[1] - self._height / 2.0) / (last[1] - opening) * (t_ns - last[0])
