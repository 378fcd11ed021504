"""What the outside world may tell the judge: a pause says so and ends by itself, a new driver is judged anew."""

from __future__ import annotations

import pytest

from tests.device.state.drives import Camera as ACamera
from tests.device.state.drives import Part, any_camera, assert_alerts, drive, told
from wakeful.device.drivers import Calibration
from wakeful.device.messages import Gear, Health, Ignition, Pause, SetDriver


@any_camera
def test_a_paused_monitor_says_so_and_raises_nothing(camera: ACamera) -> None:
    outcome = drive(
        Part(5.0), Part(1.0, command=Pause(20.0)), Part(10.0, opening=0.0), Part(5.0), Part(10.0), camera=camera
    )
    assert [alert for alert in outcome.alerts if alert.t_ns < 24.8e9] == []
    assert outcome.health_at(10.0) == Health.PAUSED.value
    assert outcome.health_at(30.0) != Health.PAUSED.value
    paused = [step for step in outcome.steps if 5.2e9 < step.state.t_ns < 24.8e9]
    assert {step.state.health for step in paused} == {Health.PAUSED}


def test_a_pause_ends_by_itself_and_sleep_that_outlasts_it_is_told_at_once() -> None:
    outcome = drive(Part(5.0), Part(12.0, opening=0.0, command=Pause(5.0)), Part(1.0))
    assert min(alert.t_ns for alert in outcome.alerts) / 1e9 == pytest.approx(10.0, abs=0.2)


def test_what_stands_is_cleared_when_the_monitor_is_paused() -> None:
    outcome = drive(Part(5.0), Part(2.0, opening=0.0), Part(2.0, opening=0.0, command=Pause(60.0)))
    assert_alerts(outcome, told("microsleep", "raised", 6.0), told("microsleep", "cleared", 7.0))
    assert outcome.steps[-1].state.code == ""


def test_a_pause_of_nothing_ends_a_pause() -> None:
    outcome = drive(Part(5.0, command=Pause(600.0)), Part(3.0, command=Pause(0.0)), Part(2.0, opening=0.0))
    assert outcome.health_at(2.0) == Health.PAUSED.value
    assert outcome.raised("microsleep") == [pytest.approx(9.0, abs=0.2)]


def test_a_camera_lost_in_a_pause_is_told() -> None:
    outcome = drive(Part(5.0, command=Pause(600.0)), Part(2.0, camera=Health.CAMERA_LOST), Part(2.0))
    assert [health for _, health in outcome.health()] == ["paused", "camera_lost", "paused"]


def test_a_clock_that_jumps_back_ends_a_pause() -> None:
    outcome = drive(Part(20.0, command=Pause(600.0)), Part(5.0, clock_s=-15.0))
    assert outcome.steps[-1].state.health is not Health.PAUSED


def test_a_new_driver_is_learned_anew_and_what_stood_is_cleared() -> None:
    outcome = drive(Part(70.0), Part(2.0, opening=0.0), Part(3.0, command=SetDriver("ben")))
    assert outcome.steps[-1].state.calibration_pct < 20.0
    assert [alert.phase.value for alert in outcome.alerts if alert.code == "microsleep"] == ["raised", "cleared"]
    assert [event.data for event in outcome.events if event.kind == "driver"] == [{"name": "ben"}]


def test_a_driver_who_is_known_need_not_be_learned() -> None:
    known = Calibration("test", 0.3, 0.3)
    outcome = drive(Part(5.0), Part(2.0, command=SetDriver("ann", known)))
    assert outcome.steps[-1].state.calibration_pct == 100.0


def test_what_was_learned_with_another_reader_is_left_aside() -> None:
    outcome = drive(Part(5.0), Part(2.0, command=SetDriver("ann", Calibration("other", 0.3, 0.3))))
    assert outcome.steps[-1].state.calibration_pct < 20.0


def test_ignition_and_gear_are_passed_on() -> None:
    outcome = drive(Part(1.0, command=Ignition(True)), Part(1.0, command=Gear("R")), Part(1.0, camera=Health.STALE))
    assert {(step.state.ignition, step.state.gear) for step in outcome.steps[-5:]} == {(True, "R")}
