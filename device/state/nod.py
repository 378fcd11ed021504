"""Nods: the head sinks while the eyes are closed."""

from __future__ import annotations

from collections import deque

from wakeful.device.state.profile import NodSection
from wakeful.frozen import dataclass

# The same sinking head is one nod.
APART_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Nod:
    """One nod: from its highest point to where it was deep enough."""

    start_ns: int
    end_ns: int


class NodTracker:
    """Follows pitch and lids over time."""

    def __init__(self, bounds: NodSection) -> None:
        self._bounds = bounds
        self._within_ns = round(bounds.within_s * 1e9)
        # Highest pitches of the window, falling from left to right: the first is the highest.
        self._highest: deque[tuple[int, float]] = deque()
        self._last_ns: int | None = None

    def step(self, t_ns: int, pitch_deg: float | None, closure_s: float | None) -> Nod | None:
        """Take in one moment; ``closure_s`` is the length of the running closure."""
        if pitch_deg is None:
            return None
        while self._highest and self._highest[0][0] < t_ns - self._within_ns:
            self._highest.popleft()
        while self._highest and self._highest[-1][1] <= pitch_deg:
            self._highest.pop()
        self._highest.append((t_ns, pitch_deg))
        start_ns, highest_deg = self._highest[0]
        if highest_deg - pitch_deg < self._bounds.drop_deg or (closure_s or 0.0) < self._bounds.closed_s:
            return None
        if self._last_ns is not None and t_ns - self._last_ns < APART_NS:
            return None
        self._last_ns = t_ns
        return Nod(start_ns, t_ns)
