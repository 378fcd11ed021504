"""Runs of the matrix that are kept: the same results however they were carried, resumed, asked for and drawn again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools.rigs.waiting import eventually
from wakeful.device.cli import status
from wakeful.device.fleet.store import FolderStore
from wakeful.device.scenarios import carried
from wakeful.device.scenarios.client import open_run
from wakeful.device.scenarios.matrix import matrix, select
from wakeful.device.scenarios.runner import Bench
from wakeful.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]
CELL = "normal/none/yaw0/pitch0/fps1/attentive"
ONLY = ["--only", "normal,none,glasses,yaw0,pitch0,fps1,attentive"]
"""Two scenes of one cell of sixteen frames."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shards(folder: Path) -> list[Path]:
    # Not what a killed process was still writing, which begins with a dot.
    return sorted((folder / "wakeful-fleet" / "runs").glob("*/shards/[0-9]*.json"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a finished run, which is only read."""
    folder = tmp_path_factory.mktemp("kept")
    assert status(["scenarios", "run", *ONLY, "--store", str(folder / "wakeful-fleet"), "--jobs", "1"]) == 0
    return folder


def test_a_kept_run_says_what_a_plain_one_says_and_has_every_picture(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(["scenarios", "run", *ONLY, "--jobs", "1", "--report", "plain"]) == 0
    kept = shards(copied)[0].parent.parent
    plain, found = (json.loads((folder / "matrix.json").read_text()) for folder in (copied / "plain", kept))
    assert plain["cells"] == found["cells"] and len(found["cells"]) == 2
    assert (kept / "index.html").is_file()
    capsys.readouterr()
    assert status(["scenarios", "show", "latest", CELL, "--again", "--out", "strip.png"]) == 0
    printed = capsys.readouterr().out
    assert f"{CELL}: correct" in printed and "drawn again: 16 of 16 images are the same" in printed
    assert (copied / "strip.png").stat().st_size > 10_000
    assert status(["scenarios", "show", "latest", CELL, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["parameters"]["light"]["brightness"] == 1.0 and shown["code"] == carried.rendering_code()
    assert [one["frame"] for one in shown["pictures"]] == list(range(16))


@pytest.fixture
def copied(kept: Path, here: Path) -> Path:
    """The folder that commands run in, with a copy of the finished run."""
    shutil.copytree(kept / "wakeful-fleet", here / "wakeful-fleet")
    carried._planned.cache_clear()
    return here


def test_a_picture_that_was_changed_is_named(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for shard in shards(copied):
        shard.write_text(shard.read_text().replace('"frame":3,"seed":', '"frame":3,"seed":1'))
    assert status(["scenarios", "show", "latest", CELL, "--again"]) == 1
    assert "15 of 16 images are the same" in capsys.readouterr().out


def test_finished_scenes_are_kept_and_lost_or_damaged_ones_done_again(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = shards(copied)
    page = first.parent.parent / "matrix.json"
    before, made = page.read_bytes(), first.stat().st_mtime_ns
    for damage in (second.unlink, lambda: second.write_text("{")):
        damage()
        page.unlink()
        assert status(["scenarios", "show", "latest", CELL.replace("none", "glasses")]) == 1
        assert "`wakeful scenarios resume" in (told := capsys.readouterr().err) or "resume the run" in told
        assert status(["scenarios", "resume", "latest"]) == 0
        assert page.read_bytes() == before and first.stat().st_mtime_ns == made


def test_another_code_finishes_no_run(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = shards(copied)[0].parent.parent / "plan.json"
    plan.write_text(plan.read_text().replace(carried.rendering_code(), "0123456789ab"))
    assert status(["scenarios", "resume", "latest"]) == 1
    told = capsys.readouterr().err.splitlines()[-1]
    assert "was planned by other code (0123456789ab" in told and told.startswith("wakeful: ")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["show", "nothing", CELL], 1, "has no run nothing"),
        (["show", "latest", "dim/none/yaw0/pitch0/sleep"], 1, "it was not among its --only"),
        (["show", "latest", "dim/none"], 1, "the matrix has no cell dim/none"),
        (["show", "latest", CELL, "--out", "strip.jpg"], 2, "name a .png file"),
        (["run", *ONLY, "--on", "moon"], 2, "--on moon: expected here or metaflow"),
        (["run", *ONLY, "--with", "kubernetes"], 2, "--with kubernetes needs --on metaflow"),
        (["run", *ONLY, "--tag", "winter"], 1, "expected KEY:VALUE"),
        (["resume", "latest", "--store", "/proc/none"], 1, "has no run latest"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str],
    code: int,
    says: str,
    kept: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(kept)
    assert status(["scenarios", *arguments]) == code
    told = capsys.readouterr().err
    assert says in told and told.count("\n") == 1


def test_cases_are_chosen_by_what_they_were_made_of(kept: Path) -> None:
    run = open_run(str(kept / "wakeful-fleet"))
    assert len(run.cells()) == 2
    (case,) = run.cells(eyewear="glasses", fps=1.0, outcome="correct")
    assert len(case.images()) == 8 and case.parameters["eyewear"] == "glasses"
    assert run.cells(light="dim")._repr_html_() == "<p>no such case</p>"
    assert run.cells()._repr_html_().count("data:image/jpeg") == 16
    with pytest.raises(ConfigError, match="cases have no mood: choose by cell, light"):
        run.cells(mood="good")


def test_many_workers_share_a_scene_and_stitch_the_same_page(tmp_path: Path) -> None:
    cells, bench = select(matrix(), "normal,none,yaw0,pitch0,fps1,attentive,blinking"), Bench("wakeful", "vehicle")
    written = []
    for jobs, parts in ((1, 1), (100, 2)):
        store = FolderStore(tmp_path / str(jobs))
        run = carried.new_run(store, cells, bench, "here", jobs, (), ())
        assert run.shards == parts
        for number in reversed(range(parts)):
            carried.run_in_store(store.url, run.id, number)
        carried.finish(store, run, None)
        written.append(store.read(f"{run.folder}matrix.json"))
    assert written[0] == written[1]
    shares = [sum(16 * one.camera.fps for one in job.cells) for job in carried.tasks(matrix(), bench, 100)]
    assert sum(shares) / max(shares) > 100


@pytest.mark.slow
def test_metaflow_gives_the_same_bytes(here: Path, kept: Path) -> None:
    pytest.importorskip("metaflow", reason="the extra [fleet] is not installed")
    assert status(["scenarios", "run", *ONLY, "--on", "metaflow", "--jobs", "2", "--report", "flow"]) == 0
    here_too = next((kept / "wakeful-fleet" / "runs").glob("*/matrix.json"))
    assert (here / "flow" / "matrix.json").read_bytes() == here_too.read_bytes()
    tags = carried.load(FolderStore(here / "wakeful-fleet"), "latest").tags
    assert f"code:{carried.rendering_code()}" in tags


@pytest.mark.slow
def test_a_killed_scheduler_is_resumed_and_renders_no_scene_again(here: Path) -> None:
    pytest.importorskip("metaflow", reason="the extra [fleet] is not installed")
    command = [sys.executable, "-m", "wakeful", "scenarios", "run", *ONLY, "--on", "metaflow", "--jobs", "1"]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True)
    assert eventually(lambda: len(shards(here)) >= 1, 200.0)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    made = {file: file.stat().st_mtime_ns for file in shards(here)}
    assert status(["scenarios", "resume", "latest"]) == 0
    assert len(shards(here)) == 2 and all(file.stat().st_mtime_ns == time_ns for file, time_ns in made.items())
