"""How long the lids of one blink were down and how far they came, to a fraction of the time between two frames.

A blink lasts four or five frames of a slow camera, so that its edges are interpolated: the moments at which the lids
pass half of the height they had before. What is not seen closely enough is not measured.

Every camera is measured as a slow one sees the lids: averaged over the same time. Else a fast one, whose lids move by
less from frame to frame than its openings are unsure by, would see them pass that height several times in one blink,
and the lowest of more frames is lower.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice
from statistics import median

from wakeful.device.state.closure import Closure

MAX_STEP_NS = 100_000_000
"""Two frames further apart than this say nothing of the edge between them: 15 frames a second with one that is late."""
BEFORE_NS = (150_000_000, 650_000_000)
"""The height of the lids before they fall is their median over this time: falling takes a tenth of a second."""
SMOOTH_NS = 66_000_000
"""Openings are averaged over this time: two frames of the slowest camera whose blinks are measured."""


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


class Smoother:
    """Averages openings over the last ``SMOOTH_NS``, as if they ran straight from frame to frame."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, float]] = deque()

    def forget(self) -> None:
        """What was before has nothing to do with what comes."""
        self._recent.clear()

    def step(self, t_ns: int, opening: float) -> float:
        """Take in one frame; gives the mean with it."""
        recent, begin_ns = self._recent, t_ns - SMOOTH_NS
        recent.append((t_ns, opening))
        while len(recent) > 1 and recent[1][0] <= begin_ns:
            recent.popleft()
        if len(recent) == 1:
            return opening
        (first_ns, first), (second_ns, second) = recent[0], recent[1]
        if first_ns < begin_ns:
            first += (second - first) * (begin_ns - first_ns) / (second_ns - first_ns)
            first_ns = begin_ns
        area, last_ns, last = 0.0, first_ns, first
        for now_ns, now in islice(recent, 1, None):
            area += (last + now) / 2.0 * (now_ns - last_ns)
            last_ns, last = now_ns, now
        return area / (t_ns - first_ns) if t_ns > first_ns else opening


class BlinkMeter:
    """Measures what the opening does, and gives it as a blink where it was a closure of the eyes."""

    def __init__(self) -> None:
        self._smoother = Smoother()
        self._recent: deque[tuple[int, float]] = deque()
        self._last_ns: int | None = None
        self._last = 0.0
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
        last_ns, self._last_ns = self._last_ns, None if opening is None else t_ns
        if opening is None or last_ns is None or t_ns - last_ns > MAX_STEP_NS:
            # An edge that nobody saw would make any length of it.
            self._down_ns = None
            self._smoother.forget()
            self._last = 0.0 if opening is None else self._smoother.step(t_ns, opening)
            return
        last, opening = self._last, self._smoother.step(t_ns, opening)
        self._last = opening
        if self._down_ns is None:
            self._height = self._lid_height(t_ns, opening)
            if last > self._height / 2.0 >= opening:
                self._down_ns, self._bottom = self._edge(last_ns, last, t_ns, opening), opening
        elif opening <= self._height / 2.0:
            self._bottom = min(self._bottom, opening)
        else:
            up_ns = self._edge(last_ns, last, t_ns, opening)
            duration_s = (up_ns - self._down_ns) / 1e9
            self._measured = Blink(round(self._down_ns), round(up_ns), duration_s, self._height - self._bottom)
            self._down_ns = None

    def _lid_height(self, t_ns: int, opening: float) -> float:
        while self._recent and t_ns - self._recent[0][0] > BEFORE_NS[1]:
            self._recent.popleft()
        before = [height for seen_ns, height in self._recent if t_ns - seen_ns >= BEFORE_NS[0]]
        self._recent.append((t_ns, opening))
        return median(before) if before else 0.0

    def _edge(self, last_ns: int, last: float, t_ns: int, opening: float) -> float:
        """When the lids passed half of their height; the mean of a time is that of its middle."""
        crossing_ns = last_ns + (last - self._height / 2.0) / (last - opening) * (t_ns - last_ns)
        return crossing_ns - SMOOTH_NS / 2.0
