"""Whether a line is too slow for the images that a camera sends over it.

Then images gather in the camera's own send buffer, megabytes of it, and each is a little older than the one before:
without time stamps nothing else shows that. A line that keeps up is silent for a while between two images.
"""

from __future__ import annotations

WINDOW_S = 0.5
"""Time over which it is looked at: on a line that carries half of the images they are then at most half of it late, or
twice that where the first look misses it."""
BUSY_SHARE, SILENT_SHARE = 0.5, 0.05
"""Too slow is a line that is waited for within images at least this share of the time, and between them less than that.
Measured on the loopback: with a line that carries 60 % of the images 0.99 and 0.00, in the first look after connecting
0.8 and 0.2; with one that has a fifth to spare 0.5 to 0.9 and 0.1 to 0.45."""


class LineLoad:
    """The waits of one connection."""

    def __init__(self) -> None:
        self._total_s = self._between_s = self._within_s = 0.0

    def is_too_slow(self, total_s: float, between_s: float, within_s: float) -> bool:
        """Whether the line has been too slow of late.

        Args:
            total_s: time from the end of the previous image to the end of this one.
            between_s: the part of it that was waited for this one to begin.
            within_s: the part that was waited within it.
        """
        self._total_s += total_s
        self._between_s += between_s
        self._within_s += within_s
        if self._total_s < WINDOW_S:
            return False
        busy, silent = self._within_s / self._total_s, self._between_s / self._total_s
        self._total_s = self._between_s = self._within_s = 0.0
        return busy >= BUSY_SHARE and silent < SILENT_SHARE
