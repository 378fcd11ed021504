"""The runs in a store: what each is, how far it is, and that two processes never carry one at a time.

    runs/RUN/run.json            what was asked for, and the runs of Metaflow that carried it
    runs/RUN/plan.json           what is to be done
    runs/RUN/shards/0007.json    what came of a shard: there once it is done, and only then
    runs/RUN/failures/0007.txt   why a shard failed, in one line
    runs/RUN/...                 what was made of them

Nothing here knows what the shards of a run are: other commands keep their runs alike.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from wakeful.device.fleet.errors import FleetError, NotInStore, StoreError
from wakeful.device.fleet.store import FolderStore, Store
from wakeful.device.sanitise import printable
from wakeful.frozen import dataclass

RUNS = "runs/"
HERE, METAFLOW = "here", "metaflow"
ENDING_S = 2.0
"""A process that was killed, and its children, let go of their run within so long."""
REPLAY, SCENARIOS, STUDY = "replay", "scenarios", "study"
STUDY_DATA = "study-data/"
"""What studies are trained on, where workers do not see the files; it goes with the last of them."""
COMMANDS = {REPLAY: "fleet"}
"""What makes runs of a kind, where the command has another name."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run, as its store holds it.

    Attributes:
        kind: what is run: ``replay``, ``scenarios``, ``study``.
        began: UTC.
        on: ``here`` or ``metaflow``. remote: of Metaflow's decorators, ``kubernetes`` or ``batch:queue=...``.
        tags: key and value, with a colon between.
        shards: how many there are.
        about: what a list of runs shows.
        flow_runs: ids of the runs of Metaflow that carried it, the newest last.
        done: its results are written.
    """

    id: str
    kind: str
    began: str
    on: str
    jobs: int
    shards: int
    remote: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    about: dict[str, str] = field(default_factory=dict)
    flow_runs: tuple[str, ...] = ()
    done: bool = False

    @property
    def folder(self) -> str:
        return f"{RUNS}{self.id}/"

    @property
    def resumed_by(self) -> str:
        """The command that does what is left of it."""
        return f"wakeful {COMMANDS.get(self.kind, self.kind)} resume {self.id}"


_RUN = TypeAdapter(Run)


def new_id(now_s: float) -> str:
    """A name for a run that begins now, in order of time: two may begin within a second."""
    begun = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now_s))
    return f"{begun}.{int(now_s * 1000) % 1000:03d}Z-{secrets.token_hex(2)}"


def begin(
    store: Store,
    kind: str,
    *,
    on: str,
    jobs: int,
    shards: int,
    remote: Sequence[str] = (),
    tags: Sequence[str] = (),
    about: Mapping[str, str] | None = None,
) -> Run:
    """A new run, which the store knows from now on. Arguments as the attributes of ``Run``.

    Raises:
        FleetError: a tag is malformed.
        StoreError: the store cannot be written.
    """
    now_s = time.time()
    began = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now_s))
    noted = dict(about or {})
    run = Run(new_id(now_s), kind, began, on, jobs, shards, tuple(remote), check_tags(tags), noted)
    save(store, run)
    return run


def save(store: Store, run: Run) -> None:
    """Write what a run is.

    Raises:
        StoreError: it cannot be written.
    """
    store.write(f"{run.folder}run.json", _RUN.dump_json(run, indent=1))


def load(store: Store, run_id: str) -> Run:
    """A run of this store; ``latest`` is the newest.

    Raises:
        FleetError: there is none of that name.
        StoreError: the store cannot be read.
    """
    known = store.names(RUNS)
    if run_id == "latest" and known:
        run_id = known[-1]
    if run_id not in known:
        close = difflib.get_close_matches(run_id, known, n=1)
        near = f", did you mean {close[0]}?" if close else "; `wakeful fleet runs` lists them"
        raise FleetError(f"{store.url} has no run {printable(run_id)}{near}")
    try:
        return _RUN.validate_json(store.read(f"{RUNS}{run_id}/run.json"))
    except (NotInStore, ValidationError):
        raise FleetError(f"run {run_id} in {store.url} is damaged: its run.json cannot be read; delete it") from None


def of_kind(store: Store, run_id: str, kind: str) -> Run:
    """A run of one kind, since a store may hold others; ``latest`` is the newest of them.

    Raises:
        FleetError: there is none of that name, or it is a run of something else.
        StoreError: the store cannot be read.
    """
    if run_id == "latest":
        run_id = next((run.id for run in reversed(every(store)) if run.kind == kind), run_id)
    run = load(store, run_id)
    if run.kind != kind:
        by = COMMANDS.get(run.kind, run.kind)
        raise FleetError(f"run {run.id} is one of `wakeful {by}`: `{run.resumed_by}` continues it")
    return run


def every(store: Store) -> list[Run]:
    """All runs that can be read, oldest first."""
    found = []
    for name in store.names(RUNS):
        with contextlib.suppress(FleetError):
            found.append(load(store, name))
    return found


def shard_key(run: Run, number: int) -> str:
    """Where the result of a shard is."""
    return f"{run.folder}shards/{number:05}.json"


def finished(store: Store, run: Run) -> list[int]:
    """Numbers of the shards that are done."""
    names = (name.removesuffix(".json") for name in store.names(f"{run.folder}shards/"))
    return sorted(int(name) for name in names if name.isdecimal() and int(name) < run.shards)


def note_failure(store: Store, run: Run, number: int, why: str) -> None:
    """Keep why a shard failed, for whoever waits for it elsewhere; not where the store itself is away."""
    with contextlib.suppress(StoreError):
        store.write(f"{run.folder}failures/{number:05}.txt", " ".join(why.split()).encode())


def failures(store: Store, run: Run) -> list[str]:
    """Why shards failed that are not done."""
    done = set(finished(store, run))
    numbers = [name.removesuffix(".txt") for name in store.names(f"{run.folder}failures/")]
    left = [name for name in numbers if name.isdecimal() and int(name) not in done]
    return list(dict.fromkeys(store.read(f"{run.folder}failures/{name}.txt").decode(errors="replace") for name in left))


def kept(store: Store, run: Run) -> str:
    """What an interrupted run leaves, for the end of a message."""
    try:
        done = f"{len(finished(store, run))} of {run.shards}"
    except StoreError:
        done = "finished"
    return f"{done} shards are kept, `{run.resumed_by}` does the rest"


def prune(store: Store, keep: int) -> list[Run]:
    """Delete all but the newest runs, and what Metaflow keeps of them; gives what was deleted."""
    gone = every(store)
    gone = gone[: max(0, len(gone) - keep)]
    for run in gone:
        with held(store, run):
            for name in run.flow_runs:
                for flow in store.names(".metaflow/") or store.names("metaflow/"):
                    top = ".metaflow/" if isinstance(store, FolderStore) else "metaflow/"
                    store.delete(f"{top}{flow}/{name}/")
            store.delete(run.folder)
    if any(run.kind == STUDY for run in gone) and not any(run.kind == STUDY for run in every(store)):
        store.delete(STUDY_DATA)
    return gone


@contextlib.contextmanager
def held(store: Store, run: Run) -> Iterator[int | None]:
    """While a process carries a run nobody else does; gives the descriptor of the lock, which its children may inherit.

    In S3 there is no lock: two carriers would do work twice, and write the same.

    Raises:
        FleetError: another process carries it.
    """
    if not isinstance(store, FolderStore):
        yield None
        return
    folder = store.folder / run.folder
    if not folder.is_dir():
        yield None
        return
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until_s = time.monotonic() + ENDING_S
        while not _locked(descriptor):
            if time.monotonic() > until_s:
                raise FleetError(f"another process works on run {run.id}: wait for it, or end it first")
            time.sleep(0.05)
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def with_flow_run(store: Store, run: Run, flow_run: str) -> Run:
    """The run, which is now carried by this run of Metaflow."""
    changed = replace(run, flow_runs=(*run.flow_runs, flow_run))
    save(store, changed)
    return changed


def check_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags as given.

    Raises:
        FleetError: one is not KEY:VALUE.
    """
    for tag in tags:
        key, colon, value = tag.partition(":")
        if not colon or not key or not value or len(tag) > 100 or not tag.isprintable():
            raise FleetError(f"--tag {tag}: expected KEY:VALUE, as in --tag study:winter")
    return tuple(tags)


def scratch_folder(store: Store) -> Path:
    """Where a carrier keeps files of this machine: the store's own folder, or one for an S3 store."""
    if isinstance(store, FolderStore):
        return store.folder
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "wakeful" / "fleet" / store.url.removeprefix("s3://").replace("/", "_")
