"""How long this person's eyes stay closed, lately, against how long they usually do.

Closures grow longer with drowsiness long before they become microsleeps (Caffier, Erdmann & Ullsperger, Eur. J. Appl.
Physiol. 89, 2003: 202 ms alert, 259 ms drowsy).
"""

from __future__ import annotations

from collections import deque

RECENT_NS = 60_000_000_000
MIN_RECENT = 3
# The person's own mean comes from this many first closures.
OWN = 10


class ClosureLength:
    """Mean duration of the last minute's closures over the mean of the first ones."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, float]] = deque()
        self._own: list[float] = []

    def add(self, end_ns: int, length_s: float) -> None:
        """A closure ended."""
        if len(self._own) < OWN:
            self._own.append(length_s)
        self._recent.append((end_ns, length_s))

    def ratio(self, t_ns: int) -> float | None:
        """1 is as usual; None until enough closures were seen."""
        while self._recent and self._recent[0][0] <= t_ns - RECENT_NS:
            self._recent.popleft()
        if len(self._own) < OWN or len(self._recent) < MIN_RECENT:
            return None
        recent = sum(length for _, length in self._recent) / len(self._recent)
        return recent * len(self._own) / max(sum(self._own), 1e-6)
