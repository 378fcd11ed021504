"""Drivers who tire over minutes: PERCLOS, yawns, nods, and what they add up to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.device.state.drives import Camera, Outcome, Part, any_camera, assert_alerts, drive, told
from wakeful.device.messages import Level, Phase

AWAKE = Part(10.0)


def heavy_lids(share: float, minutes: float, **kinds: Any) -> list[Part]:
    """Closures of 0.6 s, none of them a microsleep, that make up this share of the time."""
    every_s = 0.6 / share
    return [Part(0.6, 0.0, **kinds), Part(every_s - 0.6, **kinds)] * round(minutes * 60.0 / every_s)


def phases(outcome: Outcome, code: str) -> list[tuple[str, str]]:
    return [(alert.level.label, alert.phase.value) for alert in outcome.alerts if alert.code == code]


@any_camera
def test_the_driver_whose_lids_are_down_for_14_percent_gets_a_hint_and_no_warning(camera: Camera) -> None:
    outcome = drive(*heavy_lids(0.14, 3.5), camera=camera)
    assert phases(outcome, "drowsy")[0] == ("advisory", "raised")
    assert {level for level, _ in phases(outcome, "drowsy")} == {"advisory"}


@any_camera
def test_the_driver_whose_lids_are_down_for_16_percent_is_warned_once_three_minutes_agree(camera: Camera) -> None:
    outcome = drive(*heavy_lids(0.16, 2.3), camera=camera)
    # PERCLOS over three minutes is known from half of them on, that over one minute from its half.
    assert outcome.raised("drowsy") == [pytest.approx(30.0, abs=0.5)]
    warned_s = [alert.t_ns / 1e9 for alert in outcome.alerts if alert.level is Level.WARNING]
    assert warned_s[0] == pytest.approx(90.0, abs=0.5)


@any_camera
def test_the_tiring_driver_climbs_the_ladder_and_comes_down_after_a_rest(camera: Camera) -> None:
    outcome = drive(Part(60.0), *heavy_lids(0.2, 2.5), Part(80.0), camera=camera)
    assert list(dict.fromkeys(phases(outcome, "drowsy"))) == [
        ("advisory", "raised"),
        ("warning", "escalated"),
        ("warning", "cleared"),
    ]
    # 20 % of a minute falls below 10 % after half a minute of rest.
    [cleared_s] = outcome.times("drowsy", Phase.CLEARED)
    assert cleared_s == pytest.approx(210.0 + 30.0, abs=3.5)


def test_the_drowsy_driver_is_told_again_every_minute_and_not_with_every_wave_around_the_bound() -> None:
    outcome = drive(*heavy_lids(0.15, 8.0))
    told_s = outcome.raised("drowsy") + outcome.times("drowsy", Phase.ESCALATED)
    assert len(told_s) <= 9


@any_camera
def test_the_fast_blinker_is_not_drowsy(camera: Camera) -> None:
    outcome = drive(*[Part(0.2, 0.0), Part(0.8)] * 120, camera=camera)
    assert_alerts(outcome)
    assert outcome.steps[-1].state.perclos_60s == pytest.approx(0.0, abs=0.04)


def test_the_driver_whose_eyes_are_seldom_seen_has_no_perclos() -> None:
    outcome = drive(*[Part(0.6, 0.0), Part(1.0), Part(2.4, None)] * 45)
    assert {step.state.perclos_60s for step in outcome.steps} == {None}
    assert_alerts(outcome)


@any_camera
def test_the_driver_half_asleep_from_the_first_second_is_warned(camera: Camera) -> None:
    """Lids hang at 60 % and fall shut again and again: nobody ever saw this driver awake."""
    outcome = drive(*[Part(1.3, 0.0), Part(4.7, 0.6)] * 20, camera=camera)
    assert outcome.raised("microsleep")[0] == pytest.approx(1.0, abs=0.2)
    assert len(outcome.raised("microsleep")) == 20
    assert outcome.raised("drowsy")[0] < 32.0
    assert ("warning", "escalated") in phases(outcome, "drowsy")


@any_camera
@pytest.mark.parametrize(("wide_s", "yawns"), [(1.3, 0), (2.0, 1), (4.0, 1), (11.5, 1), (12.5, 0)])
def test_a_yawn_lasts_from_1_5_to_12_seconds(wide_s: float, yawns: int, camera: Camera) -> None:
    outcome = drive(Part(5.0, mouth=0.1), Part(wide_s, mouth=0.95), Part(5.0, mouth=0.1), camera=camera)
    assert outcome.spans("yawn") == [pytest.approx((5.0, 5.0 + wide_s), abs=0.2)] * yawns
    assert_alerts(outcome)


@any_camera
@pytest.mark.parametrize("syllable_s", [0.12, 0.2, 0.3])
def test_the_talker_with_a_big_mouth_does_not_yawn(syllable_s: float, camera: Camera) -> None:
    speech = [Part(syllable_s, mouth=0.95), Part(syllable_s, mouth=0.15)] * round(5.0 / syllable_s)
    assert drive(AWAKE, *speech, AWAKE, camera=camera).spans("yawn") == []


@any_camera
def test_the_laugher_whose_mouth_is_open_but_not_wide_does_not_yawn(camera: Camera) -> None:
    assert drive(AWAKE, Part(4.0, mouth=0.75), AWAKE, camera=camera).spans("yawn") == []


@any_camera
def test_a_mouth_behind_a_hand_is_no_yawn_from_there_on(camera: Camera) -> None:
    hand = Part(3.0, mouth=0.95, measures={"mouth_aspect": None})
    assert drive(AWAKE, Part(1.0, mouth=0.95), hand, AWAKE, camera=camera).spans("yawn") == []


@any_camera
def test_three_yawns_in_ten_minutes_are_a_hint(camera: Camera) -> None:
    outcome = drive(*[Part(10.0, mouth=0.1), Part(3.0, mouth=0.95)] * 3, Part(5.0, mouth=0.1), camera=camera)
    assert_alerts(outcome, told("yawning", "raised", 39.3))
    assert phases(outcome, "yawning") == [("advisory", "raised")]


def test_the_nodder_sinks_with_closed_eyes() -> None:
    sink = [Part(0.1, 0.0, pitch_deg=-2.5 * step) for step in range(9)]
    outcome = drive(AWAKE, *sink, Part(1.0, 1.0, pitch_deg=-20.0), AWAKE)
    [(start_s, end_s)] = outcome.spans("nod")
    assert 10.0 <= start_s < end_s <= 10.9


def test_the_driver_who_bows_with_open_eyes_does_not_nod() -> None:
    sink = [Part(0.1, pitch_deg=-2.5 * step) for step in range(9)]
    assert drive(AWAKE, *sink, Part(1.0, pitch_deg=-20.0), AWAKE).spans("nod") == []


def test_the_driver_whose_head_sinks_over_seconds_does_not_nod() -> None:
    sink = [Part(0.3, 0.0, pitch_deg=-2.5 * step) for step in range(9)]
    assert drive(AWAKE, *sink, AWAKE).spans("nod") == []


def test_the_sleepiness_estimate_rises_with_heavy_lids() -> None:
    """It is unknown until this person's own blinks are known, and comes from blinks alone."""
    blinks = [*[Part(3.3), Part(0.15, 0.0)] * 16, Part(1.0)]
    assert drive(Part(100.0)).steps[-1].state.kss_estimate is None
    fresh = drive(*blinks).steps[-1].state.kss_estimate
    tired = drive(*blinks, *heavy_lids(0.15, 2.0)).steps[-1].state.kss_estimate
    assert fresh is not None and fresh < 2.0
    assert tired is not None and 7.0 < tired <= 9.0


