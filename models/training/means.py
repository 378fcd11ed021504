"""Means of the parts of a loss between two validations."""

from __future__ import annotations

import math


class Means:
    """Running means of the parts of the loss."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

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
