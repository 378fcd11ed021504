"""Studies that are kept in a store: trainings are tasks, in processes here or carried by Metaflow.

    runs/RUN/plan.json           study, length, data by their hashes, trainings of each task, code
    runs/RUN/trials/TRIAL/       checkpoint, weights and result of a training
    runs/RUN/shards/00007.json   what the trainings of a task came to
    runs/RUN/index.html, figure.png, results.json, times.json
    study-data/HASH/NAME         data, in S3 alone: a folder's workers read them where they are

Checkpoints and weights hold tensors and plain values, and nothing else is accepted when they are read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import cache, lru_cache, partial
from pathlib import Path

import torch
from pydantic import TypeAdapter

import wakeful.models
from wakeful.device.fleet import layout, runs
from wakeful.device.fleet.code import check_code, digest_of
from wakeful.device.fleet.errors import FleetError, NotInStore, StoreError
from wakeful.device.fleet.metaflow import Flow
from wakeful.device.fleet.runs import Run
from wakeful.device.fleet.store import FolderStore, Store, open_store
from wakeful.device.fleet.tasks import carry as carry_tasks
from wakeful.errors import ConfigError, WakefulError
from wakeful.files import write_file
from wakeful.frozen import dataclass
from wakeful.models.studies.carry import RESULT, run_trial
from wakeful.models.studies.page import PAGE, page_files, write_files
from wakeful.models.studies.study import Answer, Result, Trial, study
from wakeful.models.training.run import CHECKPOINT, WEIGHTS, prepared

FORMAT = 1
TRAINED_BY = ("studies", "training", "expression", "eyes")
KEPT = (CHECKPOINT, WEIGHTS, RESULT)
MEMORY_MB, MEMORY_PER_DATA_MB = 1024, 8
"""Memory that a task asks for."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file as it was when the run was planned."""

    name: str
    bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """A run.

    Attributes:
        data: path on the machine that planned it. files: what is read of it.
        tasks: trainings that need each other's weights, in their order.
    """

    study: str
    steps: int
    device: str
    threads: int
    data: str
    files: tuple[DataFile, ...]
    tasks: tuple[tuple[Trial, ...], ...]
    code: str
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What the trainings of a task came to."""

    code: str
    results: tuple[Result, ...]
    format: int = FORMAT


_PLAN, _RESULT = TypeAdapter(StudyPlan), TypeAdapter(TaskResult)


def new_run(
    store: Store,
    name: str,
    data: Path,
    steps: int | None,
    *,
    device: str = "cpu",
    threads: int = 1,
    on: str = runs.HERE,
    jobs: int = 1,
    remote: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> Run:
    """A run of this study, in the store; into S3 its data go too, unless they are there.

    Raises:
        ConfigError: the data cannot be read.
        FleetError: a tag is malformed.
        StoreError: the store cannot be written.
    """
    asked = study(name)
    read = [data / file for file in asked.FILES] or [data]
    files = tuple(_pinned(file) for file in read)
    grouped = tasks(asked.trials())
    wanted = steps or asked.STEPS
    plan = StudyPlan(name, wanted, device, threads, str(data.absolute()), files, grouped, training_code())
    about = {name: f"{wanted} steps", "device": device}
    run = runs.begin(store, runs.STUDY, on=on, jobs=jobs, shards=len(grouped), remote=remote, tags=tags, about=about)
    if not isinstance(store, FolderStore):
        for path, file in zip(read, files, strict=True):
            if not store.keys(f"{runs.STUDY_DATA}{file.digest}/"):
                store.write(_data_key(file), path.read_bytes())
    store.write(f"{run.folder}plan.json", _PLAN.dump_json(plan, indent=1))
    return run


def tasks(trials: Sequence[Trial]) -> tuple[tuple[Trial, ...], ...]:
    """Trainings by task: those that begin with another one's weights come after it, in its task."""
    first: dict[str, str] = {}
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        first[trial.key] = first.get(trial.after, trial.key)
        groups.setdefault(first[trial.key], []).append(trial)
    return tuple(tuple(group) for group in groups.values())


def carry(store: Store, run: Run, seen: Callable[[int, Sequence[Result]], None]) -> None:
    """Do what is left of a run. Errors as ``wakeful.device.fleet.tasks.carry``."""
    plan = read_plan(store, run)
    data_mb = sum(file.bytes for file in plan.files) / 1e6
    needs = {
        "cpu": max(1, plan.threads),
        "memory": round(MEMORY_MB + MEMORY_PER_DATA_MB * data_mb),
        "gpu": int(plan.device == "cuda"),
    }
    todo = partial(train_in_store, store.url, run.id)
    flow = Flow("study", {"needs": json.dumps(needs)})
    carry_tasks(store, run, flow, partial(existing, store, run), todo, seen)


