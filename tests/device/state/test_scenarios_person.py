"""Whose eyes they are: learning a person, resisting what would spoil it, knowing again, and noticing another."""

from __future__ import annotations

from typing import Any

import pytest

from tests.device.state.drives import EYES_ALONE, OPEN_ASPECT, Camera, Outcome, Part, any_camera, assert_alerts, drive
from wakeful.device.drivers import Calibration

LEARN = Part(62.0)


def swaps(outcome: Outcome) -> list[float]:
    """When another driver was noticed, s."""
    return [event.t_ns / 1e9 for event in outcome.events if event.data.get("reason") == "driver_changed"]


def test_the_tiring_driver_cannot_teach_open_eyes_away() -> None:
    outcome = drive(LEARN, Part(300.0, 0.55), Part(1.5, 0.25), Part(3.0), fps=10.0)
    assert outcome.learned is not None
    assert outcome.learned.eye_aspect_left == pytest.approx(OPEN_ASPECT, rel=0.01)
    assert len(outcome.raised("microsleep")) == 1


def test_the_driver_asleep_while_learned_is_not_learned_asleep() -> None:
    outcome = drive(Part(5.0), *[Part(2.0, 0.05), Part(2.0)] * 40, fps=10.0)
    assert outcome.learned is not None
    assert outcome.learned.eye_aspect_left == pytest.approx(OPEN_ASPECT, rel=0.02)


def test_raised_brows_now_and_then_do_not_make_usual_eyes_look_closed() -> None:
    outcome = drive(*[Part(1.0, 1.4), Part(9.0)] * 7, fps=10.0)
    assert outcome.learned is not None
    assert outcome.learned.eye_aspect_left == pytest.approx(OPEN_ASPECT, rel=0.02)
    assert_alerts(outcome)


@any_camera
@pytest.mark.parametrize("change", [0.85, 0.9, 1.1, 1.15])
def test_the_driver_who_puts_glasses_on_raises_nothing(change: float, camera: Camera) -> None:
    known = Calibration(EYES_ALONE.name, OPEN_ASPECT, OPEN_ASPECT, 0.0, 0.0)
    blinks = [Part(2.0, eyes=change), Part(0.15, 0.0)] * 5
    outcome = drive(Part(5.0), Part(4.0, face=False), *blinks, Part(1.0), known=known, camera=camera)
    assert_alerts(outcome)
    assert swaps(outcome) == []
    assert len(outcome.closures()) == 5


@any_camera
def test_the_known_driver_is_judged_from_the_first_second(camera: Camera) -> None:
    known = Calibration(EYES_ALONE.name, 0.18, 0.18, -30.0, 0.0)
    narrow = OPEN_ASPECT * 0.6
    aside: dict[str, Any] = {"eyes": narrow / OPEN_ASPECT, "yaw_deg": -30.0}
    outcome = drive(Part(2.0, **aside), Part(1.3, 0.0, **aside), Part(3.0, **aside), known=known, camera=camera)
    assert outcome.raised("microsleep") == [pytest.approx(3.0, abs=0.2)]
    assert outcome.steps[0].state.health.value == "ok"
    assert outcome.steps[0].state.eye_open_left == pytest.approx(1.0)
    assert outcome.steps[0].state.gaze_zone == "road"


def test_what_another_reader_learned_is_left_aside() -> None:
    outcome = drive(Part(5.0), known=Calibration("another", 0.9, 0.9, 50.0, 0.0))
    assert outcome.steps[-1].state.eye_open_left == pytest.approx(1.0)
    assert outcome.steps[-1].state.calibration_pct < 10.0


@any_camera
def test_another_driver_after_three_seconds_is_told_and_learned_afresh(camera: Camera) -> None:
    known = Calibration(EYES_ALONE.name, OPEN_ASPECT, OPEN_ASPECT, 0.0, 0.0)
    outcome = drive(Part(5.0), Part(3.5, face=False), Part(10.0, eyes=0.65), known=known, camera=camera)
    assert swaps(outcome) == [pytest.approx(11.5, abs=0.3)]
    assert outcome.steps[-1].state.calibration_pct < 20.0
    assert_alerts(outcome)


def test_alerts_of_the_one_before_do_not_stand_for_another_driver() -> None:
    known = Calibration(EYES_ALONE.name, OPEN_ASPECT, OPEN_ASPECT, 0.0, 0.0)
    outcome = drive(Part(5.0), Part(3.5, 0.0), Part(4.0, face=False), Part(6.0, eyes=0.65), known=known, speed_kmh=40.0)
    cleared = [alert.code for alert in outcome.alerts if alert.phase.value == "cleared"]
    assert sorted(cleared) == ["microsleep", "sleep"]


@any_camera
@pytest.mark.parametrize(("away_s", "eyes"), [(2.5, 0.65), (10.0, 0.9), (10.0, 1.0)])
def test_a_driver_who_bends_down_and_comes_back_is_the_same(away_s: float, eyes: float, camera: Camera) -> None:
    known = Calibration(EYES_ALONE.name, OPEN_ASPECT, OPEN_ASPECT, 0.0, 0.0)
    outcome = drive(Part(5.0), Part(away_s, face=False), Part(6.0, eyes=eyes), known=known, camera=camera)
    assert swaps(outcome) == []


@any_camera
def test_the_driver_who_comes_back_asleep_is_no_other_driver(camera: Camera) -> None:
    known = Calibration(EYES_ALONE.name, OPEN_ASPECT, OPEN_ASPECT, 0.0, 0.0)
    outcome = drive(Part(5.0), Part(4.0, face=False), Part(5.0, 0.1), known=known, camera=camera, speed_kmh=40.0)
    assert swaps(outcome) == []
    assert [alert.code for alert in outcome.alerts] == ["microsleep", "sleep"]
