"""Statistics of measured times: their spread, and whether one subject is faster than another. Pure.

Percentiles are measured times (the smallest with at least that share at or below it), as MLPerf
Inference reports them. Ratios come with an interval by the bootstrap (Efron & Tibshirani, An Introduction to the
Bootstrap, 1993, chapter 13), which redraws whole turns and not single runs: runs that follow each other are alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass

CONFIDENCE = 0.99
RESAMPLES = 4000
MIN_TURNS = 6
"""With fewer turns no difference can be shown at that confidence."""
RESOLUTION = 0.01
"""Smaller differences are ignored: two processes of one program differ by as much, by their memory layout."""


class Verdict(StrEnum):
    """The second compared with the first."""

    FASTER = "faster"
    SLOWER = "slower"
    NO_DIFFERENCE = "no difference"
    UNDECIDED = "too few turns"


@dataclass(frozen=True, slots=True)
class Spread:
    """How times are distributed, ms.

    Attributes:
        p95_ms, p99_ms, jitter_ms: None where there are too few times for them (20 and 100).
        jitter_ms: p99 less p50.
        quantiles_ms: the percentiles 0, 1, ... 100.
    """

    count: int
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float
    jitter_ms: float | None
    quantiles_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Times of the second over those of the first: below 1 the second is faster.

    Attributes:
        low, high: the interval that holds the true ratio with ``CONFIDENCE``.
        turns: how many it was drawn from.
    """

    ratio: float
    low: float
    high: float
    turns: int

    @property
    def verdict(self) -> Verdict:
        if self.turns < MIN_TURNS:
            return Verdict.UNDECIDED
        if self.high < 1.0 and self.ratio <= 1.0 - RESOLUTION:
            return Verdict.FASTER
        if self.low > 1.0 and self.ratio >= 1.0 + RESOLUTION:
            return Verdict.SLOWER
        return Verdict.NO_DIFFERENCE


def spread(times_ms: Sequence[float] | NDArray[np.float64]) -> Spread:
    """The spread of at least one time."""
    times = np.asarray(times_ms, np.float64)
    quantiles = np.percentile(times, np.arange(101), method="inverted_cdf")
    p50, p90, p95, p99 = (float(quantiles[percent]) for percent in (50, 90, 95, 99))
    tail = times.size >= 100
    return Spread(
        count=int(times.size),
        mean_ms=float(times.mean()),
        p50_ms=p50,
        p90_ms=p90,
        p95_ms=p95 if times.size >= 20 else None,
        p99_ms=p99 if tail else None,
        max_ms=float(times.max()),
        jitter_ms=p99 - p50 if tail else None,
        quantiles_ms=tuple(quantiles.tolist()),
    )


def ratio_in_turns(first_ms: Sequence[float], second_ms: Sequence[float], seed: int = 0) -> Ratio:
    """Ratio of two that took turns, from the median time of each turn.

    Turn i of the first is paired with turn i of the second: a disturbance affected both.
    """
    turns = min(len(first_ms), len(second_ms))
    logs = np.log(np.asarray(second_ms[:turns]) / np.asarray(first_ms[:turns]))
    drawn = logs[np.random.default_rng(seed).integers(0, turns, (RESAMPLES, turns))]
    return _ratio(float(np.median(logs)), np.median(drawn, axis=1), turns)


def ratio_apart(first_ms: Sequence[float], second_ms: Sequence[float], seed: int = 0) -> Ratio:
    """Ratio of two measured at different times, from the median time of each turn; other changes are not covered."""
    dice = np.random.default_rng(seed)
    one, two = (np.log(np.asarray(times)) for times in (first_ms, second_ms))
    drawn_one, drawn_two = (
        np.median(logs[dice.integers(0, logs.size, (RESAMPLES, logs.size))], axis=1) for logs in (one, two)
    )
    return _ratio(float(np.median(two) - np.median(one)), drawn_two - drawn_one, min(one.size, two.size))


def _ratio(middle: float, drawn: NDArray[np.float64], turns: int) -> Ratio:
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(drawn, [tail, 1.0 - tail])
    return Ratio(math.exp(middle), math.exp(float(low)), math.exp(float(high)), turns)
