"""How often something happened lately."""

from __future__ import annotations

from collections import deque


class RecentCount:
    """Counts moments of the last ``window_s``."""

    def __init__(self, window_s: float) -> None:
        self._window_ns = round(window_s * 1e9)
        self._times_ns: deque[int] = deque()

    def add(self, t_ns: int) -> None:
        """It happened now."""
        self._times_ns.append(t_ns)

    def count(self, t_ns: int) -> int:
        """How often in the window before ``t_ns``."""
        while self._times_ns and self._times_ns[0] <= t_ns - self._window_ns:
            self._times_ns.popleft()
        return len(self._times_ns)
