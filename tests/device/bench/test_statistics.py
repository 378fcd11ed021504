"""Medians and intervals from repeated runs."""

from __future__ import annotations

import numpy as np
import pytest

from wakeful.device.bench.statistics import Verdict, ratio_apart, ratio_in_turns, spread


def turns(middle_ms: float, count: int = 60, seed: int = 0, drift: float = 0.0) -> list[float]:
    """Median times of turns that waver by 3 % and rise by ``drift`` until the last."""
    dice = np.random.default_rng(seed)
    return list(middle_ms * (1 + 0.03 * dice.standard_normal(count)) * np.linspace(1, 1 + drift, count))


def test_percentiles_are_times_that_were_really_measured() -> None:
    told = spread([1.0, 2.0, 3.0, 10.0] * 50)
    assert (told.p50_ms, told.p90_ms, told.p99_ms, told.max_ms) == (2.0, 10.0, 10.0, 10.0)
    assert told.jitter_ms == 8.0
    assert told.mean_ms == 4.0
    assert len(told.quantiles_ms) == 101


@pytest.mark.parametrize(
    ("count", "p95", "p99"), [(19, False, False), (20, True, False), (99, True, False), (100, True, True)]
)
def test_a_tail_is_told_only_where_there_are_enough_times_for_it(count: int, p95: bool, p99: bool) -> None:
    told = spread(list(range(1, count + 1)))
    assert (told.p95_ms is not None, told.p99_ms is not None, told.jitter_ms is not None) == (p95, p99, p99)


def test_the_same_thing_against_itself_is_no_difference() -> None:
    verdicts = [ratio_in_turns(turns(2.0, seed=2 * n), turns(2.0, seed=2 * n + 1)).verdict for n in range(100)]
    assert verdicts.count(Verdict.NO_DIFFERENCE) >= 97


def test_a_tenth_slower_is_told_as_slower_and_the_other_way_round_as_faster() -> None:
    slower = ratio_in_turns(turns(2.0, seed=1), turns(2.2, seed=2))
    assert slower.verdict is Verdict.SLOWER
    assert slower.low < 1.1 < slower.high
    assert ratio_in_turns(turns(2.2, seed=2), turns(2.0, seed=1)).verdict is Verdict.FASTER


def test_a_machine_that_grows_hot_hurts_both_alike_when_they_take_turns() -> None:
    told = ratio_in_turns(turns(2.0, seed=1, drift=0.5), turns(2.0, seed=2, drift=0.5))
    assert told.verdict is Verdict.NO_DIFFERENCE
    assert told.high - told.low < 0.06


def test_a_difference_below_the_resolution_is_none_however_sure_it_is() -> None:
    exact = [2.0] * 50
    assert ratio_in_turns(exact, [2.01] * 50).verdict is Verdict.NO_DIFFERENCE
    assert ratio_in_turns(exact, [2.05] * 50).verdict is Verdict.SLOWER


def test_few_turns_decide_nothing() -> None:
    assert ratio_in_turns([1.0] * 5, [9.0] * 5).verdict is Verdict.UNDECIDED


def test_two_measured_apart_have_a_wider_interval_than_the_same_two_in_turns() -> None:
    first, second = turns(2.0, seed=1, drift=0.3), turns(2.0, seed=1, drift=0.3)
    in_turns, apart = ratio_in_turns(first, second), ratio_apart(first, second)
    assert in_turns.high - in_turns.low == 0.0
    assert apart.high - apart.low > 0.02
    assert apart.low < 1.0 < apart.high


def test_the_same_times_give_the_same_interval_every_time() -> None:
    assert ratio_in_turns(turns(2.0), turns(2.1, seed=3)) == ratio_in_turns(turns(2.0), turns(2.1, seed=3))
