"""Perception follows another person for a while: what was learned and what is going on belongs to each alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.device.state.drives import EYES_ALONE, OPEN_ASPECT, Outcome, Part, drive
from wakeful.device.drivers import Calibration
from wakeful.device.messages import Health

KNOWN = Calibration(EYES_ALONE.name, OPEN_ASPECT, OPEN_ASPECT, 0.0, 0.0)
DRIVER: dict[str, Any] = {"person": 1}
GUEST: dict[str, Any] = {"person": 2, "unsure": True}


def watched(outcome: Outcome) -> list[tuple[Any, Any]]:
    """When another person was watched, s, and which."""
    return [(event.t_ns / 1e9, event.data["person"]) for event in outcome.events if event.kind == "watched"]


def test_a_change_of_the_watched_person_is_an_event_and_the_first_one_is_none() -> None:
    outcome = drive(Part(5.0, measures=DRIVER), Part(4.0, measures=GUEST), Part(4.0, measures=DRIVER))
    assert watched(outcome) == [(pytest.approx(5.0, abs=0.1), 2), (pytest.approx(9.0, abs=0.1), 1)]
    first, back = [event.data for event in outcome.events if event.kind == "watched"]
    assert first == {"person": 2, "previous": 1, "unsure": 1}
    assert back == {"person": 1, "previous": 2, "unsure": 0}


def test_health_says_that_it_is_not_sure_who_drives() -> None:
    outcome = drive(Part(2.0, measures=DRIVER), Part(2.0, measures=GUEST), Part(2.0, measures=DRIVER), known=KNOWN)
    said = {(step.state.health, step.state.reason, step.state.person) for step in outcome.steps}
    assert said == {(Health.OK, "", 1), (Health.DEGRADED, "unsure_driver", 2)}


def test_the_guest_is_learned_afresh_and_the_driver_is_still_known() -> None:
    narrow = Part(10.0, eyes=0.65, measures=GUEST)
    outcome = drive(Part(65.0, measures=DRIVER), narrow, Part(1.0, measures=DRIVER), fps=10.0)
    guest, driver = outcome.steps[700].state, outcome.steps[-1].state
    assert guest.calibration_pct < 20.0 and driver.calibration_pct == 100.0
    assert driver.eye_open_left == pytest.approx(1.0, abs=0.05)
    assert outcome.learned is not None and outcome.learned.eye_aspect_left == pytest.approx(OPEN_ASPECT, rel=0.02)


def test_what_is_kept_under_a_name_is_never_the_guest_s() -> None:
    outcome = drive(Part(2.0, measures=DRIVER), Part(80.0, eyes=0.65, measures=GUEST), fps=10.0)
    assert outcome.steps[-1].state.calibration_pct == 100.0
    assert outcome.learned is None


def test_a_closure_does_not_go_on_in_another_face() -> None:
    asleep, lasts = Part(0.8, 0.0, measures=DRIVER), Part(0.8, 0.0, measures=GUEST)
    outcome = drive(Part(3.0, measures=DRIVER), asleep, lasts, Part(3.0, measures=DRIVER), known=KNOWN)
    assert outcome.alerts == []


def test_nor_does_it_go_on_while_another_face_was_watched() -> None:
    shut, guest = Part(0.8, 0.0, measures=DRIVER), Part(5.0, measures=GUEST)
    outcome = drive(Part(3.0, measures=DRIVER), shut, guest, shut, Part(3.0, measures=DRIVER), known=KNOWN)
    assert outcome.alerts == []


def test_the_driver_who_comes_back_asleep_is_warned_in_time() -> None:
    guest, asleep = Part(5.0, measures=GUEST), Part(4.0, 0.0, measures=DRIVER)
    outcome = drive(Part(3.0, measures=DRIVER), Part(1.5, face=False), guest, asleep, known=KNOWN)
    assert outcome.raised("microsleep") == [pytest.approx(10.5, abs=0.2)]
    assert outcome.raised("sleep") == [pytest.approx(12.5, abs=0.2)]


def test_alerts_of_a_guest_end_when_the_driver_is_back() -> None:
    guest = Part(5.0, 0.0, measures=GUEST)
    outcome = drive(Part(3.0, measures=DRIVER), guest, Part(1.0, measures=DRIVER), known=KNOWN)
    assert outcome.raised("sleep") == [pytest.approx(6.0, abs=0.2)]
    assert outcome.steps[-1].state.code == ""


def test_a_driver_asleep_who_slides_out_of_view_is_not_awake_because_a_guest_is() -> None:
    asleep = Part(4.0, 0.0, measures=DRIVER)
    outcome = drive(Part(3.0, measures=DRIVER), asleep, Part(5.0, measures=GUEST), known=KNOWN)
    assert outcome.steps[-1].state.code == "sleep"


def test_logs_that_do_not_say_who_is_watched_are_of_one_person() -> None:
    outcome = drive(Part(3.0), Part(1.5, face=False), Part(3.0))
    assert watched(outcome) == []
    assert {step.state.person for step in outcome.steps} == {None}


def test_before_a_robot_looks_and_sleep_are_those_of_the_one_who_is_watched() -> None:
    first, second = Part(5.0, 0.0, measures={"person": 1}), Part(1.0, measures={"person": 2})
    outcome = drive(first, second, profile="robot")
    assert outcome.steps[120].state.awake is False
    assert outcome.steps[-1].state.awake is True
    assert [event.kind for event in outcome.events if event.kind in ("came", "left", "came_back")] == ["came"]
