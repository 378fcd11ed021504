"""Drivers whose lids are known to be open, lowered, narrowed or closed: asleep, looking down, laughing, half-lidded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.device.state.drives import EYES_ALONE, Camera, Part, any_camera, assert_alerts, drive, observations, told
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Alert, Phase
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.lid_states import States

OPEN: States = (0.94, 0.01, 0.03, 0.02)
LOWERED: States = (0.01, 0.83, 0.03, 0.13)
NARROWED: States = (0.05, 0.1, 0.7, 0.15)
CLOSED: States = (0.0, 0.1, 0.02, 0.88)
EVEN: States = (0.02, 0.46, 0.04, 0.48)

START_S = 10.03
AWAKE = Part(START_S, lids=OPEN)
KMH = 40.0
LAP: dict[str, Any] = {"opening": 0.15, "lids": LOWERED, "pitch_deg": -20.0}
LADDER = (("microsleep", 1.0, 0.5), ("sleep", 3.0, 2.0), ("unresponsive", 6.0, 2.0))


def ladder(closed_s: float, start_s: float) -> list[tuple[str, str, float]]:
    """The alerts of one closure followed by open eyes."""
    alerts = []
    for code, bound_s, open_s in LADDER:
        if closed_s >= bound_s:
            cleared_s = start_s + max(closed_s + open_s, bound_s + (10.0 if bound_s >= 3.0 else 0.0))
            alerts += [told(code, "raised", start_s + bound_s), told(code, "cleared", cleared_s)]
    return alerts


def near(t_s: float) -> Any:
    """About this time."""
    return pytest.approx(t_s, abs=0.3)


def raised(alerts: list[Alert]) -> list[tuple[str, float]]:
    """Code and time of what was raised or escalated."""
    return [(one.code, round(one.t_ns / 1e9, 1)) for one in alerts if one.phase in (Phase.RAISED, Phase.ESCALATED)]


@any_camera
def test_who_sleeps_from_the_first_frame_is_found_at_1_3_and_6_s(camera: Camera) -> None:
    outcome = drive(Part(7.0, 0.0, lids=CLOSED), Part(20.0, lids=OPEN), camera=camera, speed_kmh=KMH)
    assert_alerts(outcome, *ladder(7.0, 0.0))
    assert outcome.closures() == [pytest.approx((0.0, 7.0), abs=0.2)]


@any_camera
@pytest.mark.parametrize(
    ("then", "code"),
    [
        (Part(4.0, 0.1, lids=EVEN), "microsleep"),
        (Part(4.0, 0.35, lids=EVEN), "long_distraction"),
    ],
    ids=["shut", "a third open"],
)
def test_lids_that_were_seen_to_close_are_closed_at_even_odds_only_if_they_cover_the_eyes(
    then: Part, code: str, camera: Camera
) -> None:
    outcome = drive(AWAKE, then, Part(5.0, lids=OPEN), camera=camera, speed_kmh=KMH)
    assert raised(outcome.alerts)[0][0] == code


@any_camera
def test_a_head_that_turns_aside_after_the_lids_went_down_is_no_sleeper(camera: Camera) -> None:
    down = [Part(0.7, 0.1, lids=EVEN), Part(1.3, 0.1, lids=EVEN, yaw_deg=20.0)]
    outcome = drive(AWAKE, *down, Part(5.0, lids=OPEN), camera=camera, speed_kmh=KMH)
    assert_alerts(outcome)


@any_camera
@pytest.mark.parametrize("closed_s", [0.9, 1.4, 3.1, 6.1])
def test_who_nods_off_while_driving(closed_s: float, camera: Camera) -> None:
    asleep = Part(closed_s, 0.0, lids=CLOSED)
    outcome = drive(AWAKE, asleep, Part(20.0, lids=OPEN), camera=camera, speed_kmh=KMH)
    assert_alerts(outcome, *ladder(closed_s, START_S))
    assert outcome.closures() == [pytest.approx((START_S, START_S + closed_s), abs=0.2)]


@any_camera
def test_the_sleeper_with_a_bowed_head_sleeps(camera: Camera) -> None:
    """A head that sinks while the eyes close says nothing against sleep."""
    nod = [Part(0.1, 0.0, lids=CLOSED, pitch_deg=-4.0 * step) for step in range(1, 6)]
    asleep = Part(6.0, 0.0, lids=CLOSED, pitch_deg=-20.0)
    outcome = drive(AWAKE, *nod, asleep, Part(20.0, lids=OPEN), camera=camera, speed_kmh=KMH)
    assert_alerts(outcome, *ladder(6.5, START_S))


@any_camera
def test_a_closing_that_is_seen_decides_between_even_odds(camera: Camera) -> None:
    asleep = Part(3.4, 0.0, lids=EVEN)
    assert_alerts(drive(AWAKE, asleep, Part(20.0, lids=OPEN), camera=camera, speed_kmh=KMH), *ladder(3.4, START_S))


@any_camera
def test_who_squints_with_a_still_head_is_awake(camera: Camera) -> None:
    """Head and gaze stay as still as in who falls asleep, which tells closed from lowered, not from narrowed lids."""
    squints = Part(6.0, 0.3, lids=(0.48, 0.1, 0.11, 0.31))
    assert drive(AWAKE, squints, Part(10.0, lids=OPEN), camera=camera, speed_kmh=KMH).alerts == []


@any_camera
def test_lids_that_follow_the_head_down_at_even_odds_get_the_alert_of_a_look_away(camera: Camera) -> None:
    down = [Part(0.1, 0.1, lids=EVEN, pitch_deg=-4.0 * step) for step in range(1, 6)]
    outcome = drive(AWAKE, *down, Part(4.0, 0.1, lids=EVEN, pitch_deg=-20.0), AWAKE, camera=camera, speed_kmh=KMH)
    assert_alerts(
        outcome,
        told("long_distraction", "raised", START_S + 3.0),
        told("long_distraction", "cleared", START_S + 5.0),
    )


@any_camera
def test_nobody_sleeps_on_behind_even_odds(camera: Camera) -> None:
    """Closed as well as lowered from the first frame: the shared alert first, all others when nobody answers it."""
    outcome = drive(Part(10.0, 0.0, lids=EVEN), camera=camera, speed_kmh=KMH)
    assert raised(outcome.alerts) == [
        ("long_distraction", near(3.0)),
        ("unresponsive", near(9.0)),
        ("sleep", near(9.0)),
        ("microsleep", near(9.0)),
    ]


@any_camera
def test_a_look_into_the_lap_of_two_seconds_is_a_glance(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(2.0, **LAP), AWAKE, camera=camera, speed_kmh=KMH)
    assert_alerts(outcome)
    assert outcome.closures() == []
    assert outcome.spans("glance") == [pytest.approx((START_S, START_S + 2.0), abs=0.25)]
    assert [event.data["zone"] for event in outcome.events if event.kind == "glance"] == ["lap"]


@any_camera
def test_a_look_into_the_lap_of_four_seconds_is_a_distraction_and_no_sleep(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(4.0, **LAP), AWAKE, camera=camera, speed_kmh=KMH)
    assert_alerts(
        outcome,
        told("long_distraction", "raised", START_S + 3.0),
        told("long_distraction", "cleared", START_S + 4.5),
    )


@any_camera
def test_a_look_into_the_lap_of_twelve_seconds_escalates_six_seconds_after_its_warning(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(12.0, **LAP), Part(20.0, lids=OPEN), camera=camera, speed_kmh=KMH)
    assert_alerts(
        outcome,
        told("long_distraction", "raised", START_S + 3.0),
        told("long_distraction", "escalated", START_S + 9.0),
        told("long_distraction", "cleared", START_S + 19.0),
    )
    assert [alert.level.label for alert in outcome.alerts][:2] == ["warning", "urgent"]


@any_camera
def test_who_looks_down_from_the_first_frame_is_warned_though_nobody_knows_where_the_road_is(camera: Camera) -> None:
    outcome = drive(Part(10.0, **LAP), camera=camera, speed_kmh=KMH)
    assert raised(outcome.alerts) == [
        ("long_distraction", near(3.0)),
        ("long_distraction", near(9.0)),
    ]


@any_camera
def test_lids_that_are_lowered_and_let_the_iris_be_seen_do_not_teach_where_the_road_is(camera: Camera) -> None:
    reading = Part(10.0, 0.6, lids=LOWERED, pitch_deg=-20.0, look=(0.0, -20.0))
    outcome = drive(reading, Part(8.0, lids=OPEN), camera=camera, speed_kmh=KMH)
    assert raised(outcome.alerts) == [
        ("long_distraction", near(3.0)),
        ("long_distraction", near(9.0)),
    ]
    assert outcome.steps[-1].state.gaze_zone == "road"


@any_camera
def test_a_blink_does_not_cut_a_look_down_in_two(camera: Camera) -> None:
    parts = (Part(5.0, **LAP), Part(0.2, 0.0, lids=CLOSED, pitch_deg=-20.0), Part(5.0, **LAP))
    outcome = drive(AWAKE, *parts, camera=camera, speed_kmh=KMH)
    assert [code for code, _ in raised(outcome.alerts)] == ["long_distraction"] * 2


@any_camera
def test_a_robot_lets_people_read(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(15.0, **LAP), AWAKE, profile="robot", camera=camera)
    assert raised(outcome.alerts) == [("long_distraction", near(START_S + 6.0))]
    assert {alert.level.label for alert in outcome.alerts} == {"advisory"}


@any_camera
def test_who_falls_asleep_over_a_look_down_is_found(camera: Camera) -> None:
    asleep = Part(9.0, 0.0, lids=CLOSED, pitch_deg=-20.0)
    outcome = drive(AWAKE, Part(4.5, **LAP), asleep, camera=camera, speed_kmh=KMH)
    assert [code for code, _ in raised(outcome.alerts)] == ["long_distraction", "microsleep", "sleep", "unresponsive"]
    # Nothing marks the moment; the mean of two seconds finds it within one and a half.
    delays = [t_s - START_S - 4.5 for _, t_s in raised(outcome.alerts)[1:]]
    assert all(bound < delay < bound + 1.7 for bound, delay in zip((1.0, 3.0, 6.0), delays, strict=True))


@any_camera
def test_who_looks_down_while_the_network_wavers_gets_what_both_states_share_and_then_the_rest(camera: Camera) -> None:
    waver = [Part(3.0, 0.1, lids=lids, pitch_deg=-20.0) for lids in (LOWERED, CLOSED, LOWERED, CLOSED)]
    outcome = drive(AWAKE, *waver, camera=camera, speed_kmh=KMH)
    codes = [code for code, _ in raised(outcome.alerts)]
    assert codes[0] == "long_distraction"
    assert {"microsleep", "sleep", "unresponsive"} <= set(codes)
    assert dict(raised(outcome.alerts))["unresponsive"] <= START_S + 10.0


@any_camera
def test_a_flicker_of_frames_is_judged_by_its_mean(camera: Camera) -> None:
    flicker = [Part(0.1, 0.1, lids=lids, pitch_deg=-20.0) for lids in (LOWERED, LOWERED, LOWERED, CLOSED)] * 10
    outcome = drive(AWAKE, *flicker, AWAKE, camera=camera, speed_kmh=KMH)
    assert [code for code, _ in raised(outcome.alerts)] == ["long_distraction"]


@any_camera
def test_laughter_is_neither_sleep_nor_a_look_away(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(8.0, 0.2, lids=NARROWED, pitch_deg=-9.0), AWAKE, camera=camera, speed_kmh=KMH)
    assert_alerts(outcome)
    assert outcome.closures() == [] and outcome.spans("glance") == []


@any_camera
def test_the_half_lidded_driver_behind_spectacles_is_awake(camera: Camera) -> None:
    outcome = drive(Part(200.0, 0.3, lids=(0.6, 0.1, 0.2, 0.1)), camera=camera, speed_kmh=70.0)
    assert_alerts(outcome)
    assert outcome.closures() == []
    state = outcome.steps[-1].state
    assert state.eyes_closed is False and state.perclos_180s == 0.0
    assert state.calibration_pct == 100.0


@any_camera
def test_the_half_lidded_driver_who_falls_asleep_is_found(camera: Camera) -> None:
    parts = (Part(START_S, 0.3, lids=(0.6, 0.1, 0.2, 0.1)), Part(9.0, 0.1, lids=CLOSED))
    outcome = drive(*parts, camera=camera, speed_kmh=KMH)
    assert [code for code, _ in raised(outcome.alerts)] == ["microsleep", "sleep", "unresponsive"]


@any_camera
def test_looks_down_are_no_drowsiness(camera: Camera) -> None:
    minute = [Part(2.0, **LAP), Part(4.0, lids=OPEN)] * 10
    outcome = drive(AWAKE, *minute, *minute, *minute, camera=camera, speed_kmh=70.0)
    assert not [alert for alert in outcome.alerts if alert.code == "drowsy"]


@any_camera
def test_long_closures_are_drowsiness(camera: Camera) -> None:
    minute = [Part(0.8, 0.0, lids=CLOSED), Part(3.0, lids=OPEN)] * 16
    outcome = drive(AWAKE, *minute, *minute, *minute, camera=camera, speed_kmh=70.0)
    assert "drowsy" in [code for code, _ in raised(outcome.alerts)]


@any_camera
def test_a_blink_is_a_blink_though_its_few_frames_look_lowered(camera: Camera) -> None:
    outcome = drive(AWAKE, *[Part(0.2, 0.1, lids=LOWERED), Part(3.0, lids=OPEN)] * 5, camera=camera, speed_kmh=KMH)
    assert_alerts(outcome)
    assert len(outcome.closures()) == 5
    assert outcome.spans("glance") == []


@any_camera
def test_one_eye_is_enough(camera: Camera) -> None:
    patch = {"eye_aspect_left": None}
    parts = [replace(part, measures=patch) for part in (AWAKE, Part(3.1, 0.0, lids=CLOSED), Part(20.0, lids=OPEN))]
    assert_alerts(drive(*parts, camera=camera, speed_kmh=KMH), *ladder(3.1, START_S))


@any_camera
def test_between_the_bounds_of_the_opening_the_states_decide(camera: Camera) -> None:
    asleep = drive(AWAKE, Part(3.1, 0.4, lids=CLOSED), Part(20.0, lids=OPEN), camera=camera, speed_kmh=KMH)
    assert_alerts(asleep, *ladder(3.1, START_S))
    assert_alerts(drive(AWAKE, Part(0.2, 0.2, lids=OPEN), Part(9.0, 0.4, lids=OPEN), camera=camera, speed_kmh=KMH))


def judged_by(codes: set[str], *parts: Part) -> list[tuple[str, float]]:
    """What the rules of these codes alone raise."""
    profile = load_profile("vehicle")[0]
    rules = tuple(rule for rule in profile.rules if rule.code in codes)
    engine = Engine(EngineConfig(replace(profile, rules=rules), EYES_ALONE, KMH))
    return raised([alert for seen, _ in observations(parts) for alert in engine.step(seen).alerts])


def test_without_rules_on_looks_away_lowered_lids_are_closed() -> None:
    assert judged_by({"microsleep", "sleep"}, AWAKE, Part(4.0, **LAP)) == [
        ("microsleep", near(START_S + 1.0)),
        ("sleep", near(START_S + 3.0)),
    ]
    assert judged_by({"microsleep", "long_distraction"}, AWAKE, Part(4.0, **LAP)) == [
        ("long_distraction", near(START_S + 3.0)),
    ]


def test_the_states_are_published_as_judged() -> None:
    outcome = drive(AWAKE, Part(2.0, 0.0, lids=EVEN), Part(1.0), speed_kmh=KMH)
    awake, asleep, unknown = (outcome.steps[at].state for at in (100, 330, -1))
    assert awake.lid_states == OPEN
    assert asleep.lid_closed is not None and asleep.lid_closed > 2.0 / 3.0
    assert sum(p for p in asleep.lid_states if p is not None) == pytest.approx(1.0)
    assert unknown.lid_states == (None, None, None, None)


@any_camera
def test_the_driver_whose_closed_lids_the_network_takes_for_lowered_is_known_by_the_blinks(camera: Camera) -> None:
    """The same lids without blinks before them, which would have said so, are a look down."""
    misread: States = (0.01, 0.7, 0.02, 0.27)
    blinks = [Part(3.0, lids=OPEN), Part(0.3, 0.1, lids=(0.01, 0.76, 0.03, 0.2))] * 3
    start_s = START_S + 3 * 3.3 + 3.0
    asleep = (Part(3.0, lids=OPEN), Part(6.5, 0.1, lids=misread), Part(20.0, lids=OPEN))
    assert_alerts(drive(AWAKE, *blinks, *asleep, camera=camera, speed_kmh=KMH), *ladder(6.5, start_s))
    outcome = drive(Part(6.5, 0.1, lids=misread), camera=camera, speed_kmh=KMH)
    assert [code for code, _ in raised(outcome.alerts)] == ["long_distraction"]


@any_camera
@pytest.mark.parametrize(("yaw_deg", "slept"), [(20.0, True), (32.0, False)])
def test_blinks_say_nothing_of_the_lids_of_a_head_that_is_turned_aside(
    camera: Camera, yaw_deg: float, slept: bool
) -> None:
    blinks = [Part(3.0, lids=OPEN), Part(0.3, 0.1, lids=(0.01, 0.76, 0.03, 0.2))] * 3
    aside = Part(2.5, 0.1, lids=(0.03, 0.4, 0.2, 0.37), yaw_deg=yaw_deg)
    outcome = drive(AWAKE, *blinks, Part(3.0, lids=OPEN), aside, Part(5.0, lids=OPEN), camera=camera, speed_kmh=KMH)
    assert bool(outcome.raised("microsleep")) is slept
