"""What other programs read: every report is as the shipped schema says, and unknown stays unknown."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest

from tests.device.alerts.samples import AWAKE, MICROSLEEP, SECOND_NS, alert, face, sighted
from wakeful.device.alerts.report import Reporter, json_bytes, schema
from wakeful.device.alerts.run import Run
from wakeful.device.alerts.staleness import STALE_AFTER_S, NewestState
from wakeful.device.landmarks import Landmarks
from wakeful.device.messages import Alert, DriverState, Event, Health, Level, Phase
from wakeful.device.people import Person

jsonschema = pytest.importorskip("jsonschema", reason="the schema is checked with the package jsonschema")
NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
REPORTER = Reporter("cab-7", ("neutral", "happiness"), Run("0123abcd", SECOND_NS, 1_772_366_400_250_000_000))


def valid(report: dict[str, object]) -> dict[str, Any]:
    """The report as a reader gets it, checked against the schema."""
    read: dict[str, Any] = json.loads(json_bytes(report))
    jsonschema.Draft202012Validator(schema()).validate(read)
    return read


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_schema_of_a_state_has_the_type_of_each_field_and_says_which_may_be_unknown() -> None:
    words = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    definitions: Any = schema()["$defs"]
    described = {name: field["type"] for name, field in definitions["state"]["properties"].items() if "type" in field}
    for name, kind in get_type_hints(DriverState).items():
        types = {words.get(part, "") for part in get_args(kind) or (kind,)}
        if "number" in types:
            types.add("null")  # for what is not a number
        if name in described and "" not in types:
            assert types == set(described[name] if isinstance(described[name], list) else [described[name]]), name


def test_a_state_says_all_that_is_known_with_units_in_its_names() -> None:
    said = valid(REPORTER.state(MICROSLEEP))
    assert said["t"] == 4.0
    assert (said["level"], said["code"], said["closure_s"]) == ("warning", "microsleep", 1.2)
    assert said["expression_p"] == {"neutral": 0.9, "happiness": 0.1}
    assert said["yaw_deg"] == 12.3


def test_everybody_in_view_is_a_list_and_null_unless_requested() -> None:
    somebody = Person(2, False, 0.51234, 0.5, 0.1, 0.2, expression="happiness", expression_p=(0.25, 0.75))
    said = valid(REPORTER.state(replace(MICROSLEEP, people=(somebody,))))
    assert said["people"] == [
        {"id": 2, "watched": False, "x": 0.512, "y": 0.5, "width": 0.1, "height": 0.2, "looking": None}
        | {"distance_m": None, "expression": "happiness", "expression_p": {"neutral": 0.25, "happiness": 0.75}}
    ]
    assert valid(REPORTER.state(replace(MICROSLEEP, people=())))["people"] == []
    assert valid(REPORTER.state(MICROSLEEP))["people"] is None


def test_what_is_unknown_is_null_and_no_number_is_unknown_too() -> None:
    said = valid(REPORTER.state(DriverState(2 * SECOND_NS, 3, Health.NO_FACE, yaw_deg=float("nan"))))
    assert said["eyes_closed"] is None
    assert said["perclos_60s"] is None
    assert said["yaw_deg"] is None
    assert said["expression_p"] == {}


@pytest.mark.parametrize("health", Health)
def test_every_health_has_its_word_in_the_schema(health: Health) -> None:
    assert valid(REPORTER.state(replace(AWAKE, health=health)))["health"] == health.value


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("level", [level for level in Level if level is not Level.NONE])
def test_an_alert_has_its_own_time_and_a_name_for_good(level: Level, phase: Phase) -> None:
    said = valid(REPORTER.alert(alert(seq=4, level=level, phase=phase), NOON))
    assert said["time"] == "2026-03-01T12:00:00.250Z"
    assert said["t"] == 6.61
    assert (said["run"], said["id"]) == ("0123abcd", "0123abcd-4")
    assert said["step"].startswith("0123abcd-4-")


def test_steps_of_one_alert_have_different_names() -> None:
    steps = [alert(phase=phase, t_s=t_s) for phase, t_s in ((Phase.RAISED, 1.0), (Phase.ESCALATED, 2.0))]
    again = alert(phase=Phase.ESCALATED, t_s=62.0)
    assert len({REPORTER.alert(one, NOON)["step"] for one in (*steps, again)}) == 3


def test_wall_clock_times_are_utc_wherever_the_machine_stands() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=9)))
    assert REPORTER.alert(alert(), elsewhere)["time"] == "2026-03-01T12:00:00.250Z"


def test_an_event_says_when_in_seconds() -> None:
    said = valid(REPORTER.event(Event(3 * SECOND_NS, "closure", {"start_ns": 2 * SECOND_NS, "end_ns": 3 * SECOND_NS})))
    assert said == {"t": 2.0, "kind": "closure", "start": 1.0, "end": 2.0}


def test_the_points_of_a_face_are_pixels_with_one_decimal() -> None:
    read = face()
    frame, _ = sighted(7, 2 * SECOND_NS, read)
    shown = Landmarks.of(read, frame.image)
    assert shown is not None
    said = valid(REPORTER.landmarks(2 * SECOND_NS, 7, shown))
    assert (said["t"], said["seq"], said["width"], said["height"]) == (1.0, 7, 640, 480)
    assert np.abs(np.array(said["points"]) - read.points).max() <= 0.0501
    assert np.abs(np.array(said["right_eye"]["iris"]) - read.right.iris).max() <= 0.0501
    assert all(len(str(abs(number)).split(".")[1]) == 1 for point in said["points"] for number in point)


def test_points_that_are_missing_are_not_as_the_schema_says() -> None:
    shown = Landmarks.of(face(), sighted(7, 0, None)[0].image)
    assert shown is not None
    report = REPORTER.landmarks(SECOND_NS, 7, replace(shown, points=shown.points[:467]))
    with pytest.raises(jsonschema.ValidationError):
        valid(report)


def test_hello_says_who_speaks() -> None:
    assert valid(REPORTER.hello())["device"] == "cab-7"


def test_evidence_that_is_no_number_is_null() -> None:
    told = Alert(SECOND_NS, 1, "drowsy", Level.WARNING, Phase.RAISED, {"perclos_60s": float("nan")})
    assert valid(REPORTER.alert(told, NOON))["evidence"] == {"perclos_60s": None}


def test_a_monitor_that_hangs_becomes_stale_and_says_nothing_about_the_person() -> None:
    newest = NewestState()
    assert newest.at(0.0) is None
    newest.update(MICROSLEEP, 10.0)
    assert newest.at(10.0 + STALE_AFTER_S) is MICROSLEEP
    late = newest.at(10.1 + STALE_AFTER_S)
    assert late is not None
    assert (late.health, late.face, late.closure_s) == (Health.STALE, False, None)
    assert (late.level, late.code) == (Level.WARNING, "microsleep")
