"""Lids that are lowered because the eyes look down, and how they differ from closed ones.

Both cover the eye; the outline of the lids alone looks the same. But an eye that looks down takes its lower lid along,
while in a closure the lower lid rises to meet the upper one (Sibony & Evinger, in Miller & Newman, Walsh & Hoyt's
Clinical Neuro-Ophthalmology, 1998: normal and abnormal eyelid position and movement). So the lower lid and the iris
that the landmark networks place behind the lids are compared with their own places in the open eye.
"""

from __future__ import annotations

import math

SETTLE_S = 5.0
# A closure is measured over its whole length, but never by fewer moments than this.
MIN_MOMENTS = 5


class LoweredLids:
    """Measures the running closure.

    Args:
        lowered_drop: mean drop, as a share of the eye's width, from which on lids are lowered.
    """

    def __init__(self, lowered_drop: float) -> None:
        self._bound = lowered_drop
        self._usual: float | None = None
        self.restart()

    def restart(self) -> None:
        """Time starts again; what was learned is kept."""
        self._last_open_ns: int | None = None
        self._sum = 0.0
        self._moments = 0

    def see(self, t_ns: int, closed: bool | None, drop: float | None) -> None:
        """Take in one moment; ``drop`` as in ``Observation.lid_drop``."""
        if drop is None or closed is None:
            return
        if closed:
            self._sum += drop
            self._moments += 1
            return
        self._sum, self._moments = 0.0, 0
        since_s = 0.0 if self._last_open_ns is None else min(1.0, (t_ns - self._last_open_ns) / 1e9)
        self._last_open_ns = t_ns
        share = 1.0 if self._usual is None else 1.0 - math.exp(-since_s / SETTLE_S)
        self._usual = drop if self._usual is None else self._usual + share * (drop - self._usual)

    @property
    def lowered(self) -> bool:
        """Whether the lids of the running closure are lowered rather than closed."""
        if self._usual is None or self._moments < MIN_MOMENTS:
            return False
        return self._sum / self._moments - self._usual >= self._bound
