"""How many frames a second are evaluated, from their capture times, and which pauses between frames are usual."""

from __future__ import annotations

from collections import deque

WINDOW_NS = 2_000_000_000
# Below one frame a second the rate comes from so many frames, however old they are.
FEWEST = 3
# A rate that jitters doubles a gap now and then; a longer one is a hole.
USUAL = 2.0
RECENT_GAPS = 4


class FrameRate:
    """Frames a second over the last two seconds; a single long pause among shorter ones does not change it."""

    def __init__(self) -> None:
        self._fps: float | None = None
        self._times_ns: deque[int] = deque(maxlen=1000)
        self._gaps_ns: deque[int] = deque(maxlen=RECENT_GAPS)
        self.hole = False
        """Whether the pause before this frame is longer than any that the last frames had: one of its own, no rate."""

    def step(self, t_ns: int) -> float | None:
        """The rate with this frame; None until there are three frames to measure it by, or two that are far apart."""
        if self._times_ns:
            gap_ns = t_ns - self._times_ns[-1]
            self.hole = len(self._gaps_ns) == RECENT_GAPS and gap_ns > USUAL * max(self._gaps_ns)
            self._gaps_ns.append(gap_ns)
        self._times_ns.append(t_ns)
        while len(self._times_ns) > FEWEST and self._times_ns[0] < t_ns - WINDOW_NS:
            self._times_ns.popleft()
        since_ns = t_ns - self._times_ns[0]
        if not self.hole and since_ns > (0 if len(self._times_ns) >= FEWEST else WINDOW_NS // FEWEST):
            self._fps = (len(self._times_ns) - 1) * 1e9 / since_ns
        return self._fps
