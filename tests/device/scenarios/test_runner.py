"""Whole cells, pixels included: rendered and assessed. A small part of the matrix; ``make scenarios`` runs it all."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from wakeful import ConfigError
from wakeful.device.cli import status
from wakeful.device.scenarios.behaviour import START_S
from wakeful.device.scenarios.matrix import matrix, select
from wakeful.device.scenarios.report import page, write_report
from wakeful.device.scenarios.runner import Bench, Result, run, run_cell
from wakeful.device.scenarios.verdict import Outcome, Verdict, assess

READER = "mesh+iris"
SLEEPER = "normal/none/yaw0/pitch0/sleep"
HIDDEN = "normal/sunglasses/yaw0/pitch0/microsleep"
ABOUT = {"landmarks": READER, "profile": "vehicle"}


@pytest.fixture(scope="module")
def results() -> list[Result]:
    """A driver who falls asleep and one whose eyes are hidden, run once for all tests of this file."""
    cells = (*select(matrix(), SLEEPER), *select(matrix(), HIDDEN))
    return [result for stage in run(cells, Bench(READER, "vehicle"), jobs=2) for result in stage]


def test_results_come_in_the_order_of_the_cells(results: list[Result]) -> None:
    assert [result.cell.id for result in results] == [SLEEPER, HIDDEN]


def test_a_driver_is_left_alone_while_awake_and_warned_in_time_when_asleep(results: list[Result]) -> None:
    assert results[0].verdict.outcome is Outcome.CORRECT, results[0].verdict.reasons
    told = [alert for alert in results[0].trace.alerts if alert.code != "long_distraction"]
    assert [alert.code for alert in told] == ["microsleep", "sleep"]
    assert told[0].t_s > START_S + 1.0


def test_a_driver_before_a_camera_that_hangs_upside_down_is_warned_too() -> None:
    (cell,) = select(matrix(), "normal/none/yaw0/pitch0/rotated180/sleep")
    trace = run_cell(cell, Bench("wakeful", "vehicle"))
    verdict = assess(cell, trace)
    assert verdict.outcome is Outcome.CORRECT, verdict.reasons
    assert next(one.t_s for one in trace.health if one.reason == "rotated") < 3.0


@pytest.mark.parametrize("cell_id", ["normal/none/yaw0/pitch0/squint", "normal/none/yaw0/pitch0/fps1/down35"])
def test_narrowed_eyes_and_a_look_down_at_a_low_rate_are_no_sleep(cell_id: str) -> None:
    (cell,) = select(matrix(), cell_id)
    verdict = assess(cell, run_cell(cell, Bench("wakeful", "vehicle")))
    assert verdict.outcome is Outcome.CORRECT, verdict.reasons


def test_eyes_behind_sunglasses_are_said_to_be_unreadable(results: list[Result]) -> None:
    assert results[1].verdict.outcome is Outcome.REPORTED_BLIND, results[1].verdict.reasons


def test_the_same_cell_gives_the_same_trace_again(results: list[Result]) -> None:
    again = run_cell(results[0].cell, Bench(READER, "vehicle"))
    assert (again.alerts, again.events, again.health) == (
        results[0].trace.alerts,
        results[0].trace.events,
        results[0].trace.health,
    )
    # A cell that failed would be told with all of this.
    failed = Result(results[0].cell, Verdict(Outcome.FAILED, ("for the test",)), again)
    drawn = page([failed], ABOUT)
    assert drawn.count("<figure>") == 16
    assert drawn.count("<polyline") >= 6
    assert "for the test" in drawn and "0 of 1 cases pass" in drawn


def test_the_report_is_one_page_and_one_json_file(results: list[Result], tmp_path: Path) -> None:
    file = write_report(tmp_path / "new" / "folder", results, ABOUT)
    assert sorted(found.name for found in file.parent.iterdir()) == ["index.html", "matrix.json"]
    drawn = file.read_text()
    assert not re.findall(r"(src|href)=\"(?!data:|#)", drawn), "the page must need nothing else"
    data = json.loads((file.parent / "matrix.json").read_text())
    assert data["count"] == {"cells": 2, "correct": 1, "reported_blind": 1, "failed": 0}
    assert [cell["cell"] for cell in data["cells"]] == [result.cell.id for result in results]


def test_a_folder_that_cannot_be_written_is_told(results: list[Result], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="the report cannot be written"):
        write_report(tmp_path / "file", results, ABOUT)


def test_the_command_lists_cells_with_what_is_expected(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["scenarios", "list", "--only", "dim,none,yaw0,pitch0,sleep"]) == 0
    line = capsys.readouterr().out
    assert line.split()[0] == "dim/none/yaw0/pitch0/sleep"
    assert "visible: microsleep 8.9..9.7 s, sleep 10.9..11.7 s" in line
    assert status(["scenarios", "list", "--matrix", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 1580


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--only", "asleep"], "no cell of the matrix has this word"),
        (["--profile", "nobody"], "no profile is called 'nobody'"),
    ],
)
def test_mistakes_are_told_before_anything_runs(
    options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(["scenarios", "run", *options]) == 2
    assert told in capsys.readouterr().err