ANGRY = (0.1, 0.0, 0.85, 0.05)
NEUTRAL = (0.9, 0.05, 0.03, 0.02)


@any_camera
def test_the_driver_who_is_angry_for_ten_seconds_is_distressed(camera: Camera) -> None:
    outcome = drive(Part(10.0, expression=NEUTRAL), Part(15.0, expression=ANGRY), camera=camera)
    [raised_s] = outcome.raised("distress")
    assert raised_s == pytest.approx(20.5, abs=0.4)
    assert phases(outcome, "distress") == [("advisory", "raised")]


def test_the_driver_who_calms_down_is_distressed_no_more() -> None:
    outcome = drive(Part(14.0, expression=ANGRY), Part(5.0, expression=NEUTRAL))
    assert phases(outcome, "distress") == [("advisory", "raised"), ("advisory", "cleared")]


def test_without_an_expression_network_there_is_no_distress() -> None:
    assert_alerts(drive(Part(30.0)))


def test_the_attentive_driver_of_twenty_minutes_is_left_alone() -> None:
    """Blinks, mirrors, speech and instruments, as on any road."""
    minute = [
        *[Part(3.3), Part(0.15, 0.0)] * 8,
        Part(1.0, look=(40.0, 5.0)),
        Part(5.0, mouth=0.3),
        *[Part(0.2, mouth=0.5), Part(0.2, mouth=0.1)] * 8,
        Part(0.8, look=(0.0, -20.0)),
        Part(0.15, 0.0),
        *[Part(3.3), Part(0.15, 0.0)] * 6,
        Part(1.0, look=(-40.0, 5.0)),
    ]
    outcome = drive(*minute * 20, Part(2.0), fps=15.0)
    assert_alerts(outcome)
    assert outcome.spans("yawn") == []
    assert len(outcome.spans("glance")) == 60


@pytest.mark.slow
def test_the_attentive_driver_of_two_hours_is_left_alone() -> None:
    minute = [*[Part(3.3), Part(0.15, 0.0)] * 15, Part(1.0, look=(40.0, 5.0)), Part(3.0), Part(1.0, look=(0.0, -20.0))]
    assert_alerts(drive(*minute * 120))
