"""Rates of recognition are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from wakeful.models.identity.rates import accepted_at, different_pairs, draws, equal_error, same_pairs, verified

PEOPLE = np.repeat(np.arange(30), 4)


def test_pairs_are_of_one_person_or_of_two_and_the_same_each_time() -> None:
    same, different = same_pairs(PEOPLE), different_pairs(PEOPLE, 500)
    assert len(same) == 30 * 6 and (PEOPLE[same[:, 0]] == PEOPLE[same[:, 1]]).all()
    assert len(different) == 500 and (PEOPLE[different[:, 0]] != PEOPLE[different[:, 1]]).all()
    assert (different == different_pairs(PEOPLE, 500)).all()
    assert len(different_pairs(PEOPLE, 10**6)) == 120 * 119 // 2 - len(same)


def test_equal_error_of_similarities_that_overlap_by_a_fifth() -> None:
    same, different = np.arange(80, 180) / 100.0, np.arange(0, 100) / 100.0
    accuracy, bound = equal_error(same, different)
    assert accuracy == pytest.approx(0.9, abs=0.01) and bound == pytest.approx(0.9, abs=0.02)
    assert equal_error(different + 2.0, different)[0] == 1.0


def test_acceptance_at_a_rate_of_false_acceptance() -> None:
    different = np.arange(1000) / 1000.0
    accepted, bound = accepted_at(np.array([0.5, 0.985, 0.995, 2.0]), different, 0.01)
    assert accepted == 0.5 and (different > bound).mean() == pytest.approx(0.01)


def test_intervals_hold_the_figure_and_are_wider_with_fewer_people() -> None:
    rng = np.random.default_rng(3)
    mean = rng.normal(size=(30, 16))
    numbers = mean[PEOPLE] + rng.normal(0.0, 0.9, (len(PEOPLE), 16))

    def similarity(pairs: np.ndarray) -> np.ndarray:
        return -np.linalg.norm(numbers[pairs[:, 0]] - numbers[pairs[:, 1]], axis=1)

    found = verified(PEOPLE, similarity, resampled=50)
    few = verified(PEOPLE[:40], similarity, resampled=50)
    assert 0.7 < found.accuracy < 1.0
    assert found.accuracy_95[0] <= found.accuracy <= found.accuracy_95[1]
    assert np.ptp(few.accuracy_95) > np.ptp(found.accuracy_95)


def test_draws_enrol_as_many_of_each_and_try_the_others() -> None:
    for gallery, queries in draws(PEOPLE, 3, count=4):
        assert (np.bincount(PEOPLE[gallery]) == 3).all() and len(queries) == 30
        assert not set(gallery) & set(queries)
    first, again = draws(PEOPLE, 1, count=2), draws(PEOPLE, 1, count=2)
    assert (first[1][0] == again[1][0]).all() and (first[0][0] != first[1][0]).any()
