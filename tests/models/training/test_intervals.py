"""Intervals of figures: as wide as theory says, the same each time, over examples and not over readings."""

from __future__ import annotations

import numpy as np
import pytest

from wakeful.models.training.intervals import interval_95, middle_95, with_interval


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    values = np.random.default_rng(1).normal(4.0, 2.0, 900)
    found = with_interval("error_pct", values, 4)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert found["error_pct"] == round(float(values.mean()), 4)
    low, high = found["error_pct_95"]
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.1 * half)


def test_of_two_intervals_about_one_in_twenty_leaves_out_the_truth() -> None:
    rng = np.random.default_rng(2)
    missed = 0
    for _ in range(200):
        values = rng.exponential(1.0, 60)
        low, high = interval_95(lambda rows, v=values: float(np.median(v[rows])), 60, 6, rounds=200)  # type: ignore[misc]
        missed += not low <= np.log(2.0) <= high
    assert 2 <= missed <= 24


def test_examples_are_drawn_the_same_way_each_time() -> None:
    values = np.arange(40.0)
    assert with_interval("yaw_deg", values, 2, np.median) == with_interval("yaw_deg", values, 2, np.median)


def test_draws_without_a_figure_are_left_out() -> None:
    assert middle_95(np.array([1.0, np.nan, 1.0])) == (1.0, 1.0)
