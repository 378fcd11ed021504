"""Where the person looks, over time."""

from __future__ import annotations

import pytest

from wakeful.device.messages import Observation, Unreadable
from wakeful.device.state.attention import Attention, AttentionView
from wakeful.device.state.gaze_zone import Direction
from wakeful.device.state.profile import Profile


def looked(*looks: tuple[float, float | None], yaw_deg: float | None = 0.0) -> list[AttentionView]:
    """Looks of (seconds, gaze yaw) at 30 moments a second, the road straight ahead."""
    attention, views, frame = Attention(Profile("test", ()), Direction(0.0, 0.0)), [], 0
    for seconds, gaze in looks:
        for _ in range(round(seconds * 30)):
            pitch = None if gaze is None else 0.0
            hidden = Unreadable.OFF_AXIS if gaze is None else None
            seen = Observation(
                round(frame / 30 * 1e9),
                frame,
                face=True,
                yaw_deg=yaw_deg,
                pitch_deg=0.0,
                gaze_yaw_deg=gaze,
                gaze_pitch_deg=pitch,
                unreadable=hidden,
            )
            views.append(attention.step(seen, None, eyes_open=gaze is not None))
            frame += 1
    return views


@pytest.mark.parametrize("away_deg", [25.0, 45.0, 90.0])
def test_a_look_is_as_long_however_far_it_goes(away_deg: float) -> None:
    [glance] = [view.ended for view in looked((1.0, 0.0), (1.5, away_deg), (1.0, 0.0)) if view.ended]
    assert (glance.end_ns - glance.start_ns) / 1e9 == pytest.approx(1.5, abs=0.04)


def test_an_iris_that_jumps_for_a_frame_is_no_look() -> None:
    views = looked((1.0, 0.0), (0.034, 60.0), (1.0, 0.0))
    assert {view.zone for view in views} == {"road"}


def test_a_head_turned_far_says_enough_where_no_eye_is_seen() -> None:
    assert looked((1.0, None), yaw_deg=60.0)[-1].zone == "side_window"
    assert looked((1.0, None), yaw_deg=10.0)[-1].zone == ""
    assert looked((1.0, None), yaw_deg=None)[-1].zone == ""


@pytest.mark.parametrize(
    ("gaze_deg", "zone"),
    [(16.0, "mirrors"), (4.0, "road"), (-16.0, "road")],
    ids=["goes with the head", "stays on the road", "goes the other way"],
)
def test_a_gaze_that_goes_with_a_turned_head_has_gone_as_far(gaze_deg: float, zone: str) -> None:
    assert looked((1.0, gaze_deg), yaw_deg=23.0)[-1].zone == zone


def test_a_gaze_that_wavers_around_the_rim_of_the_road_is_one_look() -> None:
    wavering = [(0.3, gaze_deg) for _ in range(4) for gaze_deg in (20.5, 19.0)]
    views = looked((1.0, 0.0), *wavering, (1.0, 0.0))
    assert [round((view.ended.end_ns - view.ended.start_ns) / 1e9, 1) for view in views if view.ended] == [2.4]


def test_a_sinking_head_that_wavers_around_the_bound_is_one_look() -> None:
    attention, zones = Attention(Profile("test", ()), Direction(0.0, 0.0)), []
    for frame in range(60):
        pitch_deg = -18.0 if frame % 2 else -16.5
        seen = Observation(
            frame * 33_000_000, frame, True, yaw_deg=0.0, pitch_deg=pitch_deg, gaze_yaw_deg=0.0, gaze_pitch_deg=-2.0
        )
        zones.append(attention.step(seen, None, eyes_open=True, opening=0.85).zone)
    assert "road" not in zones[1:]


@pytest.mark.parametrize(
    ("head_deg", "gaze_deg", "opening", "zone"),
    [
        (-5.0, -5.0, 0.55, "lap"),
        (-5.0, -5.0, 0.95, "road"),
        (-5.0, -1.0, 0.55, "road"),
        (-1.0, -5.0, 0.55, "road"),
        (-9.0, -1.0, 0.55, "lap"),
    ],
    ids=["all go down", "lids stay up", "eyes stay up: tired lids", "head stays up: tired lids", "a head by itself"],
)
def test_lids_count_as_a_look_down_where_a_head_goes_far_down_or_head_and_irises_do(
    head_deg: float, gaze_deg: float, opening: float, zone: str
) -> None:
    attention, seen_zone = Attention(Profile("test", ()), Direction(0.0, 0.0), Direction(0.0, 0.0)), ""
    for frame in range(15):
        seen = Observation(
            frame * 33_000_000,
            frame,
            True,
            yaw_deg=0.0,
            pitch_deg=head_deg,
            gaze_yaw_deg=0.0,
            gaze_pitch_deg=gaze_deg,
        )
        seen_zone = attention.step(seen, None, eyes_open=True, opening=opening).zone
    assert seen_zone == zone


def test_a_glance_is_still_running_while_lids_cover_the_eyes_for_a_moment() -> None:
    *_, covered = looked((1.0, 0.0), (2.0, 40.0), (0.5, None))
    assert (covered.zone, covered.off_road_s) == ("", None)
    assert covered.running_s == pytest.approx(2.0, abs=0.15)
    assert looked((1.0, 0.0), (2.0, 40.0), (1.5, None))[-1].running_s == 0.0


def test_until_the_way_to_the_road_is_known_nothing_is() -> None:
    view = Attention(Profile("test", ()), None).step(
        Observation(0, 0, True, gaze_yaw_deg=0.0, gaze_pitch_deg=0.0), None, eyes_open=True
    )
    assert view == AttentionView("", None, None, None, None)


@pytest.mark.parametrize(
    ("gaze_deg", "opening", "goes_on"),
    [(-4.0, 0.55, True), (-1.0, 0.55, False), (-4.0, 0.95, False)],
    ids=["irises and lids stay down", "irises come up", "lids come up"],
)
def test_a_look_down_that_goes_on_needs_irises_and_lids_alone(gaze_deg: float, opening: float, goes_on: bool) -> None:
    attention, zones = Attention(Profile("test", ()), Direction(0.0, 0.0), Direction(0.0, 0.0)), []
    for frame in range(60):
        going_down = frame < 15
        seen = Observation(
            frame * 33_000_000,
            frame,
            True,
            yaw_deg=0.0,
            pitch_deg=-5.0 if going_down else -1.0,
            gaze_yaw_deg=0.0,
            gaze_pitch_deg=-5.0 if going_down else gaze_deg,
        )
        zones.append(attention.step(seen, None, eyes_open=True, opening=0.55 if going_down else opening).zone)
    assert zones[14] == "lap"
    assert (zones[-1] != "road") == goes_on
