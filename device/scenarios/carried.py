"""Runs of the functional matrix that are kept in a store: a scene is a task, in a process here or carried by Metaflow.

runs/RUN/plan.json           cells of each scene, reader, profile, code
runs/RUN/shards/00007.json   what came of a scene, with its pictures and what each was made of
runs/RUN/matrix.json, index.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import wakeful.device.perception
import wakeful.device.scenarios
import wakeful.device.state
import wakeful.models
import wakeful.sensors
from wakeful.device.fleet import runs
from wakeful.device.fleet.code import check_code, digest_of
from wakeful.device.fleet.errors import FleetError, NotInStore
from wakeful.device.fleet.metaflow import Flow
from wakeful.device.fleet.runs import Run
from wakeful.device.fleet.store import Store, open_store
from wakeful.device.fleet.tasks import carry as carry_tasks
from wakeful.device.scenarios.figures import as_json
from wakeful.device.scenarios.matrix import Cell, matrix
from wakeful.device.scenarios.report import DATA, PAGE, page
from wakeful.device.scenarios.runner import Bench, Result, SceneJob, run_scene, scene_jobs
from wakeful.device.scenarios.script import frame_times_s
from wakeful.device.scenarios.stored import cell_named, from_json, to_json
from wakeful.errors import WakefulError
from wakeful.version import __version__

MOST_BY_SCENE = 24
"""The largest of the 30 scenes is a thirteenth of the work: with scenes as tasks 13 workers are 12 times one, 30 and
100 are 13.3 times. With behaviours as tasks these are 7, 16 and 48: more work in all, in smaller parts."""
Seen = Callable[[int, list[Result]], None]
"""Receives the number of a scene that is done, and its results."""


def new_run(
    store: Store, cells: Sequence[Cell], bench: Bench, on: str, jobs: int, remote: Sequence[str], tags: Sequence[str]
) -> Run:
    """A run of these cells, in the store.

    Raises:
        FleetError: a tag is malformed.
        StoreError: the store cannot be written.
    """
    scenes = [[cell.id for cell in job.cells] for job in tasks(cells, bench, jobs)]
    about = {"cells": str(len(cells)), "profile": bench.profile, "landmarks": bench.landmarks}
    tags = (*tags, f"version:{__version__}", f"code:{rendering_code()}")
    run = runs.begin(store, runs.SCENARIOS, on=on, jobs=jobs, shards=len(scenes), remote=remote, tags=tags, about=about)
    plan = {"code": rendering_code(), "landmarks": bench.landmarks, "profile": bench.profile, "scenes": scenes}
    store.write(f"{run.folder}plan.json", json.dumps(plan, indent=1).encode())
    return run


def tasks(cells: Sequence[Cell], bench: Bench, jobs: int) -> list[SceneJob]:
    """A task for each scene; for more workers than scenes can occupy, for each behaviour of a scene.

    Its attentive beginning is then rendered for each behaviour, which takes 1.8 times the work in all.
    """
    scenes = scene_jobs(cells, bench)
    if jobs <= MOST_BY_SCENE:
        return scenes
    return [
        SceneJob(bench, tuple(cell for cell in scene.cells if cell.behaviour.name == name))
        for scene in scenes
        for name in dict.fromkeys(cell.behaviour.name for cell in scene.cells)
    ]


def load(store: Store, run_id: str) -> Run:
    """A run of the matrix. Arguments and errors as ``runs.of_kind``."""
    return runs.of_kind(store, run_id, runs.SCENARIOS)


def carry(store: Store, run: Run, seen: Seen) -> None:
    """Do what is left of a run. Errors as ``tasks.carry``."""
    todo = partial(run_in_store, store.url, run.id)
    carry_tasks(store, run, Flow("scenarios"), partial(existing, store, run), todo, seen)


def run_in_store(url: str, run_id: str, number: int) -> None:
    """Renders and judges a scene, unless it is done already; the result goes into the store.

    Raises:
        OtherCode: the run was planned by other code.
        WakefulError: it cannot be done here; why is kept in the store too.
    """
    store = open_store(url)
    run, plan = _planned(url, run_id)
    try:
        check_code(run_id, plan["code"], rendering_code())
        if existing(store, run, number) is not None:
            return
        begun_s = time.process_time()
        bench = Bench(plan["landmarks"], plan["profile"], all_pictures=True)
        results = run_scene(SceneJob(bench, tuple(map(cell_named, plan["scenes"][number]))))
        store.write(runs.shard_key(run, number), to_json(results, plan["code"], time.process_time() - begun_s))
    except WakefulError as error:
        runs.note_failure(store, run, number, str(error))
        raise


def existing(store: Store, run: Run, number: int) -> list[Result] | None:
    """The results of a scene that is done; None where there are none that can be used."""
    key = runs.shard_key(run, number)
    try:
        results, code, _ = from_json(store.read(key), key)
    except (NotInStore, FleetError):
        return None
    return results if code == read_plan(store, run)["code"] else None


def finish(store: Store, run: Run, out: Path | None) -> tuple[list[Result], str]:
    """Stitches the page and ``matrix.json`` from all scenes; gives the results and where the page is.

    Args:
        out: a folder for both, beside the run's own in the store.

    Raises:
        FleetError: not all scenes are done.
        ConfigError: the folder cannot be written.
    """
    from wakeful.device.scenarios.report import write_report

    found = [existing(store, run, number) for number in range(run.shards)]
    order = {cell.id: place for place, cell in enumerate(matrix())}
    results = sorted(
        (result for scene in found if scene is not None for result in scene), key=lambda one: order[one.cell.id]
    )
    if None in found:
        raise FleetError(
            f"{sum(one is not None for one in found)} of {run.shards} scenes are done: "
            f"`wakeful scenarios resume {run.id}` does the rest"
        )
    plan = read_plan(store, run)
    about = {"landmarks": plan["landmarks"], "profile": plan["profile"], "code": plan["code"]}
    # Snapshots of cells that pass are in the store; the page shows what failed, as it always does.
    store.write(f"{run.folder}{DATA}", json.dumps(as_json(results, about), indent=1).encode() + b"\n")
    store.write(f"{run.folder}{PAGE}", page(results, about).encode())
    runs.save(store, replace(runs.load(store, run.id), done=True))
    where = str(write_report(out, results, about)) if out else f"{store.url}/{run.folder}{PAGE}"
    return results, where


def cell_of(store: Store, run: Run, name: str) -> dict[str, Any]:
    """What the store holds of a cell: parameters, verdict, alerts, and its pictures with frame, seed and JPEG.

    Raises:
        FleetError: the run has no such cell, or has not come to it yet.
    """
    for number, names in enumerate(read_plan(store, run)["scenes"]):
        if name in names:
            try:
                found = json.loads(store.read(runs.shard_key(run, number)))
                cell: dict[str, Any] = next(one for one in found["cells"] if one["cell"] == name)
            except NotInStore:
                raise FleetError(f"{name} is not done yet: `wakeful scenarios resume {run.id}`") from None
            except (ValueError, KeyError, TypeError, StopIteration):
                raise FleetError(f"scene {number} of run {run.id} is damaged: delete it, and resume the run") from None
            return cell | {"code": found["code"]}
    cell_named(name)
    raise FleetError(f"run {run.id} has no cell {name}: it was not among its --only")


def read_plan(store: Store, run: Run) -> dict[str, Any]:
    """The plan of a run.

    Raises:
        FleetError: it is not there, or is damaged.
    """
    try:
        plan: dict[str, Any] = json.loads(store.read(f"{run.folder}plan.json"))
        plan["code"], plan["landmarks"], plan["profile"], plan["scenes"][run.shards - 1]
    except (NotInStore, ValueError, KeyError, TypeError, IndexError):
        raise FleetError(f"run {run.id} has no plan that can be read: start a new run") from None
    return plan


def images_of(results: Sequence[Result]) -> int:
    """How many images the monitor was shown."""
    return sum(len(frame_times_s(result.cell.camera.fps)) for result in results)


@cache
def rendering_code() -> str:
    """The first twelve hex digits of a hash over the sources and networks that results and pictures come from."""
    rooms = (wakeful.device.scenarios, wakeful.device.perception, wakeful.device.state, wakeful.sensors)
    files = [file for room in rooms for file in Path(room.__path__[0]).rglob("*.py")]
    files.append(Path(wakeful.models.__path__[0]) / "registry.toml")
    return digest_of(files)


@lru_cache(maxsize=4)
def _planned(url: str, run_id: str) -> tuple[Run, dict[str, Any]]:
    store = open_store(url)
    run = runs.load(store, run_id)
    return run, read_plan(store, run)
