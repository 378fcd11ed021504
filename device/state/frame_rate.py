"""How many frames per second are evaluated, from their capture times."""

from __future__ import annotations

from collections import deque

WINDOW_NS = 2_000_000_000


class FrameRate:
    """Frames a second over the last two seconds."""

    def __init__(self) -> None:
        self._times_ns: deque[int] = deque(maxlen=1000)

    def step(self, t_ns: int) -> float | None:
        """The rate with this frame; None until there are three frames to measure it by."""
        self._times_ns.append(t_ns)
        while self._times_ns[0] < t_ns - WINDOW_NS:
            self._times_ns.popleft()
        if len(self._times_ns) < 3:
            return None
        return (len(self._times_ns) - 1) * 1e9 / (t_ns - self._times_ns[0])
