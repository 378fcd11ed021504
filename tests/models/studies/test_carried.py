"""Studies that are kept: the results of one process however they were carried, and after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("matplotlib", reason="needs the extra [train]")
pytest.importorskip("onnx", reason="needs the extra [train]")

from tools.rigs.waiting import eventually
from wakeful.device.cli import status
from wakeful.device.fleet import runs
from wakeful.device.fleet.errors import OtherCode, StoreError
from wakeful.device.fleet.store import FolderStore, S3Store, open_store
from wakeful.models.studies import carried, carry, update
from wakeful.models.studies.page import page_files
from wakeful.models.studies.study import NAMES, Result, Stepped, Study, Trial, study
from wakeful.models.training.run import CHECKPOINT

ROOT = Path(__file__).resolve().parents[3]
STEPS = 12
WHOLE = update.trials()
TWO = tuple(one for one in WHOLE if one.name in (update.FIRST, "new alone, from the weights") and one.seed == 1)
"""A first training, and one that begins with its weights."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few faces as FER+ has them, of eight classes."""
    rng, count = np.random.default_rng(1), 160
    labels = np.arange(count) % 8
    stripes = 60.0 * np.sin(np.arange(48)[None, None, :] * (labels[:, None, None] + 1) / 4.0)
    images = np.clip(120.0 + stripes + rng.normal(0.0, 40.0, (count, 48, 48)), 0, 255).astype(np.uint8)
    votes = np.zeros((count, 10), np.uint8)
    votes[np.arange(count), labels] = 10
    split = np.array(["train", "train", "valid", "test"])[np.arange(count) // 8 % 4]
    file = tmp_path_factory.mktemp("data") / "faces.npz"
    names = np.array([f"{place}.png" for place in range(count)])
    np.savez(file, images=images, votes=votes, fer2013=labels % 7, split=split, name=names)
    return file


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """The study has two trainings alone."""
    monkeypatch.setattr(update, "trials", lambda: TWO)


@pytest.fixture(scope="module")
def plain(data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    """What the two come to in this process."""
    folder = tmp_path_factory.mktemp("plain")
    loaded = update.load(data, folder)
    return [carry.run_trial(update, one, loaded, folder, STEPS) for one in TWO]


def untimed(results: list[Result]) -> bytes:
    return page_files("update", "?", update.answer(results), results)["results.json"]


@pytest.mark.usefixtures("two")
def test_a_kept_run_comes_to_the_bytes_of_one_process(data: Path, plain: list[Result], tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    run = carried.new_run(store, "update", data, STEPS)
    assert run.shards == 1
    seen: list[str] = []
    carried.carry(store, run, lambda number, results: seen.extend(one.trial.key for one in results))
    carried.finish(store, run, tmp_path / "out")
    assert seen == [one.trial.key for one in plain]
    written = (tmp_path / "out" / "update" / "results.json").read_bytes()
    assert written == untimed(plain) == store.read(f"{run.folder}results.json")
    assert all(len(one["figures"]["weights"]) == 16 for one in json.loads(written))
    assert runs.load(store, run.id).done


class Killed(BaseException):
    """The end of a worker."""


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """Steps that each training makes; until it is to go on the second ends at its fourth, like its machine."""
    made: dict[str, list[int]] = {}

    def watched(asked: Study, trial: Trial, loaded: Any, out: Path, length: int, on: Any, stepped: Stepped) -> Result:
        own = made.setdefault(trial.key, [])

        def step(number: int) -> None:
            stepped(number)
            own.append(number)
            if trial.after and number == 4 and "go on" not in made:
                raise Killed

        return carry.run_trial(asked, trial, loaded, out, length, on, step)

    monkeypatch.setattr(carried, "run_trial", watched)
    return made


@pytest.mark.usefixtures("two")
def test_a_worker_without_a_disk_goes_on_from_the_checkpoint_in_the_store(
    data: Path, plain: list[Result], bucket: str, steps: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(bucket)
    run = carried.new_run(store, "update", data, STEPS)
    with pytest.raises(Killed):
        carried.train_in_store(bucket, run.id, 0)
    first, second = (one.trial.key for one in plain)
    assert f"{run.folder}trials/{second}/{CHECKPOINT}" in store.keys(f"{run.folder}trials/")
    steps.clear()
    steps["go on"] = []
    write = S3Store.write

    def away(self: S3Store, key: str, value: bytes) -> None:
        if "/trials/" in key:
            raise StoreError("S3 cannot be reached")
        write(self, key, value)

    # What cannot be kept on the way costs nothing but a later start from it.
    monkeypatch.setattr(S3Store, "write", away)
    carried.train_in_store(bucket, run.id, 0)
    # The second has half as many steps, and checkpoints from its first on.
    assert steps[first] == [] and 1 < steps[second][0] <= 4
    found = carried.existing(store, run, 0)
    assert found is not None and untimed(list(found)) == untimed(plain)
    assert len(store.keys(runs.STUDY_DATA)) == 1
    runs.prune(store, keep=0)
    assert store.keys("") == []


def test_trainings_that_need_each_others_weights_are_one_task() -> None:
    for name in NAMES:
        if name != "architectures":
            trials = study(name).trials()
            grouped = carried.tasks(trials)
            assert sorted(one.key for task in grouped for one in task) == sorted(one.key for one in trials)
            assert (len(grouped) < len(trials)) == (name == "update")
    assert [len(task) for task in carried.tasks(WHOLE)] == [4, 2, 2, 1, 1, 1, 1]


@pytest.mark.usefixtures("two")
def test_other_code_or_other_data_do_not_go_on(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, own = FolderStore(tmp_path / "store"), tmp_path / "own.npz"
    own.write_bytes(data.read_bytes())
    run = carried.new_run(store, "update", own, STEPS)
    own.write_bytes(b"other")
    with pytest.raises(ValueError, match=r"own\.npz has changed since the run was planned: start a new run"):
        carried.train_in_store(store.url, run.id, 0)
    monkeypatch.setattr(carried, "training_code", lambda: "0" * 12)
    with pytest.raises(OtherCode, match="was planned by other code"):
        carried.train_in_store(store.url, run.id, 0)
    assert len(runs.failures(store, run)) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["update", "--data", "nothing.npz", "--on", "metaflow"], 2, "--data nothing.npz: No such file"),
        (["update", "--data", "{data}"], 2, "--out FOLDER: name a folder"),
        (["update", "--data", "{data}", "--on", "moon"], 2, "--on moon: expected here or metaflow"),
        (["update", "--data", "{data}", "--with", "kubernetes"], 2, "--with kubernetes needs --on metaflow"),
        (["update", "--data", "{data}", "--tag", "winter"], 1, "expected KEY:VALUE"),
        (["people", "--data", "{data}", "--store", "kept"], 2, "faces.npz/faces.bin: Not a directory"),
        (["resume", "latest"], 1, "has no run latest"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str],
    code: int,
    says: str,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if "metaflow" in arguments:
        pytest.importorskip("metaflow", reason="the extra [fleet] is not installed")
    monkeypatch.chdir(tmp_path)
    assert status(["study", *(one.format(data=data) for one in arguments)]) == code
    told = capsys.readouterr().err
    assert says in told and told.count("\n") == 1 and told.startswith("wakeful: ")


@pytest.mark.parametrize(("missing", "extra"), [("torch", "train"), ("metaflow", "fleet")])
def test_without_an_extra_the_line_names_it(
    missing: str,
    extra: str,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("wakeful.device.extras.find_spec", lambda name: None if name == missing else object())
    assert status(["study", "update", "--data", str(data), "--on", "metaflow"]) == 2
    assert capsys.readouterr().err == f"wakeful: this needs {missing}: pip install 'wakeful[{extra}]'\n"
    assert not list(tmp_path.iterdir())


def test_each_command_points_to_the_one_that_resumes_a_run(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mcap", reason="the extra [fleet] is not installed")
    monkeypatch.chdir(tmp_path)
    store = FolderStore(tmp_path / "wakeful-fleet")
    made = {kind: runs.begin(store, kind, on="here", jobs=1, shards=1) for kind in ("replay", "scenarios", "study")}
    for command, own in (("fleet", "replay"), ("scenarios", "scenarios"), ("study", "study")):
        for kind, run in made.items():
            if kind != own:
                assert status([command, "resume", run.id]) == 1
                by = "fleet" if kind == "replay" else kind
                assert capsys.readouterr().err == (
                    f"wakeful: run {run.id} is one of `wakeful {by}`: `wakeful {by} resume {run.id}` continues it\n"
                )
        assert runs.of_kind(store, "latest", own) == made[own]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_tasks_of_metaflow_that_are_killed_come_to_the_same_bytes(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task is killed and retried, then all of it is killed and resumed."""
    pytest.importorskip("metaflow", reason="the extra [fleet] is not installed")
    second = tuple(
        one for one in WHOLE if one.seed == 2 and one.name in (update.FIRST, "old and new, from the weights")
    )
    monkeypatch.setattr(update, "trials", lambda: (*TWO, *second))
    loaded = update.load(data, tmp_path)
    plain = [carry.run_trial(update, one, loaded, tmp_path / "plain", 40) for one in update.trials()]
    store = FolderStore(tmp_path / "store")
    run = carried.new_run(store, "update", data, 40, on=runs.METAFLOW)
    command = [sys.executable, "-m", "wakeful", "study", "resume", run.id, "--store", store.url]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True)
    top = store.folder / run.folder

    def there(pattern: str) -> bool:
        return eventually(lambda: bool(list(top.glob(pattern))), 300.0)

    try:
        assert there(f"trials/*/{CHECKPOINT}")
        os.kill(_task(process.pid), signal.SIGKILL)
        assert there("shards/*.json")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    kept = {file: file.stat().st_mtime_ns for file in top.glob("shards/*.json")}
    assert status(["study", "resume", "latest", "--store", store.url, "--out", str(tmp_path)]) == 0
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    assert (tmp_path / "update" / "results.json").read_bytes() == untimed(plain)
    assert len(runs.load(store, run.id).flow_runs) == 2


def _task(parent: int) -> int:
    """The process of the task that trains now."""
    found: list[int] = []

    def look() -> bool:
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = file.read_bytes().split(b"\0")
                if b"step" in words and b"train" in words and os.getpgid(int(file.parent.name)) == parent:
                    found.append(int(file.parent.name))
            except (OSError, ProcessLookupError):
                continue
        return bool(found)

    assert eventually(look, 60.0)
    return max(found)
