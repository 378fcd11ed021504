"""Times of many repetitions in constant memory: median and percentiles from a histogram."""

from __future__ import annotations

import numpy as np

BIN_MS = 0.02
BINS = 25_000


class Durations:
    """How long something took, again and again. Resolution 0.02 ms; everything over 0.5 s counts as 0.5 s."""

    def __init__(self) -> None:
        self._counts = np.zeros(BINS + 1, dtype=np.int64)
        self.count = 0

    def add(self, seconds: float) -> None:
        self._counts[min(int(seconds * 1000.0 / BIN_MS), BINS)] += 1
        self.count += 1

    def percentile_ms(self, percent: float) -> float | None:
        """Upper end of the bin that holds this percentile, ms; None before the first repetition."""
        if self.count == 0:
            return None
        rank = np.searchsorted(np.cumsum(self._counts), max(1, np.ceil(self.count * percent / 100.0)))
        return round((int(rank) + 1) * BIN_MS, 3)
