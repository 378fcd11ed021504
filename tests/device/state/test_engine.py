"""What the engine says of whole drives."""

from __future__ import annotations

import pytest

from tests.device.state.drives import EYES_ALONE, Outcome, Part, drive
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Acknowledge, Health, Level, Observation, Pause, Phase, SetDriver, VehicleSpeed
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig

AWAKE = Part(10.0)
RATES = pytest.mark.parametrize(
    ("fps", "jitter_s", "drop"),
    [(10.0, 0.0, 0.0), (15.0, 0.0, 0.0), (30.0, 0.0, 0.0), (30.0, 0.02, 0.0), (30.0, 0.0, 0.2)],
)


def codes(outcome: Outcome) -> list[tuple[str, str]]:
    return [(alert.code, alert.phase.value) for alert in outcome.alerts]


def test_an_awake_driver_is_left_alone() -> None:
    assert drive(Part(120.0)).alerts == []


def test_blinks_raise_nothing_and_are_told_as_closures() -> None:
    outcome = drive(AWAKE, *[Part(0.2, 0.0), Part(2.8)] * 10)
    assert outcome.alerts == []
    assert len(outcome.closures()) == 10


@RATES
@pytest.mark.parametrize(
    ("closed_s", "expected"),
    [
        (0.8, []),
        (1.3, ["microsleep"]),
        (2.7, ["microsleep"]),
        (3.3, ["microsleep", "sleep"]),
        (5.7, ["microsleep", "sleep"]),
        (6.3, ["microsleep", "sleep", "unresponsive"]),
    ],
)
def test_the_ladder_climbs_with_the_length_of_a_closure(
    closed_s: float, expected: list[str], fps: float, jitter_s: float, drop: float
) -> None:
    outcome = drive(AWAKE, Part(closed_s, 0.0), AWAKE, fps=fps, jitter_s=jitter_s, drop=drop)
    assert [alert.code for alert in outcome.alerts if alert.phase is Phase.RAISED] == expected
    bounds = {"microsleep": 1.0, "sleep": 3.0, "unresponsive": 6.0}
    for code in expected:
        assert outcome.raised(code) == [pytest.approx(10.0 + bounds[code], abs=0.2)]


@RATES
def test_the_edges_of_a_closure_are_told_within_a_fifth_of_a_second(fps: float, jitter_s: float, drop: float) -> None:
    [closure] = drive(AWAKE, Part(2.0, 0.0), AWAKE, fps=fps, jitter_s=jitter_s, drop=drop).closures()
    assert closure == pytest.approx((10.0, 12.0), abs=0.2)


def test_eyes_that_are_not_seen_are_not_closed() -> None:
    assert drive(AWAKE, Part(30.0, None), AWAKE).alerts == []


def test_a_closure_goes_on_over_a_moment_in_which_the_eyes_are_not_seen() -> None:
    outcome = drive(AWAKE, Part(1.5, 0.0), Part(0.3, None), Part(1.5, 0.0), AWAKE)
    assert outcome.raised("sleep") == [pytest.approx(13.0, abs=0.1)]
    assert len(outcome.closures()) == 1


def test_a_closure_does_not_grow_while_the_face_is_lost() -> None:
    outcome = drive(AWAKE, Part(1.5, 0.0), Part(5.0, None, face=False), Part(1.5, 0.0), AWAKE)
    assert outcome.raised("sleep") == []
    assert len(outcome.closures()) == 2


def test_one_closure_raises_each_alert_once() -> None:
    outcome = drive(AWAKE, Part(30.0, 0.0), AWAKE)
    assert [phase for code, phase in codes(outcome) if code == "sleep"] == ["raised", "cleared"]


def test_the_next_closure_raises_the_alert_again() -> None:
    outcome = drive(AWAKE, Part(1.5, 0.0), Part(3.0), Part(1.5, 0.0), AWAKE)
    assert len(outcome.raised("microsleep")) == 2


def test_a_driver_who_sleeps_again_under_a_standing_alert_is_told_again() -> None:
    outcome = drive(AWAKE, Part(3.5, 0.0), Part(1.0), Part(3.5, 0.0), AWAKE)
    assert [phase for code, phase in codes(outcome) if code == "sleep"] == ["raised", "escalated", "cleared"]


def test_a_warning_ends_when_the_eyes_have_been_open_for_a_while() -> None:
    outcome = drive(AWAKE, Part(1.5, 0.0), AWAKE)
    assert outcome.times("microsleep", Phase.CLEARED) == [pytest.approx(12.0, abs=0.1)]


def test_an_urgent_alert_latches_for_ten_seconds_after_it_was_raised() -> None:
    outcome = drive(AWAKE, Part(3.5, 0.0), Part(20.0))
    assert outcome.times("sleep", Phase.CLEARED) == [pytest.approx(23.0, abs=0.1)]


def test_an_acknowledged_urgent_alert_ends_after_two_seconds_of_open_eyes() -> None:
    outcome = drive(AWAKE, Part(3.5, 0.0), Part(1.0), Part(19.0, command=Acknowledge(2)))
    assert outcome.times("sleep", Phase.ACKNOWLEDGED) == [pytest.approx(14.5, abs=0.1)]
    assert outcome.times("sleep", Phase.CLEARED) == [pytest.approx(15.5, abs=0.1)]


