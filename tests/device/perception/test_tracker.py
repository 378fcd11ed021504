"""A face is looked for where it was, unless it moves."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from wakeful.device.perception.region import Region
from wakeful.device.perception.tracker import steady

BEFORE = Region(320.0, 240.0, 300.0, 0.1)


def test_a_face_that_hardly_moves_is_looked_for_in_the_same_place() -> None:
    assert steady(BEFORE, Region(320.6, 239.5, 300.5, 0.102)) is BEFORE


@pytest.mark.parametrize(
    "now",
    [replace(BEFORE, x_px=324.0), replace(BEFORE, size_px=305.0), replace(BEFORE, angle_rad=0.12)],
    ids=["moved", "nearer", "tilted"],
)
def test_a_face_that_moves_is_followed(now: Region) -> None:
    assert steady(BEFORE, now) is now


def test_a_slow_face_is_followed_in_steps() -> None:
    place, places = BEFORE, set()
    for step in range(40):
        now = replace(BEFORE, x_px=320.0 + step / 4.0)
        place = steady(place, now)
        places.add(place.x_px)
        assert abs(now.x_px - place.x_px) <= 0.9
    assert 8 <= len(places) <= 14


def test_upside_down_is_no_turn_by_a_whole_circle() -> None:
    before = replace(BEFORE, angle_rad=math.pi - 0.001)
    assert steady(before, replace(before, angle_rad=-math.pi + 0.001)) is before
