"""JSON lines as readers of ``--events`` find them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from tests.device.alerts.samples import AWAKE, SECOND_NS, alert
from wakeful import __version__
from wakeful.device.alerts.events import EventsOutput, event_line
from wakeful.device.alerts.report import schema
from wakeful.device.alerts.run import Run
from wakeful.device.messages import Alert, Event, Level, Phase


def test_alerts_and_events_are_the_lines_of_the_contract(tmp_path: Path) -> None:
    output = EventsOutput(tmp_path / "events.jsonl")
    output.begin(Run("5f0c91aa", 10 * SECOND_NS, 1_772_366_400_250_000_000))
    output.start(10 * SECOND_NS)
    output.event(Event(10 * SECOND_NS, "health", {"health": "calibrating"}))
    output.event(Event(13_770_000_000, "closure", {"start_ns": 13_570_000_000, "end_ns": 13_770_000_000}))
    output.alert(alert(seq=4, t_s=17.61))
    output.state(AWAKE)
    output.close()
    assert (tmp_path / "events.jsonl").read_text().splitlines() == [
        '{"t": 0.0, "kind": "run", "run": "5f0c91aa", "time": "2026-03-01T12:00:00.250Z", '
        f'"origin_utc_ns": 1772366400250000000, "origin_monotonic_ns": 10000000000, "wakeful": "{__version__}"}}',
        '{"t": 0.0, "kind": "health", "health": "calibrating"}',
        '{"t": 3.77, "kind": "closure", "start": 3.57, "end": 3.77}',
        '{"t": 7.61, "kind": "alert", "code": "microsleep", "level": "warning", "phase": "raised", "seq": 4, '
        '"evidence": {"closure_s": 1.0}, "time": "2026-03-01T12:00:07.860Z", "run": "5f0c91aa", "id": "5f0c91aa-4", '
        '"step": "5f0c91aa-4-raised-warning-7610000000"}',
    ]
    validator = Draft202012Validator(schema())
    for line in (tmp_path / "events.jsonl").read_text().splitlines():
        validator.validate(json.loads(line))


def test_each_line_stays_valid_json_whatever_the_numbers_are() -> None:
    data = {"a": math.nan, "b": math.inf, "c": np.float32(0.12345), "d": np.int64(3), "e": True, "f": "ü\n"}
    line = event_line(Event(0, "calibration", data), 0)  # type: ignore[arg-type]
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "t": 0.0,
        "kind": "calibration",
        "a": None,
        "b": None,
        "c": 0.123,
        "d": 3.0,
        "e": True,
        "f": "ü\n",
    }


def test_data_cannot_pose_as_the_time_or_the_kind() -> None:
    line = json.loads(event_line(Event(2 * SECOND_NS, "nod", {"t": 99.0, "kind": "alert", "x": 1}), 0))
    assert line == {"t": 2.0, "kind": "nod", "x": 1}


def test_alerts_go_to_the_standard_output_too(capfd: pytest.CaptureFixture[str]) -> None:
    output = EventsOutput("-")
    output.start(0)
    output.alert(Alert(SECOND_NS, 1, "sleep", Level.URGENT, Phase.ESCALATED))
    output.close()
    assert json.loads(capfd.readouterr().out.splitlines()[1])["level"] == "urgent"
