"""Whoever reads ``--events`` by the shipped schema can rely on it: each line of a whole drive is valid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wakeful.device.alerts.report import schema
from wakeful.device.cli import status

jsonschema = pytest.importorskip("jsonschema", reason="the schema is checked with the package jsonschema")


@pytest.mark.slow  # fifty seconds of video are watched
def test_each_line_of_the_demo_s_events_is_valid_and_its_alerts_can_be_told_apart(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    source = ["--source", "synthetic:demo", "--pace", "fast", "--duration", "50"]
    assert status(["run", "--plain", "--profile", "vehicle", *source, "--speed", "60", "--events", str(events)]) == 0
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    validator = jsonschema.Draft202012Validator(schema())
    for line in lines:
        validator.validate(line)
    run, alerts = lines[0], [line for line in lines if line["kind"] == "alert"]
    assert run["kind"] == "run" and run["origin_utc_ns"] > 0
    microsleep = next(alert for alert in alerts if alert["code"] == "microsleep")
    assert microsleep["t"] == pytest.approx(42.1, abs=0.1)
    assert all(alert["id"] == f"{run['run']}-{alert['seq']}" for alert in alerts)
    assert len({alert["step"] for alert in alerts}) == len(alerts)
