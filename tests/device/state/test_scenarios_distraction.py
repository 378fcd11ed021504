"""Drivers who look away from the road."""

from __future__ import annotations

from typing import Any

import pytest

from tests.device.state.drives import Camera, Outcome, Part, any_camera, assert_alerts, drive, told
from wakeful.device.messages import Phase, Unreadable, VehicleSpeed

AWAKE = Part(10.0)
PHONE = (0.0, -40.0)


def zones(outcome: Outcome) -> list[str]:
    return [str(event.data["zone"]) for event in outcome.events if event.kind == "glance"]


@any_camera
def test_the_phone_reader_with_open_eyes_is_distracted_after_three_seconds(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(4.0, look=PHONE), AWAKE, camera=camera)
    assert_alerts(outcome, told("long_distraction", "raised", 13.0), told("long_distraction", "cleared", 14.5))


@any_camera
def test_a_look_at_the_phone_of_under_three_seconds_is_a_glance(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(2.7, look=PHONE), AWAKE, camera=camera)
    assert_alerts(outcome)
    assert outcome.spans("glance") == [pytest.approx((10.0, 12.7), abs=0.25)]
    assert zones(outcome) == ["lap"]


@any_camera
@pytest.mark.parametrize(
    ("look", "zone"),
    [
        ((0.0, -20.0), "instruments"),
        ((10.0, -45.0), "lap"),
        ((40.0, 5.0), "mirrors"),
        ((-40.0, 10.0), "mirrors"),
        ((80.0, 0.0), "side_window"),
        ((-80.0, 0.0), "side_window"),
    ],
)
def test_a_glance_has_the_zone_it_went_to(look: tuple[float, float], zone: str, camera: Camera) -> None:
    outcome = drive(AWAKE, Part(1.5, look=look), AWAKE, camera=camera)
    assert_alerts(outcome)
    assert zones(outcome) == [zone]


@any_camera
def test_the_careful_driver_who_checks_every_mirror_is_left_alone(camera: Camera) -> None:
    checks = [Part(0.8, look=(40.0, 5.0)), Part(3.0), Part(0.8, look=(-40.0, 5.0)), Part(3.0)] * 10
    outcome = drive(AWAKE, *checks, camera=camera)
    assert_alerts(outcome)
    assert set(zones(outcome)) == {"mirrors"}


@any_camera
def test_the_texter_who_glances_back_every_four_seconds(camera: Camera) -> None:
    outcome = drive(AWAKE, *[Part(2.8, look=PHONE), Part(1.2)] * 8, AWAKE, camera=camera)
    # Three whole looks and 1.6 s of the fourth are ten seconds; two seconds on the road end it.
    assert_alerts(outcome, told("short_distraction", "raised", 23.6), told("short_distraction", "cleared", 42.8))


def looks(total_s: float) -> list[Part]:
    """Four looks away that add up to this within 30 s, with 1.5 s on the road between them."""
    return [Part(total_s / 4.0, look=PHONE), Part(1.5)] * 3 + [Part(total_s / 4.0, look=PHONE)]


@any_camera
def test_the_navigator_who_looks_away_for_9_8_of_30_seconds_is_left_alone(camera: Camera) -> None:
    assert_alerts(drive(AWAKE, *looks(9.8), AWAKE, camera=camera))


@any_camera
def test_the_navigator_who_looks_away_for_10_2_of_30_seconds_is_distracted(camera: Camera) -> None:
    outcome = drive(AWAKE, *looks(10.2), AWAKE, camera=camera)
    assert_alerts(outcome, told("short_distraction", "raised", 24.5), told("short_distraction", "cleared", 26.7))


@any_camera
def test_looks_away_over_more_than_30_seconds_do_not_add_up(camera: Camera) -> None:
    assert_alerts(drive(AWAKE, *[Part(0.8, look=PHONE), Part(1.9)] * 20, camera=camera))


@any_camera
def test_two_seconds_on_the_road_wipe_out_what_was_before(camera: Camera) -> None:
    assert_alerts(drive(AWAKE, *[Part(2.7, look=PHONE), Part(2.3)] * 10, camera=camera))


@any_camera
def test_a_blink_does_not_cut_a_long_look_in_two(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(1.4, look=PHONE), Part(0.2, 0.0), Part(2.4, look=PHONE), AWAKE, camera=camera)
    assert_alerts(outcome, told("long_distraction", "raised", 13.0), told("long_distraction", "cleared", 14.5))


@any_camera
def test_the_driver_turned_to_the_back_seat_is_distracted_although_no_eye_is_seen(camera: Camera) -> None:
    turned = Part(4.0, None, yaw_deg=70.0, unreadable=Unreadable.OFF_AXIS)
    outcome = drive(AWAKE, turned, AWAKE, camera=camera)
    assert_alerts(outcome, told("long_distraction", "raised", 13.0), told("long_distraction", "cleared", 14.5))


