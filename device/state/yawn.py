"""Yawns: a mouth that opens wide and stays so, which neither speech nor laughter does."""

from __future__ import annotations

from wakeful.device.state.profile import MouthSection
from wakeful.frozen import dataclass

# In a yawn the mouth is wide nearly all the time; speech and laughter open and shut it.
MOSTLY = 0.8
# A landmark that slips for a moment does not end a yawn, nor does one that slips for longer while the mouth stays open
# by this share of what a yawn needs.
BRIDGE_NS = 300_000_000
STILL_OPEN, STILL_OPEN_BRIDGE_NS = 0.7, 800_000_000
# A mouth that stays open for so many times the shortest yawn need not be as wide: a yawn is at its widest for seconds
# (it lasts 4 to 7 s; Barbizet, Journal of Neurology, Neurosurgery and Psychiatry 21, 1958), speech and song are not.
LONG, LONG_PEAK = 1.6, 0.9


@dataclass(frozen=True, slots=True)
class Yawn:
    """One finished yawn."""

    start_ns: int
    end_ns: int


class YawnTracker:
    """Follows the mouth over time."""

    def __init__(self, bounds: MouthSection) -> None:
        self._bounds = bounds
        self._start_ns: int | None = None
        self._wide_ns = 0
        self._open_ns = 0
        self._wide_for_ns = 0
        self._last_ns = 0
        self._peak = 0.0

    def step(self, t_ns: int, mouth_open: float | None) -> Yawn | None:
        """Take in one moment; ``mouth_open`` 0 to 1 (above for mouths wider than most), None unseen."""
        before_ns, self._last_ns = self._last_ns, t_ns
        over = self._over(t_ns)
        if mouth_open is not None and mouth_open >= STILL_OPEN * self._bounds.yawn_above:
            self._open_ns = t_ns
        if mouth_open is not None and mouth_open >= self._bounds.yawn_above:
            if self._start_ns is None or over:
                self._start_ns, self._peak, self._wide_for_ns = t_ns, 0.0, 0
            elif self._wide_ns == before_ns:
                self._wide_for_ns += t_ns - before_ns
            self._wide_ns = t_ns
            self._peak = max(self._peak, mouth_open)
            return None
        if self._start_ns is None or not over:
            return None
        start_ns, self._start_ns = self._start_ns, None
        length_s = (self._wide_ns - start_ns) / 1e9
        bounds = self._bounds
        peak = bounds.yawn_peak * (LONG_PEAK if length_s >= LONG * bounds.yawn_min_s else 1.0)
        if self._peak < peak or self._wide_for_ns < MOSTLY * (self._wide_ns - start_ns):
            return None
        if not bounds.yawn_min_s <= length_s <= bounds.yawn_max_s:
            return None
        return Yawn(start_ns, self._wide_ns)

    def _over(self, t_ns: int) -> bool:
        """Whether the mouth has not been wide for too long to go on."""
        stays_open = t_ns - self._open_ns <= BRIDGE_NS
        return t_ns - self._wide_ns > (STILL_OPEN_BRIDGE_NS if stays_open else BRIDGE_NS)
