"""Engagement with a robot, told as encounters: who looks, blinks, sleeps, leaves and comes back, and how far away."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.device.state.drives import Outcome, Part, drive
from wakeful.device.messages import Observation
from wakeful.device.state.engagement import IRIS_MM, Engagement, EngagementView
from wakeful.device.state.profile import EngagementSection

CAMERAS_FPS = (10.0, 15.0, 30.0)
GAZE_UP_DEG = EngagementSection().gaze_up_deg
AHEAD = {"bearing_yaw_deg": 0.0, "bearing_pitch_deg": 0.0}


def meet(*parts: Part, fps: float = 30.0) -> Outcome:
    """A robot meets somebody who stands in the middle of its picture; looks are against the way to its camera."""
    seen = [
        replace(part, look=(part.look[0], part.look[1] + GAZE_UP_DEG), measures={**AHEAD, **part.measures})
        for part in parts
    ]
    return drive(*seen, profile="robot", fps=fps)


def looks(outcome: Outcome) -> list[tuple[float, bool | None]]:
    """When the look changed, s, and to what."""
    told: list[tuple[float, bool | None]] = []
    for step in outcome.steps:
        if not told or told[-1][1] is not step.state.looking:
            told.append((round(step.state.t_ns / 1e9, 2), step.state.looking))
    return told


@pytest.mark.parametrize("fps", CAMERAS_FPS)
def test_who_looks_at_the_robot_is_told_with_the_seconds(fps: float) -> None:
    outcome = meet(Part(2.0, look=(40.0, 0.0)), Part(5.0), Part(2.0, look=(40.0, 0.0)), fps=fps)
    changes = looks(outcome)
    assert [looking for _, looking in changes] == [False, True, False]
    assert changes[1][0] == pytest.approx(2.0, abs=0.2)
    assert changes[2][0] == pytest.approx(7.5, abs=0.3)
    longest = max(step.state.looking_s or 0.0 for step in outcome.steps)
    assert longest == pytest.approx(5.5, abs=0.4)


def test_a_blink_ends_no_look() -> None:
    outcome = meet(Part(2.0), Part(0.2, opening=0.0), Part(2.0))
    assert [looking for _, looking in looks(outcome)] == [True]
    assert outcome.steps[-1].state.looking_s == pytest.approx(4.2, abs=0.1)


def test_a_gaze_that_wavers_at_the_rim_of_the_cone_is_one_look() -> None:
    rim = [Part(0.3, look=(angle, 0.0)) for _ in range(10) for angle in (11.0, 14.0)]
    assert [looking for _, looking in looks(meet(*rim))] == [True]


@pytest.mark.parametrize("aside_deg", [-30.0, 30.0])
def test_somebody_at_the_edge_of_the_picture_looks_at_the_camera_not_past_it(aside_deg: float) -> None:
    at_the_edge = {"bearing_yaw_deg": aside_deg, "bearing_pitch_deg": 0.0}
    at_camera = meet(Part(1.0, yaw_deg=aside_deg, measures=at_the_edge))
    straight_on = meet(Part(1.0, measures=at_the_edge))
    assert at_camera.steps[-1].state.looking is True
    assert straight_on.steps[-1].state.looking is False


def test_unseen_eyes_are_unknown_but_a_head_turned_away_says_enough() -> None:
    unseen = meet(Part(2.0, opening=None))
    turned = meet(Part(2.0, opening=None, yaw_deg=70.0))
    assert unseen.steps[-1].state.looking is None
    assert unseen.steps[-1].state.looking_s is None
    assert turned.steps[-1].state.looking is False


def test_a_face_without_a_bearing_is_not_judged() -> None:
    nowhere = {"bearing_yaw_deg": None, "bearing_pitch_deg": None}
    assert meet(Part(1.0, measures=nowhere)).steps[-1].state.looking is None


@pytest.mark.parametrize("fps", CAMERAS_FPS)
def test_long_closed_eyes_are_asleep_and_open_ones_awake_again(fps: float) -> None:
    outcome = meet(Part(5.0), Part(4.0, opening=0.0), Part(1.0), fps=fps)
    by_time = {round(step.state.t_ns / 1e9, 1): step.state.awake for step in outcome.steps}
    assert by_time[4.0] is True
    assert by_time[7.0] is True
    assert by_time[8.5] is False
    assert by_time[9.8] is True


def test_eyes_unseen_for_long_say_nothing_about_sleep() -> None:
    outcome = meet(Part(2.0), Part(5.0, opening=None))
    assert outcome.steps[-1].state.awake is None


def test_the_distance_follows_from_the_iris() -> None:
    # 11.7 mm at 0.8 m through a lens of 640 px are 9.36 px.
    seen = {"iris_px": 640.0 * IRIS_MM / 800.0, "focal_px": 640.0}
    outcome = meet(Part(1.0, measures=seen))
    assert outcome.steps[-1].state.distance_m == pytest.approx(0.8)
    assert meet(Part(1.0)).steps[-1].state.distance_m is None


def test_one_wrong_width_does_not_move_anybody() -> None:
    near, far = ({"iris_px": width, "focal_px": 640.0} for width in (9.36, 4.0))
    outcome = meet(Part(1.0, measures=near), Part(0.1, measures=far))
    assert outcome.steps[-1].state.distance_m == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("fps", CAMERAS_FPS)
def test_who_comes_leaves_and_comes_back_is_told_once_each(fps: float) -> None:
    outcome = meet(Part(3.0), Part(5.0, face=False), Part(3.0), fps=fps)
    told = [(event.kind, event.t_ns / 1e9) for event in outcome.events if event.kind in ("came", "left", "came_back")]
    assert [kind for kind, _ in told] == ["came", "left", "came_back"]
    assert [at for _, at in told] == [pytest.approx(at, abs=0.2) for at in (0.3, 5.0, 8.3)]
    (back,) = [event for event in outcome.events if event.kind == "came_back"]
    assert back.data["away_s"] == pytest.approx(5.0, abs=0.2)


def test_a_face_lost_for_a_moment_and_a_camera_lost_for_long_are_no_leaving() -> None:
    from wakeful.device.messages import Health

    outcome = meet(Part(3.0), Part(1.5, face=False), Part(2.0), Part(10.0, camera=Health.CAMERA_LOST), Part(2.0))
    assert [event.kind for event in outcome.events if event.kind in ("left", "came_back")] == []


def test_profiles_for_vehicles_judge_no_engagement() -> None:
    outcome = drive(Part(2.0, measures=AHEAD), profile="vehicle")
    assert outcome.steps[-1].state.looking is None
    assert [event.kind for event in outcome.events if event.kind == "came"] == []


def test_nothing_in_an_observation_makes_it_fail() -> None:
    engagement = Engagement(EngagementSection())
    odd = (None, 0.0, -1e9, 1e9, math.inf, math.nan, 89.9)
    for number, value in enumerate(odd):
        seen = Observation(
            number * 33_000_000, number, True, iris_px=value, focal_px=value, bearing_yaw_deg=0.0, bearing_pitch_deg=0.0
        )
        assert isinstance(engagement.step(seen, closed=None, closure_s=None), EngagementView)
