"""The exact Poisson interval against published values and against its own definition."""

from __future__ import annotations

import pytest
from scipy.stats import poisson

from wakeful import ConfigError
from wakeful.device import extras
from wakeful.device.evaluation.poisson import rate_interval


@pytest.mark.parametrize(
    ("events", "low", "high"),
    # Garwood's 95 % limits as tabulated (for one, in Johnson, Kotz & Kemp, Univariate Discrete Distributions).
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (3, 0.619, 8.767), (10, 4.795, 18.390), (100, 81.364, 121.627)],
)
def test_the_interval_is_the_tabulated_one(events: int, low: float, high: float) -> None:
    assert rate_interval(events, 1.0) == pytest.approx((low, high), abs=0.002)


def test_twice_the_time_is_half_the_rate() -> None:
    once, twice = rate_interval(4, 0.5), rate_interval(4, 1.0)
    assert once == pytest.approx((2 * twice[0], 2 * twice[1]))


def test_a_count_in_the_thousands_neither_overflows_nor_takes_long() -> None:
    low, high = rate_interval(5000, 1.0)
    # The normal approximation is within a few here: 5000 plus and minus 1.96 square roots.
    assert (low, high) == pytest.approx((4862.4, 5140.6), abs=1.0)


def test_the_bounds_leave_half_of_the_rest_on_either_side() -> None:
    low, high = rate_interval(7, 1.0, confidence=0.9)
    assert poisson.cdf(7, high) == pytest.approx(0.05)
    assert 1.0 - poisson.cdf(6, low) == pytest.approx(0.05)


@pytest.mark.parametrize(("events", "hours", "confidence"), [(-1, 1.0, 0.95), (0, 0.0, 0.95), (0, 1.0, 1.0)])
def test_invalid_arguments_are_refused(events: int, hours: float, confidence: float) -> None:
    with pytest.raises(ValueError, match="a rate needs"):
        rate_interval(events, hours, confidence)


def test_without_scipy_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"scipy: pip install 'wakeful\[evaluate\]'"):
        rate_interval(3, 1.0)
