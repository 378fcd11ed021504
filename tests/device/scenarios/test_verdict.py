"""Verdicts on traces written down by hand."""

from __future__ import annotations

import pytest

from wakeful.device.scenarios.behaviour import START_S
from wakeful.device.scenarios.matrix import Cell, matrix, select
from wakeful.device.scenarios.trace import HealthChange, Reported, Trace
from wakeful.device.scenarios.verdict import Outcome, Verdict, assess

SEEN = (HealthChange(0.0, "calibrating"),)
DEGRADED = (HealthChange(0.0, "calibrating"), HealthChange(5.0, "degraded", "occluded"))
RIGHT = (Reported(START_S + 1.2, "microsleep", "warning"), Reported(START_S + 3.2, "sleep", "urgent"))


def verdict(
    cell_id: str,
    *alerts: Reported,
    events: tuple[Reported, ...] = (),
    health: tuple[HealthChange, ...] = SEEN,
) -> Verdict:
    (cell,) = select(matrix(), cell_id)
    return assess(cell, Trace(alerts, events, health))


def plain(behaviour: str) -> str:
    return f"normal/none/yaw0/pitch0/{behaviour}"


def aside_cell() -> Cell:
    return select(matrix(), plain("aside"))[0]


def test_alerts_in_time_and_nothing_else_is_a_right_judgement() -> None:
    assert verdict(plain("sleep"), *RIGHT) == Verdict(Outcome.CORRECT)


def test_silence_is_right_for_the_attentive_and_wrong_for_a_sleeper() -> None:
    assert verdict(plain("attentive")).passed
    assert verdict(plain("sleep")).reasons == (
        "no microsleep between 8.9 and 9.7 s",
        "no sleep between 10.9 and 11.7 s",
    )


def test_a_late_alert_fails_and_says_when_it_came() -> None:
    told = verdict(plain("microsleep"), Reported(START_S + 1.9, "microsleep", "warning"))
    assert told == Verdict(Outcome.FAILED, ("no microsleep between 8.9 and 9.7 s, but at 9.9 s",))


def test_an_alert_before_the_behaviour_is_false_even_if_it_is_the_right_one() -> None:
    told = verdict(plain("sleep"), Reported(4.0, "microsleep", "warning"), *RIGHT)
    assert told.reasons == ("false closure alert microsleep at 4.0 s",)


@pytest.mark.parametrize(
    ("code", "told"),
    [("microsleep", "false closure alert microsleep at 9.0 s"), ("drowsy", "false alert drowsy at 9.0 s")],
)
def test_an_alert_that_nothing_calls_for_fails_the_cell(code: str, told: str) -> None:
    assert verdict(plain("blinking"), Reported(9.0, code, "warning")) == Verdict(Outcome.FAILED, (told,))


def test_a_yawn_may_be_told_as_an_event_or_as_an_advisory() -> None:
    assert verdict(plain("yawning"), Reported(11.0, "yawning", "advisory")).passed
    assert verdict(plain("yawning"), events=(Reported(12.5, "yawn"),)).passed
    assert not verdict(plain("yawning"), events=(Reported(12.5, "closure"),)).passed


def test_a_driver_whose_eyes_are_seen_must_be_judged() -> None:
    told = verdict(plain("attentive"), health=DEGRADED)
    assert told.reasons == (
        "degraded (occluded) before the behaviour began",
        "degraded (occluded) at the end",
    )


def test_a_short_while_without_a_face_is_forgiven_if_the_driver_is_judged_again() -> None:
    health = (*SEEN, HealthChange(START_S + 2.0, "no_face"), HealthChange(START_S + 4.0, "calibrating"))
    told = verdict(plain("lap"), Reported(START_S + 3.2, "long_distraction", "warning"), health=health)
    assert told == Verdict(Outcome.CORRECT)


def test_where_the_eyes_are_hidden_degraded_and_silent_is_right() -> None:
    cell_id = "normal/sunglasses/yaw0/pitch0/sleep"
    assert verdict(cell_id, health=DEGRADED) == Verdict(Outcome.REPORTED_BLIND)
    assert verdict(cell_id, health=SEEN).reasons == ("never reported degraded; health was calibrating from 0.0 s",)


def test_in_hardly_any_light_degraded_is_right_and_so_are_the_alerts_but_not_silence() -> None:
    cell_id = "dark/none/yaw0/pitch0/sleep"
    assert verdict(cell_id, health=DEGRADED) == Verdict(Outcome.REPORTED_BLIND)
    assert verdict(cell_id, *RIGHT, health=SEEN) == Verdict(Outcome.CORRECT)
    assert not verdict(cell_id, health=SEEN).passed


def test_degraded_must_come_within_ten_seconds_and_stay() -> None:
    late = (*SEEN, HealthChange(10.5, "degraded", "dark"))
    gone = (*DEGRADED, HealthChange(14.0, "ok"))
    cell_id = "normal/sunglasses/yaw0/pitch0/attentive"
    assert "only at 10.5 s" in verdict(cell_id, health=late).reasons[0]
    assert "no longer degraded at the end" in verdict(cell_id, health=gone).reasons[0]


def test_a_closure_alert_behind_sunglasses_fails_even_when_degraded_was_told() -> None:
    told = verdict("normal/sunglasses/yaw0/pitch0/sleep", RIGHT[0], health=DEGRADED)
    assert told == Verdict(Outcome.FAILED, ("false closure alert microsleep at 9.2 s",))


def test_far_off_axis_a_right_judgement_and_an_honest_word_are_both_right() -> None:
    cell_id = "normal/none/yaw+40/pitch0/sleep"
    assert verdict(cell_id, *RIGHT).outcome is Outcome.CORRECT
    assert verdict(cell_id, health=DEGRADED).outcome is Outcome.REPORTED_BLIND
    assert verdict(cell_id, health=(HealthChange(0.0, "no_face"),)).outcome is Outcome.REPORTED_BLIND
    assert verdict(cell_id).outcome is Outcome.FAILED


def test_an_alert_while_looking_aside_is_tolerated_only_for_distraction() -> None:
    right = Reported(START_S + 3.4, "long_distraction", "warning")
    assert verdict(aside_cell().id, right).passed
    assert not verdict(aside_cell().id, right, Reported(START_S + 3.4, "microsleep", "warning")).passed


def test_a_turned_image_must_be_reported_in_time_and_is_no_blindness() -> None:
    cell = "normal/none/yaw0/pitch0/rotated90/sleep"
    turned = HealthChange(2.1, "degraded", "rotated")
    assert verdict(cell, *RIGHT, health=(*SEEN, turned)) == Verdict(Outcome.CORRECT)
    late = (*SEEN, HealthChange(6.0, "degraded", "rotated"))
    for health, course in (
        (SEEN, "calibrating from 0.0 s"),
        (late, "calibrating from 0.0 s, degraded (rotated) from 6.0 s"),
    ):
        assert verdict(cell, *RIGHT, health=health).reasons == (
            f"the turned image was not reported within 5 s; health was {course}",
        )


def test_an_upright_image_must_not_be_taken_for_a_turned_one() -> None:
    told = verdict(
        plain("sleep"), *RIGHT, health=(*SEEN, HealthChange(9.0, "degraded", "rotated"), HealthChange(9.5, "ok"))
    )
    assert told.reasons == ("an upright image was reported as rotated at 9.0 s",)
