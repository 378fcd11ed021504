"""The driver goes and comes back while a passenger is in view: 40 cases rendered, and the same with real people."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.device.perception.cabin import (
    AWAY_S,
    LEAVES_S,
    PASSENGERS,
    SEATS,
    Passenger,
    Ride,
    filmed,
    rendered,
    ride,
)

WITHIN_S = 2.0

every_passenger = pytest.mark.parametrize("passenger", PASSENGERS, ids=lambda one: one.name.replace(" ", "_"))
every_absence = pytest.mark.parametrize("away_s", AWAY_S)
every_seat = pytest.mark.parametrize("seat", SEATS)


def assert_right(found: Ride) -> None:
    """The driver is watched before the absence, and again soon after it."""
    before = [found.is_right(x) for t_s, _, x in found.moments if 0.5 < t_s < LEAVES_S]
    assert sum(before) >= 0.98 * len(before)
    assert found.late_s <= WITHIN_S


@pytest.mark.parametrize(
    ("passenger", "seat"),
    [(PASSENGERS[0], "seat learned"), (PASSENGERS[2], "seat set"), (PASSENGERS[4], "seat learned")],
    ids=lambda one: getattr(one, "name", one),
)
def test_the_driver_is_watched_again(passenger: Passenger, seat: str) -> None:
    assert_right(ride(rendered(), passenger, 5.0, SEATS[seat]))


@pytest.mark.slow
@every_passenger
@every_absence
@every_seat
def test_the_rendered_driver_is_watched_again_within_two_seconds(
    passenger: Passenger, away_s: float, seat: str
) -> None:
    assert_right(ride(rendered(), passenger, away_s, SEATS[seat]))


@pytest.mark.slow
@pytest.mark.shared
@every_passenger
@every_absence
@every_seat
def test_the_real_driver_is_watched_again_within_two_seconds(
    clips: Path, passenger: Passenger, away_s: float, seat: str
) -> None:
    assert_right(ride(filmed(clips), passenger, away_s, SEATS[seat]))


def test_outside_of_a_seat_that_is_set_nobody_is_watched() -> None:
    found = ride(rendered(), PASSENGERS[3], 5.0, SEATS["seat set"])
    assert [x for _, there, x in found.moments if not there and x is not None] == []
