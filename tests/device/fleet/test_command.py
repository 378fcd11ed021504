"""``wakeful fleet`` from its command line: results, pages, bad input, interrupted runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wakeful.device.cli import status
from wakeful.device.fleet import runs
from wakeful.device.fleet.store import FolderStore


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fleet: Path) -> Path:
    """The folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def newest(folder: Path) -> runs.Run:
    return runs.load(FolderStore(folder / "wakeful-fleet"), "latest")


def complaint(arguments: list[str], expected: int, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a command complains with."""
    capsys.readouterr()
    assert status(["fleet", *arguments]) == expected
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = [line for line in err.splitlines() if not line.startswith("run ")]
    assert line.startswith("wakeful: ")
    return line


def test_a_fleet_is_judged_listed_compared_and_pruned(
    fleet: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(["fleet", "replay", str(fleet), "--jobs", "1", "--out", "out", "--tag", "study:winter"]) == 0
    first = newest(here)
    content = (here / "out" / "fleet.json").read_bytes()
    assert json.loads(content)["total"]["drives"] == 6
    page = (here / "out" / "index.html").read_text()
    assert "6 of 6 drives judged" in page and "study:winter" in page
    assert [link for link in page.split('href="')[1:] if link.startswith("reports/")]
    assert status(["fleet", "replay", str(fleet), "--profile", "robot", "--jobs", "1"]) == 0
    second = newest(here)
    capsys.readouterr()
    assert status(["fleet", "runs", "--json"]) == 0
    assert [run["id"] for run in json.loads(capsys.readouterr().out)] == [first.id, second.id]
    assert status(["fleet", "runs"]) == 0
    # Whole, since it is copied into the next command.
    assert first.id in capsys.readouterr().out
    assert status(["fleet", "compare", first.id, "latest"]) == 0
    assert "drives changed" in capsys.readouterr().out
    assert status(["fleet", "report", first.id, "--out", "again"]) == 0
    assert (here / "again" / "fleet.json").read_bytes() == content
    assert status(["fleet", "prune", "--keep", "1"]) == 0
    assert [run.id for run in runs.every(FolderStore(here / "wakeful-fleet"))] == [second.id]


def test_two_processes_give_the_bytes_of_one(fleet: Path, here: Path) -> None:
    for jobs in ("1", "2"):
        assert status(["fleet", "replay", str(fleet), "--jobs", jobs, "--shards", "3", "--out", jobs]) == 0
    assert (here / "1" / "fleet.json").read_bytes() == (here / "2" / "fleet.json").read_bytes()


@pytest.fixture(scope="module")
def out(fleet: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run leaves, which is only read."""
    folder = tmp_path_factory.mktemp("run")
    store = ["--store", str(folder / "store")]
    assert status(["fleet", "replay", str(fleet), *store, "--jobs", "1", "--out", str(folder / "out")]) == 0
    return folder / "out"


def test_a_page_asks_for_nothing(out: Path) -> None:
    page = (out / "index.html").read_text()
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert not [word for word in ("http://", "https://", "@import", "url(") if word in page]


def test_reports_hide_the_driver_and_hold_no_images(out: Path) -> None:
    reports = list((out / "reports").iterdir())
    assert reports
    for report in reports:
        text = report.read_text()
        assert "driver ada" not in text and '"ada"' not in text
        assert "data:image/jpeg" not in text


def test_a_report_that_fails_costs_no_result(
    fleet: Path, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: object) -> str:
        raise ZeroDivisionError("float division by zero")

    monkeypatch.setattr("wakeful.device.view.report.page", fails)
    assert status(["fleet", "replay", str(fleet), "--jobs", "1", "--out", "out"]) == 0
    said = capsys.readouterr().out
    assert "no report (ZeroDivisionError: float division by zero; please report it)" in said
    assert json.loads((here / "out" / "fleet.json").read_text())["total"]["drives"] == 6
    assert (here / "out" / "index.html").is_file()


def test_an_interrupted_run_is_resumed_without_judging_a_shard_again(
    fleet: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(["fleet", "replay", str(fleet), "--jobs", "1", "--shards", "6", "--out", "whole"]) == 0
    run = newest(here)
    shards = here / "wakeful-fleet" / run.folder / "shards"
    for number in (1, 4):
        (shards / f"{number:05}.json").unlink()
    kept = {path: path.stat().st_mtime_ns for path in shards.iterdir()}
    assert status(["fleet", "resume", run.id, "--out", "resumed"]) == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert (here / "resumed" / "fleet.json").read_bytes() == (here / "whole" / "fleet.json").read_bytes()


def test_a_run_of_older_code_keeps_its_shards_and_says_so(
    fleet: Path, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert status(["fleet", "replay", str(fleet), "--jobs", "1", "--shards", "3"]) == 0
    run = newest(here)
    shards = here / "wakeful-fleet" / run.folder / "shards"
    (shards / "00001.json").unlink()
    monkeypatch.setattr("wakeful.device.fleet.shard.judging_code", lambda: "0" * 12)
    assert "planned by other code" in complaint(["resume", run.id], 1, capsys)
    assert len(list(shards.iterdir())) == 2


def test_a_run_that_is_not_finished_cannot_be_compared(
    fleet: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(["fleet", "replay", str(fleet), "--plan-only"]) == 0
    run = newest(here)
    assert "is not finished, 0 of 6" in complaint(["compare", run.id, run.id], 1, capsys)
    assert "6 of 6 shards are not judged yet" in complaint(["report", run.id], 1, capsys)


@pytest.mark.parametrize(
    ("arguments", "expected", "words"),
    [
        (["replay", "nowhere"], 3, "there is no such log or folder"),
        (["replay", "{fleet}", "--on", "moon"], 2, "expected here or metaflow"),
        (["replay", "{fleet}", "--with", "batch"], 2, "needs --on metaflow"),
        (["replay", "{fleet}", "--tag", "winter"], 1, "KEY:VALUE"),
        (["replay", "{fleet}", "--profile", "nosuch"], 2, "nosuch"),
        (["resume", "20260101T000000Z-0000"], 1, "no run"),
        (["report", "latest"], 1, "no run latest"),
        (["compare", "a", "b"], 1, "no run a"),
    ],
)
def test_wrong_use_is_one_line(
    fleet: Path, here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], expected: int, words: str
) -> None:
    assert words in complaint([one.format(fleet=fleet) for one in arguments], expected, capsys)


def test_a_store_that_cannot_be_written_is_one_line(
    fleet: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "cannot be written" in complaint(["replay", str(fleet), "--store", "/proc/fleet"], 1, capsys)


def test_two_processes_do_not_carry_one_run(
    fleet: Path, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ENDING_S", 0.1)
    assert status(["fleet", "replay", str(fleet), "--plan-only"]) == 0
    run = newest(here)
    with runs.held(FolderStore(here / "wakeful-fleet"), run):
        assert "another process works on run" in complaint(["resume", run.id], 1, capsys)


def test_a_truth_about_no_drive_is_one_line(fleet: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "truth.csv").write_text("recording,event,start,end\nnosuch,sleep,1,2\n")
    assert "names none" in complaint(["replay", str(fleet), "--truth", "truth.csv"], 2, capsys)