def test_acknowledging_does_not_end_the_alert_of_a_driver_who_still_sleeps() -> None:
    outcome = drive(AWAKE, Part(3.5, 0.0), Part(5.0, 0.0, command=Acknowledge(2)), Part(1.0))
    assert outcome.times("sleep", Phase.CLEARED) == []


def test_a_driver_who_hides_from_the_camera_does_not_clear_an_alert() -> None:
    outcome = drive(AWAKE, Part(3.5, 0.0), Part(60.0, None, face=False))
    assert outcome.times("sleep", Phase.CLEARED) == []
    assert outcome.steps[-1].state.level is Level.URGENT


@pytest.mark.parametrize(("speed_kmh", "warned"), [(0.0, False), (19.0, False), (20.0, True), (None, True)])
def test_closure_rules_hold_from_20_kmh_and_at_unknown_speed(speed_kmh: float | None, warned: bool) -> None:
    outcome = drive(AWAKE, Part(3.5, 0.0), AWAKE, speed_kmh=speed_kmh)
    assert bool(outcome.raised("sleep")) is warned


def test_a_speed_told_on_the_way_opens_the_gate() -> None:
    outcome = drive(AWAKE, Part(3.5, 0.0, command=VehicleSpeed(60.0)), AWAKE, speed_kmh=0.0)
    assert len(outcome.raised("sleep")) == 1


def test_the_level_of_the_state_is_that_of_the_worst_alert() -> None:
    outcome = drive(AWAKE, Part(7.0, 0.0))
    assert (outcome.steps[-1].state.level, outcome.steps[-1].state.code) == (Level.EMERGENCY, "unresponsive")


def test_frames_out_of_order_are_left_out() -> None:
    engine = Engine(EngineConfig(load_profile("vehicle")[0], EYES_ALONE))
    first = engine.step(Observation(2_000, 1, True, eye_aspect_left=0.3))
    assert engine.step(Observation(1_000, 2, False)).state == first.state


def test_a_lost_camera_is_told_once_and_says_nothing_of_the_eyes() -> None:
    engine = Engine(EngineConfig(load_profile("vehicle")[0], EYES_ALONE))
    engine.step(Observation(0, 0, True, eye_aspect_left=0.3))
    steps = [engine.tick(t_ns, Health.CAMERA_LOST) for t_ns in (100, 200)]
    assert [event.data["health"] for step in steps for event in step.events] == ["camera_lost"]
    assert steps[-1].state.eyes_closed is None
    assert steps[-1].state.face is False


def test_calibration_is_told_in_steps_and_ends_after_a_minute_of_seen_eyes() -> None:
    outcome = drive(Part(70.0))
    told = [(event.t_ns / 1e9, event.data["progress_pct"]) for event in outcome.events if event.kind == "calibration"]
    assert [pct for _, pct in told] == [10.0 * n for n in range(1, 11)]
    assert told[-1][0] == pytest.approx(60.0, abs=1.0)
    assert outcome.steps[-1].state.health is Health.OK


def test_a_person_with_narrow_eyes_is_not_taken_for_a_sleeper() -> None:
    assert drive(Part(60.0, 0.6)).alerts == []


def test_perclos_is_unknown_until_half_of_its_window_was_seen() -> None:
    outcome = drive(Part(29.0), Part(0.5), Part(20.0))
    known = [step.state.t_ns / 1e9 for step in outcome.steps if step.state.perclos_60s is not None]
    assert known[0] == pytest.approx(30.0, abs=0.6)


def test_perclos_below_eight_frames_a_second_is_unknown() -> None:
    outcome = drive(Part(120.0), fps=6.0)
    assert {step.state.perclos_60s for step in outcome.steps} == {None}
    assert outcome.steps[-1].state.health is Health.DEGRADED


def test_a_long_look_at_the_lap_does_not_become_the_way_to_the_road() -> None:
    outcome = drive(AWAKE, Part(25.0, pitch_deg=-40.0))
    assert outcome.raised("long_distraction") == [pytest.approx(13.0, abs=0.4)]
    assert outcome.times("long_distraction", Phase.CLEARED) == []


def test_who_settled_down_before_looking_ahead_is_not_called_distracted_for_ever() -> None:
    outcome = drive(Part(6.0, pitch_deg=-30.0), Part(54.0), Part(30.0))
    assert outcome.steps[-1].state.gaze_zone == "road"


def test_an_alert_is_told_again_under_the_rule_of_another_speed() -> None:
    parts = Part(65.0), Part(10.0, yaw_deg=60.0), Part(80.0, yaw_deg=60.0, command=VehicleSpeed(40.0))
    outcome = drive(*parts, profile="eu-gsr", speed_kmh=60.0)
    assert outcome.times("long_distraction", Phase.ESCALATED)


def test_a_command_takes_effect_though_nobody_looks_at_what_it_returns() -> None:
    engine = Engine(EngineConfig(load_profile("vehicle")[0], EYES_ALONE))
    engine.command(0, VehicleSpeed(10.0))
    engine.command(0, Pause(5.0))
    state = engine.step(Observation(1_000, 1, True, eye_aspect_left=0.3)).state
    assert (state.speed_kmh, state.health) == (10.0, Health.PAUSED)
    engine.adopt(2_000, load_profile("robot")[0])
    engine.command(3_000, SetDriver("ada"))
    step = engine.step(Observation(4_000, 2, True, eye_aspect_left=0.3))
    assert [event.data["name"] for event in step.events if event.kind == "driver"] == ["ada"]