def train_in_store(url: str, run_id: str, number: int) -> None:
    """Does the trainings of a task, unless they are done; the results go into the store.

    Raises:
        OtherCode: the run was planned by other code.
        WakefulError: it cannot be done here; why is kept in the store too.
    """
    store = open_store(url)
    run, plan = _planned(url, run_id)
    try:
        check_code(run_id, plan.code, training_code())
        if existing(store, run, number) is not None:
            return
        asked, device = study(plan.study), prepared(plan.device, plan.threads)
        with _workplace(store, run, plan) as (data, folder):
            loaded, results = asked.load(data, folder), []
            for trial in plan.tasks[number]:
                kept = _kept(store, run, folder, trial)
                results.append(run_trial(asked, trial, loaded, folder, plan.steps, device, kept))
                kept(plan.steps + 1)
        # Not by pydantic, which writes nothing where a share of no faces at all is not a number.
        content = json.dumps(asdict(TaskResult(plan.code, tuple(results))), indent=1)
        store.write(runs.shard_key(run, number), content.encode())
    except WakefulError as error:
        runs.note_failure(store, run, number, str(error))
        raise


def existing(store: Store, run: Run, number: int) -> tuple[Result, ...] | None:
    """The results of a task that is done; None where there are none that can be used."""
    key = runs.shard_key(run, number)
    try:
        found = layout.read(_RESULT, store.read(key), key, "result of a study", FORMAT, "delete it and resume the run")
    except (NotInStore, FleetError):
        return None
    return found.results if found.code == _planned(store.url, run.id)[1].code else None


def finish(store: Store, run: Run, out: Path | None) -> tuple[Answer, str]:
    """Writes the page once all tasks are done; gives the answer and where the page is.

    Args:
        out: a folder for the page and its files, beside the run's own in the store.

    Raises:
        FleetError: not all tasks are done.
        ConfigError: the folder cannot be written to.
    """
    found = [existing(store, run, number) for number in range(run.shards)]
    if None in found:
        done = sum(one is not None for one in found)
        raise FleetError(f"{done} of {run.shards} tasks are done: `{run.resumed_by}` does the rest")
    name = read_plan(store, run).study
    asked = study(name)
    place = {trial.key: place for place, trial in enumerate(asked.trials())}
    results = sorted((one for task in found for one in task or ()), key=lambda one: place[one.trial.key])
    answer = asked.answer(results)
    files = page_files(name, asked.QUESTION, answer, results)
    for file, content in files.items():
        store.write(f"{run.folder}{file}", content)
    runs.save(store, replace(runs.load(store, run.id), done=True))
    return answer, str(write_files(files, out / name)) if out else f"{store.url}/{run.folder}{PAGE}"


def read_plan(store: Store, run: Run) -> StudyPlan:
    """The plan of a run.

    Raises:
        FleetError: it is not there, or is damaged.
    """
    key = f"{run.folder}plan.json"
    try:
        return layout.read(_PLAN, store.read(key), key, "plan of a study", FORMAT)
    except NotInStore:
        raise FleetError(f"run {run.id} has no plan: it was ended while it was planned; start a new run") from None


@cache
def training_code() -> str:
    """The first twelve hex digits of a hash over the sources that trainings come from, and torch's version."""
    rooms = (Path(wakeful.models.__path__[0]) / name for name in TRAINED_BY)
    sources = digest_of(file for room in rooms for file in room.glob("*.py"))
    return hashlib.sha256(f"{sources} {torch.__version__}".encode()).hexdigest()[:12]


def _pinned(path: Path) -> DataFile:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return DataFile(path.name, file.tell(), digest)
    except OSError as error:
        raise ConfigError(f"--data {path}: {error.strerror}") from None


def _data_key(file: DataFile) -> str:
    return f"{runs.STUDY_DATA}{file.digest}/{file.name}"


@contextlib.contextmanager
def _workplace(store: Store, run: Run, plan: StudyPlan) -> Iterator[tuple[Path, Path]]:
    """The data, and the folder of the trainings: a run's own in a folder, or one that goes when the task ends."""
    alone = not study(plan.study).FILES
    if isinstance(store, FolderStore):
        data = Path(plan.data)
        for file in plan.files:
            if _pinned(data if alone else data / file.name) != file:
                raise ConfigError(f"{data} has changed since the run was planned: start a new run")
        yield data, store.folder / run.folder / "trials"
        return
    with tempfile.TemporaryDirectory(prefix="wakeful-study-") as made:
        data = Path(made) / "data"
        data.mkdir()
        for file in plan.files:
            (data / file.name).write_bytes(store.read(_data_key(file)))
        yield data / plan.files[0].name if alone else data, Path(made) / "trials"


def _kept(store: Store, run: Run, folder: Path, trial: Trial) -> Callable[[int], None]:
    """Brings what the store holds of a training; gives what keeps it there, to be called after each step."""
    if isinstance(store, FolderStore):
        return lambda step: None
    own, top = folder / trial.key, f"{run.folder}trials/{trial.key}/"
    sent: dict[str, int | None] = {}
    own.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        with contextlib.suppress(NotInStore):
            write_file(own / name, store.read(top + name), private=True, durable=False)

    def send(step: int) -> None:
        for name in KEPT:
            file = own / name
            made = file.stat().st_mtime_ns if file.exists() else None
            if sent.get(name) != made:
                # A store that is away costs progress that could be kept, not the training.
                with contextlib.suppress(StoreError):
                    store.write(top + name, file.read_bytes())
                    sent[name] = made

    return send


@lru_cache(maxsize=4)
def _planned(url: str, run_id: str) -> tuple[Run, StudyPlan]:
    store = open_store(url)
    run = runs.load(store, run_id)
    return run, read_plan(store, run)
