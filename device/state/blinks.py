"""How long the lids of one blink were down and how far they came, to a fraction of the time between two frames.

A blink lasts four or five frames of a slow camera, so that its edges are interpolated: the moments at which the lids
pass half of the height they had before. What is not seen closely enough is not measured.

Frames that come faster than those of a usual camera are averaged to its rate. Else, where the lids move by less from
one frame to the next than their opening is unsure by, they would pass that height several times in one blink.

How far the lids came down is a mean over the time they were down, most of all over its middle, and no lowest frame:
the lowest of more frames is lower, and a single one has all of its noise. With noise of 0.03 in each frame the error of
a depth is 0.025, 0.016 and 0.008 at 15, 30 and 120 frames a second (0.032, 0.023 and 0.013 by the lowest frame), with
the same mean at each rate.
"""

from __future__ import annotations

from collections import deque
from statistics import median

from wakeful.device.state.closure import Closure
from wakeful.frozen import dataclass

MAX_STEP_NS = 100_000_000
"""Two frames further apart than this say nothing of the edge between them: 15 frames a second with one that is late."""
BEFORE_NS = (150_000_000, 1_150_000_000)
"""The height of the lids before they fall is their median over this time: falling takes a tenth of a second."""
DEPTH_OVER_NS = 10_000_000_000
"""Of lids that stay down for longer, the depth is that of the first seconds."""
SMOOTH_NS = 35_000_000
"""Frames of this time are averaged: two at 30 a second, one at less."""


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
    """Averages the frames of the last ``SMOOTH_NS``, in time too."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, float]] = deque()

    def forget(self) -> None:
        """What was before has nothing to do with what comes."""
        self._recent.clear()

    def step(self, t_ns: int, opening: float) -> tuple[float, float]:
        """Take in one frame; gives the mean time and opening with it."""
        recent = self._recent
        recent.append((t_ns, opening))
        while recent[0][0] < t_ns - SMOOTH_NS:
            recent.popleft()
        times, openings = zip(*recent, strict=True)
        return sum(times) / len(recent), sum(openings) / len(recent)


class BlinkMeter:
    """Measures what the opening does, and gives it as a blink where it was a closure of the eyes."""

    def __init__(self) -> None:
        self._smoother = Smoother()
        self._recent: deque[tuple[int, float]] = deque()
        self._seen_ns: int | None = None
        self._last = (0.0, 0.0)
        self._height = 0.0
        self._low: list[tuple[int, float]] = []
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
        before_ns, self._seen_ns = self._seen_ns, None if opening is None else t_ns
        unseen = opening is None or before_ns is None or t_ns - before_ns > MAX_STEP_NS
        if unseen:
            # An edge that nobody saw would make any length of it.
            self._down_ns = None
            self._smoother.forget()
        if opening is None:
            return
        last, now = self._last, self._smoother.step(t_ns, opening)
        self._last = now
        if unseen:
            return
        if self._down_ns is None:
            self._height = self._lid_height(t_ns, opening)
            if last[1] > self._height / 2.0 >= now[1]:
                self._down_ns, self._low = self._edge(last, now), [*self._recent]
        elif now[1] <= self._height / 2.0:
            if t_ns - self._down_ns < DEPTH_OVER_NS:
                self._low.append((t_ns, opening))
        else:
            self._up(self._edge(last, now))

    def _up(self, up_ns: float) -> None:
        down_ns, self._down_ns = self._down_ns, None
        # Lids that touch half of their height in one frame were not down.
        if down_ns is None or up_ns <= down_ns:
            return
        depth = self._height - _middle(self._low, down_ns, up_ns)
        self._measured = Blink(round(down_ns), round(up_ns), (up_ns - down_ns) / 1e9, depth)

    def _lid_height(self, t_ns: int, opening: float) -> float:
        while self._recent and t_ns - self._recent[0][0] > BEFORE_NS[1]:
            self._recent.popleft()
        before = [height for seen_ns, height in self._recent if t_ns - seen_ns >= BEFORE_NS[0]]
        self._recent.append((t_ns, opening))
        return median(before) if before else 0.0

    def _edge(self, last: tuple[float, float], now: tuple[float, float]) -> float:
        """When the lids passed half of their height."""
        (last_ns, before), (now_ns, after) = last, now
        return last_ns + (before - self._height / 2.0) / (before - after) * (now_ns - last_ns)


def _middle(seen: list[tuple[int, float]], down_ns: float, up_ns: float) -> float:
    """Mean opening between both moments, most of all in the middle."""
    total = weights = 0.0
    for t_ns, opening in seen:
        share = (2.0 * t_ns - down_ns - up_ns) / (up_ns - down_ns)
        if abs(share) < 1.0:
            weight = (1.0 - share * share) ** 2
            total, weights = total + weight * opening, weights + weight
    return total / weights if weights else seen[-1][1]
