"""PERCLOS: the share of the last minutes in which the eyes were closed (Wierwille et al. 1994).

Time in which the eyes were not seen counts neither way; the figure carries how much of the window was seen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque

from wakeful.frozen import dataclass

# Seen time is kept in slots of this length, so that an hour needs no more memory than a window.
SLOT_NS = 500_000_000


@dataclass(frozen=True, slots=True)
class Perclos:
    """The figure over one window: ``share`` 0 to 1, None below the minimal coverage; ``coverage`` 0 to 1."""

    share: float | None
    coverage: float


class PerclosWindows:
    """Feeds on what was seen and on closures; answers for any window up to the longest.

    Args:
        longest_s: longest window that will be asked for.
        min_closure_s: shorter closures are blinks and count as open.
        max_gap_s: two frames further apart than this say nothing of the time between them.
    """

    def __init__(self, longest_s: float, min_closure_s: float, max_gap_s: float) -> None:
        self._longest_ns = round(longest_s * 1e9)
        self._min_closure_ns = round(min_closure_s * 1e9)
        self._max_gap_ns = round(max_gap_s * 1e9)
        # Begin of each slot, and how much had been seen before it.
        self._slots: list[tuple[int, int]] = []
        self._seen_ns = 0
        self._closures: deque[tuple[int, int]] = deque()
        self._last_ns: int | None = None
        self._last_seen = False

    def see(self, t_ns: int, known: bool) -> None:
        """The eyes were seen, or not, at this moment."""
        if self._last_ns is not None and self._last_seen and known:
            gap_ns = t_ns - self._last_ns
            if 0 < gap_ns <= self._max_gap_ns:
                self._add_seen(t_ns, gap_ns)
        self._last_ns, self._last_seen = t_ns, known
        self._forget(t_ns)

    def add_closure(self, start_ns: int, end_ns: int) -> None:
        """A closure ended."""
        if end_ns - start_ns >= self._min_closure_ns:
            self._closures.append((start_ns, end_ns))

    def over(self, window_s: float, t_ns: int, min_coverage: float, running_ns: int | None = None) -> Perclos:
        """The share over the ``window_s`` before ``t_ns``; ``running_ns`` is when a closure began that still lasts.

        Coverage is of the whole window, so the figure is unknown until enough of the first window has passed.
        """
        from_ns = t_ns - round(window_s * 1e9)
        seen_ns = self._seen_since(from_ns)
        closures = list(self._closures)
        if running_ns is not None and t_ns - running_ns >= self._min_closure_ns:
            closures.append((running_ns, t_ns))
        closed_ns = sum(max(0, end - max(start, from_ns)) for start, end in closures)
        coverage = min(1.0, seen_ns / (window_s * 1e9))
        share = min(1.0, closed_ns / seen_ns) if seen_ns and coverage >= min_coverage else None
        return Perclos(share, coverage)

    def _add_seen(self, t_ns: int, seen_ns: int) -> None:
        if not self._slots or t_ns - self._slots[-1][0] >= SLOT_NS:
            self._slots.append((t_ns, self._seen_ns))
        self._seen_ns += seen_ns

    def _seen_since(self, from_ns: int) -> int:
        first = bisect_left(self._slots, (from_ns, 0))
        return self._seen_ns - self._slots[first][1] if first < len(self._slots) else 0

    def _forget(self, t_ns: int) -> None:
        before_ns = t_ns - self._longest_ns
        while self._slots and self._slots[0][0] < before_ns:
            del self._slots[0]
        while self._closures and self._closures[0][1] < before_ns:
            self._closures.popleft()
