"""Squints, where a reader gives openings alone: lids that came down slowly, or do not lie on each other.

A short closure (under ``LONGEST_S``) is a squint if the lids took longer over the middle of their way than lids that
close do, or if their median opening is not that of closed ones. A longer one is never a squint: nobody may sleep behind
a doubt. Laid on lids in millimetres of two people at 120 Hz, who squinted (87 closures by the opening alone), blinked
slowly (42) and long (81).
"""

from __future__ import annotations

from collections import deque
from statistics import fmean, median

from wakeful.device.state.blinks import MAX_STEP_NS

MICROSLEEP_S = 1.0
"""From here on it is a microsleep (Euro NCAP Driver Engagement v1.1), unless the lids came down slowly, and not far."""
LONGEST_S = 3.0
"""... and from here on sleep, whatever the lids look like."""
SHORTEST_S = 0.3
"""Up to here it is a blink, whose slowest camera shows no more than two frames of the way down."""
SMOOTH_NS = 34_000_000
"""Openings are averaged over this time: single frames of a fast camera are noisier than those of a slow one."""
FROM, TO = 0.55, 0.2
"""The middle of the way down, in openings."""


class SquintWatch:
    """Follows how lids come down and how far.

    Args:
        fall_s: lids that took longer from ``FROM`` to ``TO`` were not closed; 0: no closure is a squint.
        open_from: nor were lids whose median opening is this or more.
    """

    def __init__(self, fall_s: float, open_from: float) -> None:
        self._fall_s = fall_s
        self._open_from = open_from
        self._last: tuple[int, float] | None = None
        self._recent: deque[tuple[int, float]] = deque()
        self._closed = False
        self._high_ns: float | None = None
        self._low_ns: float | None = None
        self._closed_ns = 0
        self._openings: list[float] = []

    def see(self, t_ns: int, opening: float | None, *, closed: bool) -> None:
        """Take in one frame; ``closed``: by the opening alone."""
        if opening is None or not self._fall_s:
            return
        self._recent.append((t_ns, opening))
        while self._recent[0][0] < t_ns - SMOOTH_NS:
            self._recent.popleft()
        opening = fmean(height for _, height in self._recent)
        last = self._last or (t_ns, opening)
        if last[1] >= FROM > opening:
            seen = t_ns - last[0] <= MAX_STEP_NS
            self._high_ns, self._low_ns = _crossing(last, t_ns, opening, FROM) if seen else None, None
        if opening < TO and self._low_ns is None:
            self._low_ns = _crossing(last, t_ns, opening, TO) if last[1] >= TO else float(t_ns)
        if closed:
            if not self._closed:
                self._openings.clear()
                self._closed_ns = t_ns
            self._openings.append(opening)
        self._last, self._closed = (t_ns, opening), closed

    def is_squint(self, length_s: float) -> bool:
        """Whether the lids of a closure that has lasted so long are not closed."""
        if not self._openings or not SHORTEST_S <= length_s < LONGEST_S:
            return False
        low_ns = self._closed_ns if self._low_ns is None else self._low_ns
        slow = self._high_ns is not None and low_ns - self._high_ns > self._fall_s * 1e9
        middle = median(self._openings)
        if length_s >= MICROSLEEP_S:
            return slow and middle >= TO
        return slow or middle >= self._open_from


def _crossing(last: tuple[int, float], t_ns: int, opening: float, level: float) -> float:
    return last[0] + (last[1] - level) / max(1e-9, last[1] - opening) * (t_ns - last[0])
