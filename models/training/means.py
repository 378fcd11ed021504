"""Means of the parts of a loss between two validations."""

from __future__ import annotations

import math
from collections.abc import Mapping


class Means:
    """Running means of the parts of the loss.

    Args:
        state: what ``state`` gave, to go on from there.
    """

    def __init__(self, state: Mapping[str, tuple[float, int]] | None = None) -> None:
        self._sums = {name: float(total) for name, (total, _) in (state or {}).items()}
        self._counts = {name: int(count) for name, (_, count) in (state or {}).items()}

    @property
    def state(self) -> dict[str, tuple[float, int]]:
        """Sums and counts."""
        return {name: (total, self._counts[name]) for name, total in self._sums.items()}

    def add(self, parts: dict[str, float]) -> None:
        for name, value in parts.items():
            if math.isfinite(value):
                self._sums[name] = self._sums.get(name, 0.0) + value
                self._counts[name] = self._counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """The means so far, which start again."""
        means = {name: round(self._sums[name] / self._counts[name], 6) for name in self._sums}
        self._sums, self._counts = {}, {}
        return means