@any_camera
def test_the_sleeper_is_not_distracted(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(5.0, 0.0), Part(20.0), camera=camera)
    assert not [alert for alert in outcome.alerts if "distraction" in alert.code]


@any_camera
def test_the_distracted_driver_who_hides_is_distracted_until_seen_on_the_road(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(4.0, look=PHONE), Part(20.0, face=False), AWAKE, camera=camera)
    assert_alerts(outcome, told("long_distraction", "raised", 13.0), told("long_distraction", "cleared", 34.5))


@any_camera
def test_the_driver_beside_the_camera_is_not_distracted(camera: Camera) -> None:
    """The camera hangs 30 degrees aside and 12 below: where the person looks most is the road."""
    road: dict[str, Any] = {"yaw_deg": -30.0, "pitch_deg": 12.0}
    outcome = drive(Part(30.0, **road), Part(4.0), Part(10.0, **road), camera=camera)
    assert_alerts(outcome, told("long_distraction", "raised", 33.0), told("long_distraction", "cleared", 34.5))
    assert zones(outcome) == ["mirrors"]


def test_the_texter_of_the_first_minute_does_not_make_the_phone_the_road() -> None:
    outcome = drive(AWAKE, *[Part(2.5, look=PHONE), Part(1.5)] * 13, Part(15.0))
    assert outcome.learned is not None
    assert (outcome.learned.road_yaw_deg, outcome.learned.road_pitch_deg) == pytest.approx((0.0, 0.0), abs=0.1)
    assert len(outcome.raised("short_distraction")) == 1


def test_the_driver_who_first_sets_the_navigation_is_understood_within_a_minute() -> None:
    outcome = drive(Part(6.0, look=(-30.0, -25.0)), Part(130.0), fps=10.0)
    assert outcome.learned is not None
    assert (outcome.learned.road_yaw_deg, outcome.learned.road_pitch_deg) == pytest.approx((0.0, 0.0), abs=0.1)
    assert max(t_s for t_s in outcome.times("long_distraction", Phase.CLEARED)) < 60.0


@any_camera
@pytest.mark.parametrize(
    ("kmh", "away_s", "raised_s"),
    [(60.0, 3.3, None), (60.0, 3.8, 3.5), (30.0, 5.7, None), (30.0, 6.4, 6.0), (15.0, 10.0, None)],
)
def test_addw_warns_after_3_5_s_from_50_kmh_and_after_6_s_from_20(
    kmh: float, away_s: float, raised_s: float | None, camera: Camera
) -> None:
    outcome = drive(AWAKE, Part(away_s, look=PHONE), AWAKE, profile="eu-gsr", speed_kmh=kmh, camera=camera)
    if raised_s is None:
        assert_alerts(outcome)
    else:
        assert_alerts(
            outcome,
            told("long_distraction", "raised", 10.0 + raised_s),
            told("long_distraction", "cleared", 10.0 + away_s + 0.5),
        )


@any_camera
def test_addw_counts_anew_after_in_out_in(camera: Camera) -> None:
    parts = (AWAKE, Part(2.5, look=PHONE), Part(0.6), Part(2.5, look=PHONE), AWAKE)
    assert_alerts(drive(*parts, profile="eu-gsr", speed_kmh=60.0, camera=camera))


@any_camera
def test_addw_is_not_fooled_by_a_flick_of_the_eyes_to_the_road(camera: Camera) -> None:
    parts = (AWAKE, Part(2.5, look=PHONE), Part(0.1), Part(2.5, look=PHONE), AWAKE)
    outcome = drive(*parts, profile="eu-gsr", speed_kmh=60.0, camera=camera)
    assert_alerts(outcome, told("long_distraction", "raised", 13.5), told("long_distraction", "cleared", 15.6))


@any_camera
def test_addw_looks_within_the_windscreen_are_on_the_road(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(8.0, look=(45.0, 0.0)), AWAKE, profile="eu-gsr", speed_kmh=60.0, camera=camera)
    assert_alerts(outcome)


@any_camera
def test_a_look_away_that_began_at_the_traffic_light_is_told_once_the_vehicle_moves(camera: Camera) -> None:
    moving = Part(2.0, look=PHONE, command=VehicleSpeed(30.0))
    outcome = drive(AWAKE, Part(5.0, look=PHONE), moving, AWAKE, speed_kmh=0.0, camera=camera)
    assert_alerts(outcome, told("long_distraction", "raised", 15.0), told("long_distraction", "cleared", 17.5))
