"""What happens to the seeing: eyes that cannot be read, cameras that slow down or freeze, clocks that jump."""

from __future__ import annotations

import math

import pytest

from tests.device.state.drives import Camera, Part, any_camera, assert_alerts, drive, told
from wakeful.device.messages import Health, Unreadable

AWAKE = Part(10.0)
KMH = 40.0


@any_camera
@pytest.mark.parametrize("reason", [Unreadable.DARK, Unreadable.OCCLUDED])
def test_the_driver_who_puts_on_sunglasses_is_told_and_not_taken_for_a_sleeper(
    reason: Unreadable, camera: Camera
) -> None:
    outcome = drive(AWAKE, Part(20.0, None, unreadable=reason), AWAKE, camera=camera)
    assert_alerts(outcome)
    assert outcome.health_at(20.0) == f"degraded {reason.value}"
    assert outcome.health_at(32.0) == "calibrating"
    assert {step.state.closure_s for step in outcome.steps if 10.2 < step.state.t_ns / 1e9 < 29.8} == {None}


@any_camera
def test_eyes_that_flicker_behind_a_reflection_are_degraded(camera: Camera) -> None:
    glare = [Part(0.7, None, unreadable=Unreadable.GLARE), Part(0.3)] * 12
    outcome = drive(AWAKE, *glare, AWAKE, camera=camera)
    assert outcome.health_at(20.0) == "degraded glare"
    assert outcome.health_at(24.5) == "calibrating"
    assert_alerts(outcome)


@any_camera
def test_the_driver_in_sunglasses_who_looks_into_the_lap_stays_unreadable(camera: Camera) -> None:
    shades = Part(8.0, None, unreadable=Unreadable.OCCLUDED)
    past_the_rim = Part(4.0, 0.9, yaw_deg=12.0, pitch_deg=-33.0)
    outcome = drive(AWAKE, shades, past_the_rim, shades, AWAKE, camera=camera)
    assert {outcome.health_at(t_s) for t_s in (16.0, 19.0, 21.5, 25.0)} == {"degraded occluded"}
    assert outcome.health_at(32.0) == "calibrating"


@any_camera
def test_a_face_found_and_lost_in_the_dark_is_told_as_dark_all_the_while(camera: Camera) -> None:
    found, lost = Part(1.3, None, unreadable=Unreadable.DARK), Part(2.6, face=False)
    outcome = drive(AWAKE, *[found, lost] * 5, AWAKE, camera=camera)
    told = [health for t_s, health in outcome.health() if 15.0 < t_s < 29.0]
    assert told == []
    assert outcome.health_at(28.0) == "degraded dark"
    assert outcome.health_at(31.0) == "calibrating"
    assert_alerts(outcome)


@any_camera
def test_a_closure_behind_sunglasses_counts_from_when_the_eyes_are_seen(camera: Camera) -> None:
    shades = Part(8.0, None, unreadable=Unreadable.OCCLUDED)
    outcome = drive(AWAKE, shades, Part(1.4, 0.0), AWAKE, camera=camera, speed_kmh=KMH)
    assert_alerts(outcome, told("microsleep", "raised", 19.0), told("microsleep", "cleared", 19.9))


@any_camera
def test_the_empty_seat_is_told_within_a_second(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(5.0, face=False), AWAKE, camera=camera)
    assert outcome.health_at(11.4) == "no_face"
    assert outcome.health_at(15.3) == "calibrating"
    assert_alerts(outcome)


@pytest.mark.parametrize("fps", [20.0, 12.0, 9.0, 8.5])
def test_a_camera_that_slows_down_in_the_dusk_still_finds_the_sleeper(fps: float) -> None:
    outcome = drive(AWAKE, Part(10.0, fps=fps), Part(3.3, 0.0, fps=fps), Part(15.0, fps=fps), speed_kmh=KMH)
    assert outcome.raised("microsleep") == [pytest.approx(21.0, abs=0.2)]
    assert outcome.raised("sleep") == [pytest.approx(23.0, abs=0.2)]


