"""Glances away from the road: the running one, those that ended, and how they add up.

``off_road_in_30s`` is the measure of Euro NCAP's short distraction (visual attention time sharing): many short looks
away add up, and only two seconds on the road wipe them out.
"""

from __future__ import annotations

from collections import deque

from wakeful.device.state.gaze_zone import ROAD
from wakeful.frozen import dataclass

WINDOW_NS = 30_000_000_000
RESET_NS = 2_000_000_000
# Looks shorter than this, either way, are noise or the eye passing by.
MIN_LOOK_NS = 200_000_000
# A glance goes on over moments in which the gaze is not seen, a blink for one, for at most this long.
BRIDGE_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Glance:
    """A finished look away from the road, to the zone in which it stayed longest."""

    start_ns: int
    end_ns: int
    zone: str


class GlanceTracker:
    """Follows where the person looks over time."""

    def __init__(self) -> None:
        self._off_start_ns: int | None = None
        self._off_seen_ns = 0
        self._on_start_ns: int | None = None
        self._on_seen_ns = 0
        # How long the running glance was seen in each zone, and in which it is now.
        self._zones: dict[str, int] = {}
        self._zone = ""
        self._ended: deque[tuple[int, int]] = deque()

    def step(self, t_ns: int, zone: str, start_ns: int | None = None) -> Glance | None:
        """Take in one moment; gives the glance that ended with it.

        Args:
            zone: what is looked at, "" where unknown.
            start_ns: when this look began, if it is known to have begun before now.
        """
        ended = self._end(self._off_seen_ns) if self._too_long_unseen(t_ns) else None
        if not zone:
            return ended
        if zone == ROAD:
            self._on_start_ns = t_ns if self._on_start_ns is None else self._on_start_ns
            self._on_seen_ns = t_ns
            if self._off_start_ns is not None and t_ns - self._on_start_ns >= MIN_LOOK_NS:
                ended = self._end(self._on_start_ns)
            if t_ns - self._on_start_ns >= RESET_NS:
                self._ended.clear()
            return ended
        if self._off_start_ns is None:
            self._off_seen_ns = self._off_start_ns = t_ns if start_ns is None else start_ns
            self._zones, self._zone = {}, zone
        self._zones[self._zone] = self._zones.get(self._zone, 0) + t_ns - self._off_seen_ns
        self._off_seen_ns, self._zone = t_ns, zone
        if t_ns - max(self._off_start_ns, self._on_start_ns or 0) >= MIN_LOOK_NS:
            self._on_start_ns = None
        return ended

    def off_road_s(self, t_ns: int) -> float:
        """Length of the running glance as far as it was seen; 0 while the road is looked at."""
        if self._off_start_ns is None or self._off_seen_ns - self._off_start_ns < MIN_LOOK_NS:
            return 0.0
        return (self._off_seen_ns - self._off_start_ns) / 1e9

    def on_road_s(self) -> float:
        """How long the road has been looked at without a glance away."""
        if self._on_start_ns is None or self._off_start_ns is not None:
            return 0.0
        return (self._on_seen_ns - self._on_start_ns) / 1e9

    def off_road_in_30s(self, t_ns: int) -> float:
        """Time off the road in the last 30 s, as far as two seconds on the road did not wipe it out."""
        from_ns = t_ns - WINDOW_NS
        while self._ended and self._ended[0][1] <= from_ns:
            self._ended.popleft()
        total_ns = sum(end - max(start, from_ns) for start, end in self._ended)
        if self._off_start_ns is not None:
            total_ns += max(0, self._off_seen_ns - max(self._off_start_ns, from_ns))
        return total_ns / 1e9

    def glances_in_30s(self, t_ns: int) -> int:
        """How many looks away those 30 s hold, the running one included, as far as nothing wiped them out."""
        running = self._off_start_ns is not None and self._off_seen_ns - self._off_start_ns >= MIN_LOOK_NS
        return sum(end > t_ns - WINDOW_NS for _, end in self._ended) + running

    def _too_long_unseen(self, t_ns: int) -> bool:
        if self._on_start_ns is not None and t_ns - self._on_seen_ns > BRIDGE_NS:
            self._on_start_ns = None
        return self._off_start_ns is not None and t_ns - max(self._off_seen_ns, self._on_seen_ns) > BRIDGE_NS

    def _end(self, end_ns: int) -> Glance | None:
        start_ns, self._off_start_ns = self._off_start_ns, None
        if start_ns is None or end_ns - start_ns < MIN_LOOK_NS:
            return None
        self._ended.append((start_ns, end_ns))
        return Glance(start_ns, end_ns, max(self._zones, key=lambda zone: self._zones[zone]))
