"""Alerts of drives against what really happened: told or not, how late, and how many were false."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tools.rigs.log_samples import CONFIG, log_bytes
from tools.rigs.recorded_drive import eventful, record
from wakeful.device.cli import status
from wakeful.device.evaluation.drives import (
    ActiveAlert,
    Bounds,
    Drive,
    active_spans,
    by_driver,
    events_of,
    kinds_of,
    score,
)
from wakeful.device.evaluation.matching import Span
from wakeful.device.evaluation.truth import Moment, Truth
from wakeful.device.messages import Alert, Level, Phase

BOUNDS = Bounds()


def alert(seconds: float, code: str = "microsleep", phase: Phase = Phase.RAISED, seq: int = 1) -> Alert:
    return Alert(round(seconds * 1e9), seq, code, Level.WARNING, phase)


def drive(
    *alerts: tuple[str, float, float], events: tuple[tuple[str, float, float], ...] = (), driver: str = "ada"
) -> Drive:
    return Drive(
        driver,
        3600.0,
        tuple(ActiveAlert(code, Span(start, end)) for code, start, end in alerts),
        tuple((event, Span(start, end)) for event, start, end in events),
    )


def test_an_alert_stands_from_when_it_was_raised_to_when_it_was_cleared() -> None:
    told = [
        alert(10.0),
        alert(11.0, phase=Phase.ESCALATED),
        alert(15.0, phase=Phase.CLEARED),
        alert(20.0, "sleep", seq=2),
    ]
    assert active_spans(told, 0, 60.0) == (
        ActiveAlert("microsleep", Span(10.0, 15.0)),
        ActiveAlert("sleep", Span(20.0, 60.0)),
    )


def test_an_event_is_told_by_an_alert_during_it_or_shortly_after() -> None:
    found = score(
        drive(
            ("microsleep", 11.0, 12.0),
            ("microsleep", 34.0, 36.0),
            ("microsleep", 60.0, 61.0),
            events=(("microsleep", 10.0, 13.0), ("microsleep", 29.0, 30.0), ("microsleep", 50.0, 52.0)),
        ),
        "microsleep",
        BOUNDS,
    )
    assert found.events == 3
    assert found.delays_s == [1.0, 5.0]
    assert found.sensitivity == pytest.approx(2 / 3)
    assert found.false_alarms == 1
    assert found.quiet_s == 3594.0
    assert found.alarms_per_h == pytest.approx(1.0, abs=0.01)


def test_an_alert_that_stands_already_tells_at_once() -> None:
    found = score(drive(("drowsy", 5.0, 100.0), events=(("drowsy", 50.0, 80.0),)), "drowsy", BOUNDS)
    assert (found.delays_s, found.false_alarms) == ([0.0], 0)


def test_a_stronger_alert_tells_a_weaker_event_and_is_not_false() -> None:
    one = drive(("sleep", 13.0, 15.0), events=(("microsleep", 10.0, 15.0),))
    assert score(one, "microsleep", BOUNDS).delays_s == [3.0]
    assert score(one, "sleep", BOUNDS).false_alarms == 0
    assert score(drive(("microsleep", 11.0, 15.0), events=(("sleep", 10.0, 15.0),)), "sleep", BOUNDS).delays_s == []


def test_alerts_of_another_kind_count_neither_for_nor_against() -> None:
    found = score(drive(("yawning", 5.0, 9.0), events=(("distraction", 5.0, 9.0),)), "distraction", BOUNDS)
    assert (found.delays_s, found.false_alarms) == ([], 0)


def test_ratings_from_the_bound_on_are_drowsiness_for_the_minutes_before_them() -> None:
    rows = [
        Truth("kss", Moment(600.0), value=8.0),
        Truth("kss", Moment(100.0), value=7.0),
        Truth("kss", Moment(900.0), value=4.0),
    ]
    assert events_of(rows, 0, BOUNDS) == (("drowsy", Span(0.0, 100.0)), ("drowsy", Span(300.0, 600.0)))
    assert kinds_of(rows) == ("drowsy",)


def test_drives_of_one_driver_are_added_up() -> None:
    drives = [
        drive(("sleep", 5.0, 9.0), events=(("sleep", 4.0, 9.0),)),
        drive(events=(("sleep", 4.0, 9.0),)),
        drive(("sleep", 5.0, 9.0), driver="eve"),
    ]
    found = by_driver(drives, "sleep", BOUNDS)
    assert (found["ada"].events, len(found["ada"].delays_s), found["eve"].false_alarms) == (2, 1, 1)
    assert found["eve"].sensitivity is None
    assert found["ada"].alarms_per_h_95 == pytest.approx((0.0, 1.85), abs=0.01)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    pytest.importorskip("mcap", reason="the extra [record] is not installed")
    record(tmp_path / "logs", eventful())
    return tmp_path / "logs"


def test_recorded_drives_are_judged_by_a_file_of_truth(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.csv").write_text("event,start,end\nmicrosleep,3,7.5\ndistraction,9,10\n")
    figures = tmp_path / "f.json"
    command = ["evaluate", "log", str(logs), "--truth", str(tmp_path / "t.csv")]
    assert status([*command, "--json", str(figures)]) == 0
    assert "1 of 1" in capsys.readouterr().out
    found = json.loads(figures.read_text())["events"]
    assert found["microsleep"]["drivers"]["ada"]["delays_s"] == [pytest.approx(1.0, abs=0.1)]
    assert found["distraction"]["overall"]["told"] == 0
    assert status([*command, "--profile", "robot"]) == 0
    assert "0 of 1" in capsys.readouterr().out


def test_truth_about_no_recording_or_several_is_refused(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (logs / "other.mcap").write_bytes(log_bytes(list(eventful(2.0)), replace(CONFIG, session="other")))
    for row, told in (("nobody,sleep,1", "name of none"), (",sleep,1", "name of none"), ("mcap,sleep,1", "name of 2")):
        (tmp_path / "t.csv").write_text(f"recording,event,start\n{row}\n")
        assert status(["evaluate", "log", str(logs), "--truth", str(tmp_path / "t.csv")]) == 2
        assert told in capsys.readouterr().err


def test_two_drivers_of_one_recording_are_a_mistake_of_the_truth(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.csv").write_text("driver,event,start\nada,sleep,1\neve,sleep,5\n")
    assert status(["evaluate", "log", str(logs), "--truth", str(tmp_path / "t.csv")]) == 2
    assert "2 drivers" in capsys.readouterr().err
