"""Runs carried by Metaflow give the bytes of those that processes carry, also after kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from tools.rigs.waiting import eventually
from wakeful.device.cli import status
from wakeful.device.fleet import metaflow, runs
from wakeful.device.fleet.errors import FleetError, StoreAway
from wakeful.device.fleet.store import FolderStore
from wakeful.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that commands run in."""
    pytest.importorskip("metaflow", reason="the extra [fleet] is not installed")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def carried(folder: Path) -> runs.Run:
    """The one run that Metaflow carried: two that began within a second have no order."""
    (run,) = (one for one in runs.every(FolderStore(folder / "wakeful-fleet")) if one.on == "metaflow")
    return run


def test_metaflow_gives_the_same_bytes(fleet: Path, here: Path) -> None:
    assert status(["fleet", "replay", str(fleet), "--jobs", "1", "--out", "plain"]) == 0
    assert (
        status(["fleet", "replay", str(fleet), "--on", "metaflow", "--shards", "2", "--jobs", "2", "--out", "flow"])
        == 0
    )
    assert (here / "flow" / "fleet.json").read_bytes() == (here / "plain" / "fleet.json").read_bytes()
    run = carried(here)
    assert run.done and len(run.flow_runs) == 1
    assert status(["fleet", "prune", "--keep", "0"]) == 0
    left = [
        path for path in (here / "wakeful-fleet").rglob("*") if run.flow_runs[0] in path.parts or run.id in path.parts
    ]
    assert left == []


@pytest.mark.slow
def test_a_killed_scheduler_is_resumed_and_judges_no_shard_again(fleet: Path, here: Path) -> None:
    assert status(["fleet", "replay", str(fleet), "--jobs", "1", "--store", "plain", "--out", "plain"]) == 0
    command = [sys.executable, "-m", "wakeful", "fleet", "replay", str(fleet), "--on", "metaflow", "--shards", "6"]
    own = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*command, "--jobs", "1"], env=own, start_new_session=True)

    def shards() -> list[Path]:
        return sorted((here / "wakeful-fleet" / "runs").glob("*/shards/*.json"))

    assert eventually(lambda: len(shards()) >= 2, 120.0)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = {path: path.stat().st_mtime_ns for path in shards()}
    assert 2 <= len(kept) < 6
    assert status(["fleet", "resume", "latest", "--out", "resumed"]) == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert (here / "resumed" / "fleet.json").read_bytes() == (here / "plain" / "fleet.json").read_bytes()
    assert len(carried(here).flow_runs) == 2


def test_a_flow_is_alone_in_its_folder() -> None:
    for folder in metaflow.FLOWS.resolve().iterdir():
        assert [file.name for file in folder.iterdir() if file.name != "__pycache__"] == [f"{folder.name}_flow.py"]


def test_a_store_that_stays_away_ends_the_run_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore(tmp_path)
    run = runs.begin(store, runs.REPLAY, on=runs.METAFLOW, jobs=1, shards=2)
    monkeypatch.setattr(metaflow, "AWAY_S", 0.2)
    monkeypatch.setattr(metaflow, "POLL_S", 0.05)
    flow = [sys.executable, "-c", "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"]
    monkeypatch.setattr(metaflow, "command", lambda *given: flow)

    def watch() -> None:
        if (tmp_path / "pid").is_file():
            raise StoreAway("S3 cannot be reached")

    with pytest.raises(FleetError, match=f"S3 cannot be reached; 0 of 2 shards .*`wakeful fleet resume {run.id}`"):
        metaflow.carry(store, run, metaflow.Flow("fleet"), watch)
    assert not Path("/proc", (tmp_path / "pid").read_text()).exists()


@pytest.mark.parametrize("name", ["fleet", "scenarios", "study"])
def test_a_code_package_is_small_and_holds_a_flow_and_metaflow_alone(name: str, here: Path) -> None:
    """Each task on a cluster fetches it; wakeful is in the image."""
    flow, packed = metaflow.Flow(name).file, here / "code.tgz"
    command = [sys.executable, str(flow), "--quiet", "--no-pylint", "package", "save", str(packed)]
    own = metaflow.environment(FolderStore(here), here)
    subprocess.run(command, env=own, cwd=here, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    assert packed.stat().st_size <= 2_000_000
    with tarfile.open(packed) as opened:
        held = {PurePosixPath(file).parts for file in opened.getnames()}
    assert {parts[-1] for parts in held if not parts[0].startswith(".mf") and "metaflow" not in parts} == {flow.name}


def test_a_cluster_needs_a_store_that_it_reaches(tmp_path: Path) -> None:
    pytest.importorskip("metaflow", reason="the extra [fleet] is not installed")
    with pytest.raises(ConfigError, match="need a store that the workers reach"):
        metaflow.check(["batch:queue=drives"], FolderStore(tmp_path))


@pytest.mark.parametrize("remote", ["--help", "kubernetes; rm -rf", "", "BATCH"])
def test_what_is_no_decorator_is_refused(tmp_path: Path, remote: str) -> None:
    pytest.importorskip("metaflow", reason="the extra [fleet] is not installed")
    with pytest.raises(ConfigError, match="expected a decorator"):
        metaflow.check([remote], FolderStore(tmp_path))


def test_kubernetes_without_its_package_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("metaflow", reason="the extra [fleet] is not installed")
    monkeypatch.setattr("wakeful.device.extras.find_spec", lambda name: None if name == "kubernetes" else object())
    with pytest.raises(ConfigError, match=r"this needs kubernetes: pip install 'wakeful\[kubernetes\]'"):
        metaflow.check(["kubernetes:cpu=1"], FolderStore(tmp_path))


def test_without_metaflow_the_line_names_the_extra(
    fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("wakeful.device.extras.find_spec", lambda name: None if name == "metaflow" else object())
    assert status(["fleet", "replay", str(fleet), "--on", "metaflow"]) == 2
    assert capsys.readouterr().err == "wakeful: this needs metaflow: pip install 'wakeful[fleet]'\n"