def test_a_camera_that_slows_from_30_to_8_and_below_raises_nothing_by_itself() -> None:
    outcome = drive(*[Part(10.0, fps=fps) for fps in (30.0, 24.0, 15.0, 10.0, 8.0, 5.0, 5.0)])
    assert_alerts(outcome)
    assert outcome.health_at(69.0) == "degraded slow"


@any_camera
def test_a_frozen_camera_neither_raises_nor_clears(camera: Camera) -> None:
    frozen = Part(30.0, camera=Health.CAMERA_LOST)
    outcome = drive(AWAKE, Part(3.5, 0.0), frozen, Part(5.0), camera=camera, speed_kmh=KMH)
    assert outcome.health_at(20.0) == "camera_lost"
    assert_alerts(
        outcome,
        told("microsleep", "raised", 11.0),
        told("microsleep", "cleared", 44.0),
        told("sleep", "raised", 13.0),
        told("sleep", "cleared", 45.5),
    )


@any_camera
def test_eyes_closed_before_and_after_a_frozen_camera_are_two_closures(camera: Camera) -> None:
    frozen = Part(5.0, camera=Health.CAMERA_LOST)
    outcome = drive(AWAKE, Part(0.8, 0.0), frozen, Part(0.8, 0.0), AWAKE, camera=camera)
    assert_alerts(outcome)
    assert len(outcome.closures()) == 2


@any_camera
@pytest.mark.parametrize("jump_s", [3600.0, 20.0, 0.3, -0.3, -20.0, -3600.0])
def test_a_clock_that_jumps_raises_nothing(jump_s: float, camera: Camera) -> None:
    assert_alerts(drive(Part(6.0), Part(0.3, 0.0), Part(0.2, 0.0, clock_s=jump_s), AWAKE, camera=camera, start_s=1e4))


@pytest.mark.parametrize("jump_s", [3600.0, -5.0, -3600.0])
def test_after_a_clock_jump_sleep_is_found_and_the_alert_ends_as_always(jump_s: float) -> None:
    parts = (AWAKE, Part(2.0, clock_s=jump_s), Part(3.5, 0.0), Part(20.0))
    outcome = drive(*parts, start_s=1e4, speed_kmh=KMH)
    begin_s = 1e4 + jump_s + 12.0
    assert_alerts(
        outcome,
        told("microsleep", "raised", begin_s + 1.0),
        told("microsleep", "cleared", begin_s + 4.0),
        told("sleep", "raised", begin_s + 3.0),
        told("sleep", "cleared", begin_s + 13.0),
    )


def test_a_clock_that_jumps_back_under_an_urgent_alert_does_not_latch_it_for_ever() -> None:
    outcome = drive(AWAKE, Part(3.5, 0.0), Part(1.0), Part(20.0, clock_s=-3600.0), start_s=1e4, speed_kmh=KMH)
    # The latch counts anew from the jump.
    [cleared_s] = [alert.t_ns / 1e9 for alert in outcome.alerts if alert.phase.value == "cleared" and alert.seq == 2]
    assert cleared_s == pytest.approx(1e4 - 3600.0 + 14.5 + 10.0, abs=0.2)


def test_after_a_clock_that_jumped_back_learning_health_and_an_empty_seat_go_on() -> None:
    outcome = drive(Part(30.0), Part(40.0, clock_s=-3600.0), Part(3.0, face=False), start_s=1e4)
    assert outcome.learned is not None
    assert outcome.steps[-1].state.health is Health.NO_FACE


@any_camera
@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf, 1e300])
def test_landmarks_that_are_no_numbers_are_unknown_and_not_closed(broken: float, camera: Camera) -> None:
    names = ("eye_aspect_left", "eye_aspect_right", "lid_drop", "mouth_aspect", "yaw_deg", "pitch_deg")
    measures = dict.fromkeys((*names, "gaze_yaw_deg", "gaze_pitch_deg"), broken)
    outcome = drive(Part(6.0), Part(7.0, measures=measures), Part(3.0), camera=camera)
    assert_alerts(outcome)
    assert outcome.health_at(12.9).startswith("degraded")
    assert outcome.health_at(15.5) == "calibrating"
