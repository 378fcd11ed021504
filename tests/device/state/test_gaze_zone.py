"""The way to the road and the zones around it."""

from __future__ import annotations

import pytest

from wakeful.device.state.gaze_zone import Direction, RoadDirection, most_frequent, zone_of
from wakeful.device.state.profile import GazeSection, Zone


def looked(road: RoadDirection, yaw_deg: float, seconds: float, from_s: float = 0.0) -> float:
    for frame in range(round(seconds * 10)):
        road.see(round((from_s + frame / 10) * 1e9), Direction(yaw_deg, 0.0))
    return from_s + seconds


def test_the_road_is_where_most_looks_meet() -> None:
    looks = [Direction(30.0 + n % 3, 5.0) for n in range(10)] + [Direction(-40.0 + 10.0 * n, 0.0) for n in range(6)]
    assert most_frequent(looks).yaw_deg == pytest.approx(31.0, abs=0.5)


def test_it_is_unknown_for_the_first_seconds_and_stays_after_the_last() -> None:
    road = RoadDirection(5.0, 20.0)
    end_s = looked(road, 10.0, 4.0)
    assert road.direction is None
    end_s = looked(road, 10.0, 17.0, end_s)
    assert road.learned
    looked(road, 60.0, 200.0, end_s)
    assert road.direction == Direction(10.0, 0.0)


@pytest.mark.parametrize("fps", [1.0, 2.0, 3.0, 5.0, 30.0])
def test_it_is_known_after_the_same_time_at_any_rate(fps: float) -> None:
    road, known_s = RoadDirection(5.0, 60.0), None
    for frame in range(round(20 * fps)):
        road.see(round(frame / fps * 1e9), Direction(10.0, 0.0))
        if known_s is None and road.direction is not None:
            known_s = frame / fps
    assert known_s == pytest.approx(5.0, abs=0.2 + 1.0 / fps)


def test_it_moves_only_for_twice_as_many_looks() -> None:
    road = RoadDirection(5.0, 60.0)
    end_s = looked(road, 0.0, 8.0)
    end_s = looked(road, 30.0, 14.0, end_s)
    assert road.direction == Direction(0.0, 0.0)
    looked(road, 30.0, 6.0, end_s)
    assert road.direction == Direction(30.0, 0.0)


def test_how_the_head_is_held_is_learned_from_looks_at_the_road_alone() -> None:
    """In a long look aside the head is held stiller than on the road, but the eyes are not on the road."""
    road = RoadDirection(5.0, 60.0)
    for sample in range(30):
        aside = 8 <= sample < 18
        gaze, head = (-50.0 - 2 * sample, -45.0) if aside else (sample % 2, -10.0 + 2.0 * (sample % 8))
        road.see(sample * 200_000_000, Direction(gaze, 0.0), Direction(head, 0.0))
    assert road.direction is not None and road.head is not None
    assert abs(road.direction.yaw_deg) < 2.0 and abs(road.head.yaw_deg) < 12.0


def test_the_head_is_learned_beside_a_known_way_of_the_gaze_and_stays_where_it_is_known() -> None:
    for known_head in (None, Direction(5.0, 0.0)):
        road = RoadDirection(5.0, 60.0, Direction(-20.0, 0.0), known_head)
        for sample in range(400):
            gaze = 30.0 if sample % 3 else -20.0
            road.see(sample * 200_000_000, Direction(gaze, 0.0), Direction(gaze / 2.0, 0.0))
        assert road.head == (known_head or Direction(-10.0, 0.0))


def test_a_road_that_is_told_is_not_learned() -> None:
    road = RoadDirection(5.0, 60.0, Direction(-20.0, 3.0))
    looked(road, 10.0, 70.0)
    assert road.direction == Direction(-20.0, 3.0)


def test_zones_are_asked_in_their_order_around_the_road() -> None:
    section = GazeSection(zones=(Zone("road", (-10, 10), (-10, 10)), Zone("aside", (-90, 90), (-90, 90))))
    road = Direction(30.0, 0.0)
    assert zone_of(Direction(35.0, 0.0), road, section) == "road"
    assert zone_of(Direction(0.0, 0.0), road, section) == "aside"
    assert zone_of(Direction(150.0, 0.0), road, section) == "elsewhere"
