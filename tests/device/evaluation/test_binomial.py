"""The exact interval of a share against published values and against its own definition."""

from __future__ import annotations

import pytest
from scipy.stats import binom

from wakeful.device.evaluation.binomial import share_interval


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    # Clopper & Pearson's 95 % limits as tabulated.
    [
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (50, 100, 0.3983, 0.6017),
    ],
)
def test_the_interval_is_the_tabulated_one(hits: int, trials: int, low: float, high: float) -> None:
    assert share_interval(hits, trials) == pytest.approx((low, high), abs=0.0002)


def test_at_each_bound_what_was_seen_has_half_of_the_rest() -> None:
    low, high = share_interval(7, 20)
    assert 1.0 - binom.cdf(6, 20, low) == pytest.approx(0.025, abs=1e-6)
    assert binom.cdf(7, 20, high) == pytest.approx(0.025, abs=1e-6)


def test_large_counts_do_not_overflow() -> None:
    low, high = share_interval(2000, 4000)
    assert (low, high) == pytest.approx((0.4844, 0.5156), abs=0.0002)


@pytest.mark.parametrize(("hits", "trials", "confidence"), [(1, 0, 0.95), (3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)])
def test_what_is_no_trial_is_refused(hits: int, trials: int, confidence: float) -> None:
    with pytest.raises(ValueError, match="a share needs"):
        share_interval(hits, trials, confidence)
