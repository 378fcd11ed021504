"""Starts a planned run, or goes on with one, by whatever carries it."""

from __future__ import annotations

from collections.abc import Sequence

from wakeful.device.fleet import here, metaflow, plan, runs, worker
from wakeful.device.fleet.errors import FleetError
from wakeful.device.fleet.metaflow import Flow
from wakeful.device.fleet.plan import Plan
from wakeful.device.fleet.progress import Progress
from wakeful.device.fleet.runs import METAFLOW, Run
from wakeful.device.fleet.store import Store
from wakeful.errors import WakefulError


def new_run(
    store: Store, planned: Plan, on: str, jobs: int, remote: Sequence[str] = (), tags: Sequence[str] = ()
) -> Run:
    """A run of this plan, in the store.

    Raises:
        FleetError: a tag is malformed.
        StoreError: the store cannot be written.
    """
    about = {"drives": str(len(planned.drives)), "profile": planned.rules.name if planned.rules else "as recorded"}
    run = runs.begin(
        store, runs.REPLAY, on=on, jobs=jobs, shards=len(planned.shards), remote=remote, tags=tags, about=about
    )
    store.write(f"{run.folder}plan.json", plan.to_json(planned))
    return run


def carry(store: Store, run: Run, planned: Plan) -> None:
    """Judge what is left of a run, with progress on the standard error.

    Raises:
        FleetError: it ended before it was done, as when processes die again and again, or another process carries it.
    """
    progress = Progress(len(planned.drives))
    for number in runs.finished(store, run):
        if (result := worker.existing(store, run, planned, number)) is not None:
            progress.before(result)
    if run.on == METAFLOW:
        metaflow.carry(store, run, Flow("fleet"), lambda: _look(store, run, planned, progress))
        return
    with runs.held(store, run):
        try:
            here.carry(store, run, run.jobs, progress)
        except WakefulError as error:
            raise FleetError(f"{error}; {runs.kept(store, run)}") from None


def _look(store: Store, run: Run, planned: Plan, progress: Progress) -> None:
    """Report the shards that other processes have finished."""
    for number in runs.finished(store, run):
        if not progress.knows(number) and (result := worker.existing(store, run, planned, number)) is not None:
            progress(result)
