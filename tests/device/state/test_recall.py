"""Somebody is taken for a person who is known, rightly or wrongly: what is known helps, and costs no alert."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.device.state.blinking import Floats, blinking, sampled
from tests.device.state.drives import (
    EYES_ALONE,
    OPEN_ASPECT,
    SAME_S,
    Camera,
    Outcome,
    Part,
    any_camera,
    assert_alerts,
    drive,
    observation,
)
from tests.device.state.test_properties import drives, few
from wakeful.device.config.layers import load_profile
from wakeful.device.drivers import BlinkBaseline, Calibration, DriverRecognized
from wakeful.device.messages import Phase
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig

OWN = Calibration(EYES_ALONE.name, OPEN_ASPECT, OPEN_ASPECT, 0.0, 0.0)
WIDE = replace(OWN, eye_aspect_left=1.7 * OPEN_ASPECT, eye_aspect_right=1.7 * OPEN_ASPECT)
NARROW = replace(OWN, eye_aspect_left=0.6 * OPEN_ASPECT, eye_aspect_right=0.6 * OPEN_ASPECT)
ELSEWHERE = replace(OWN, road_yaw_deg=-35.0)
WRONG = (WIDE, NARROW, ELSEWHERE, replace(WIDE, road_yaw_deg=40.0))


def taken_for(known: Calibration, seconds: float = 1.0, **part: object) -> Part:
    return Part(seconds, command=DriverRecognized("anna", 0.7, known), **part)  # type: ignore[arg-type]


def dropped(outcome: Outcome) -> list[tuple[float, object]]:
    """When something did not fit, s, and what."""
    found = [event for event in outcome.events if event.data.get("reason") == "driver_mismatch"]
    return [(event.t_ns / 1e9, event.data["measure"]) for event in found]


def later(without: Outcome, recalled: Outcome) -> list[tuple[str, float]]:
    """The alerts that were not active at the latest ``SAME_S`` after they were raised without."""
    missing = []
    for alert in without.alerts:
        if alert.phase not in (Phase.RAISED, Phase.ESCALATED):
            continue
        until_ns = alert.t_ns + SAME_S * 1e9
        steps = [one for one in recalled.alerts if one.code == alert.code and one.t_ns <= until_ns]
        if not steps or (steps[-1].phase is Phase.CLEARED and steps[-1].t_ns < alert.t_ns):
            missing.append((alert.code, alert.t_ns / 1e9))
    return missing


def test_the_driver_who_is_recognized_is_learned_from_the_first_second() -> None:
    outcome = drive(Part(1.0), taken_for(OWN, 70.0), fps=10.0)
    assert outcome.steps[-1].state.driver == "anna"
    assert [event.data for event in outcome.events if event.kind == "driver"] == [{"name": "anna", "similarity": 0.7}]
    assert outcome.health_at(1.1) == "ok"
    assert dropped(outcome) == []
    assert outcome.learned is not None
    assert outcome.learned.eye_aspect_left == pytest.approx(OPEN_ASPECT, rel=0.01)
    assert_alerts(outcome)


def test_the_tired_driver_who_is_recognized_cannot_teach_drooping_lids() -> None:
    hanging = [Part(9.0, 0.65), Part(1.0, 1.0)] * 8
    shut = Part(1.5, 0.28)
    without = drive(Part(1.0, 0.65), *hanging, shut, Part(1.0, 0.65), fps=10.0)
    recalled = drive(taken_for(OWN, opening=0.65), *hanging, shut, Part(1.0, 0.65), fps=10.0)
    assert without.raised("microsleep") == []
    assert recalled.raised("microsleep") == [pytest.approx(82.0, abs=0.3)]
    assert dropped(recalled) == []


@pytest.mark.parametrize(("known", "measure"), [(WIDE, "eyes"), (NARROW, "eyes"), (ELSEWHERE, "road")])
def test_what_does_not_fit_is_dropped_within_a_minute(known: Calibration, measure: str) -> None:
    blinks = [Part(3.0), Part(0.2, 0.0)] * 12
    outcome = drive(taken_for(known), *blinks, Part(1.0), fps=10.0)
    assert [what for _, what in dropped(outcome)] == [measure]
    assert dropped(outcome)[0][0] < 60.0
    assert outcome.steps[-1].state.eye_open_left == pytest.approx(1.0)


@pytest.mark.parametrize("known", WRONG, ids=("wide", "narrow", "elsewhere", "wide and elsewhere"))
@pytest.mark.parametrize(("at_s", "camera"), [(1.0, Camera(10.0)), (75.0, Camera(10.0))], ids=str)
def test_a_wrong_person_s_data_cost_no_alert(known: Calibration, at_s: float, camera: Camera) -> None:
    scenes = [
        *(Part(at_s),),
        *(Part(4.0), Part(3.5, 0.0), Part(6.0), Part(4.0, look=(-60.0, 0.0)), Part(6.0)),
        *[Part(2.2), Part(0.8, 0.05)] * 25,
        *(Part(8.0, 0.0), Part(5.0), Part(5.0, look=(0.0, -40.0)), Part(5.0)),
    ]
    without = drive(*scenes, speed_kmh=60.0, camera=camera)
    recalled = drive(scenes[0], taken_for(known, 0.1), *scenes[1:], speed_kmh=60.0, camera=camera)
    shifted = replace(without, alerts=[replace(one, t_ns=one.t_ns + 10**8) for one in without.alerts])
    assert {alert.code for alert in without.alerts} >= {"sleep", "unresponsive", "drowsy", "long_distraction"}
    assert later(shifted, recalled) == []


@few
@given(drives, st.sampled_from(WRONG), st.integers(0, 9))
def test_whatever_a_driver_does_no_alert_is_lost_by_a_wrong_name(
    scenes: list[Part], known: Calibration, at: int
) -> None:
    at = min(at, len(scenes) - 1)
    scenes = [*scenes[:at], replace(scenes[at], command=None), *scenes[at + 1 :]]
    wrong = [*scenes]
    wrong[at] = replace(scenes[at], command=DriverRecognized("anna", 0.7, known))
    assert later(drive(*scenes, fps=10.0), drive(*wrong, fps=10.0)) == []


@any_camera
def test_a_sleeper_who_is_recognized_sleeps_on(camera: Camera) -> None:
    asleep = [Part(1.0, 0.0), taken_for(WIDE, 1.0, opening=0.0), taken_for(NARROW, 1.5, opening=0.0)]
    outcome = drive(Part(10.0), *asleep, Part(3.0), speed_kmh=60.0, camera=camera)
    assert outcome.raised("sleep") == [pytest.approx(13.0, abs=0.2)]
    assert outcome.raised("microsleep") == [pytest.approx(11.0, abs=0.2)]


def test_the_road_that_is_known_counts_until_this_drive_has_its_own() -> None:
    hidden = {"gaze_yaw_deg": None, "gaze_pitch_deg": None}
    outcome = drive(taken_for(OWN, 3.0, measures=hidden), Part(6.0, yaw_deg=60.0, measures=hidden), speed_kmh=60.0)
    assert outcome.raised("long_distraction") == [pytest.approx(6.0, abs=0.3)]
    without = drive(Part(3.0, measures=hidden), Part(6.0, yaw_deg=60.0, measures=hidden), speed_kmh=60.0)
    assert without.raised("long_distraction") == []


def test_another_person_s_name_ends_with_that_person() -> None:
    known = replace(OWN, road_yaw_deg=None, road_pitch_deg=None)
    away = [Part(62.0), Part(4.0, face=False), Part(6.0, eyes=0.65)]
    outcome = drive(taken_for(known), *away, fps=10.0)
    assert outcome.steps[60].state.driver == "anna"
    assert outcome.steps[-1].state.driver == ""


def drowsy_at(known: Calibration | None, fine: Floats) -> tuple[list[float], list[object], Calibration | None]:
    """When somebody who blinks so gives an advisory, s; what did not fit; what is learned."""
    engine = Engine(EngineConfig(load_profile("vehicle")[0], EYES_ALONE, 100.0))
    engine.command(0, DriverRecognized("anna", 0.7, known))
    taken = [
        engine.step(observation(Part(1.0, opening), t_ns, seq))
        for seq, (t_ns, opening) in enumerate(sampled(fine, 15.0))
    ]
    raised = [alert.t_ns / 1e9 for step in taken for alert in step.alerts if alert.code == "drowsy"]
    events = [event for step in taken for event in step.events if event.data.get("reason") == "driver_mismatch"]
    return raised, [event.data["measure"] for event in events], engine.calibration()


def test_who_gets_in_sleepy_is_compared_with_alert_blinks_of_earlier() -> None:
    nothing, _, alert = drowsy_at(None, blinking(32, sleepy=False))
    sleepy = blinking(34, sleepy=True, seed=1)
    assert nothing == [] and alert is not None and alert.blinks is not None
    assert drowsy_at(None, sleepy)[0] == []
    raised, misfits, _ = drowsy_at(alert, sleepy)
    assert raised[0] < 80.0 and misfits == []
    assert drowsy_at(alert, blinking(34, sleepy=False, seed=2))[:2] == ([], [])


def test_blinks_of_another_length_altogether_are_dropped_once_this_drive_knows_its_own() -> None:
    short = replace(OWN, road_yaw_deg=None, road_pitch_deg=None, blinks=BlinkBaseline(0.09, 0.02, 0.9, 0.08))
    assert drowsy_at(short, blinking(40, sleepy=False))[1] == ["blinks"]


def test_data_of_another_reader_are_left_aside() -> None:
    outcome = drive(Part(1.0), taken_for(replace(WIDE, reader="other"), 30.0), fps=10.0)
    assert dropped(outcome) == []
    assert outcome.steps[-1].state.calibration_pct < 60.0


def test_a_second_answer_of_the_same_person_begins_no_second_trial() -> None:
    again = Part(30.0, command=DriverRecognized("anna", 0.7, WIDE, live=True))
    outcome = drive(taken_for(WIDE, 30.0), again, fps=10.0)
    assert len(dropped(outcome)) == 1
    assert [event.data.get("live") for event in outcome.events if event.kind == "driver"] == [None, 1]
