"""Squints raise nothing with a reader that gives openings alone; closed lids do, however slowly they came down."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.device.state.drives import Outcome, Part, drive
from wakeful.device.config.layers import load_profile
from wakeful.device.evaluation import opening_series

SERIES = Path(__file__).parents[4] / "shared" / "data" / "sleepiness"


def glide(begin: float, end: float, seconds: float) -> list[Part]:
    count = round(30.0 * seconds)
    return [Part(1.0 / 30.0, begin + (end - begin) * (n + 1) / count) for n in range(count)]


def squints(bottom: float, fall_s: float, stay_s: float, times: int) -> Outcome:
    one = [*glide(1.0, bottom, fall_s), Part(stay_s, bottom), *glide(bottom, 1.0, 0.2), Part(0.6)]
    return drive(Part(10.0), *one * times, Part(2.0))


@pytest.mark.parametrize(("bottom", "fall_s"), [(0.25, 0.2), (0.16, 0.3), (0.1, 0.5)])
def test_squints_are_no_closures_and_raise_nothing(bottom: float, fall_s: float) -> None:
    outcome = squints(bottom, fall_s, 0.4, 40)
    assert outcome.alerts == []
    assert outcome.closures() == []


def test_lids_that_close_as_often_make_the_driver_drowsy() -> None:
    outcome = squints(0.05, 0.1, 0.4, 40)
    assert len(outcome.closures()) == 40
    assert outcome.raised("drowsy")


@pytest.mark.parametrize("fall_s", [0.1, 0.5, 2.0])
def test_a_microsleep_is_one_however_slowly_the_lids_came_down(fall_s: float) -> None:
    assert len(squints(0.05, fall_s, 1.3, 1).raised("microsleep")) == 1


def test_lids_that_are_not_quite_closed_are_asleep_after_three_seconds() -> None:
    outcome = squints(0.25, 0.5, 4.0, 1)
    [start_s] = outcome.raised("sleep")
    assert start_s == pytest.approx(13.4, abs=0.2)
    assert outcome.raised("microsleep") == [start_s]


def test_a_profile_without_the_bound_knows_no_squint() -> None:
    """As in logs of an earlier version, which replay to the same alerts."""
    assert type(load_profile("vehicle")[0].eyes)().squint_fall_s == 0.0


@pytest.mark.shared
@pytest.mark.skipif(not SERIES.is_dir(), reason="needs the series of lid openings, which are not part of the project")
def test_lids_in_millimetres_of_two_people_are_told_apart() -> None:
    profile, _ = load_profile("vehicle")
    for series in opening_series.load(SERIES):
        found = opening_series.replay(series.at(30.0), profile)
        codes = {code for _, code, _ in found.alerts}
        microsleeps = sum(length >= 1.0 for length in found.closures_s)
        if "squint" in series.name or "partial" in series.name:
            assert (codes, microsleeps) == (set(), 0), series.name
        else:
            assert "microsleep" in codes and microsleeps >= 4, series.name
