"""Carries the tasks of a kept run that is not one of drives: rendered scenes, trainings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from wakeful.device.fleet import metaflow, runs
from wakeful.device.fleet.errors import FleetError
from wakeful.device.fleet.metaflow import Flow
from wakeful.device.fleet.runs import METAFLOW, Run
from wakeful.device.fleet.store import Store
from wakeful.device.jobs import in_processes
from wakeful.errors import WakefulError

Found = TypeVar("Found")


def carry(
    store: Store,
    run: Run,
    flow: Flow,
    existing: Callable[[int], Found | None],
    do: Callable[[int], None],
    seen: Callable[[int, Found], None],
) -> None:
    """Do what is left of a run.

    Args:
        existing: what came of a task that is done; None where there is nothing that can be used.
        do: does a task and puts what comes of it into the store; to be found by its name in its module.
        seen: receives each task once it is done.

    Raises:
        FleetError: it ended before it was done, or another process carries it.
    """
    known: set[int] = set()

    def look() -> None:
        for number in sorted(set(runs.finished(store, run)) - known):
            if (found := existing(number)) is not None:
                known.add(number)
                seen(number, found)

    look()
    if run.on == METAFLOW and len(runs.finished(store, run)) < run.shards:
        metaflow.carry(store, run, flow, look)
    # Of a run by Metaflow only tasks are left whose results were damaged after it: it would not do them again.
    with runs.held(store, run):
        left = [number for number in range(run.shards) if number not in known]
        try:
            for _ in in_processes(do, left, run.jobs):
                look()
        except WakefulError as error:
            raise FleetError(f"{error}; {runs.kept(store, run)}") from None
