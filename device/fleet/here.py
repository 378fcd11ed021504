"""Carries a run in processes of this machine: no server, and nothing to install."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from wakeful.device.fleet import runs
from wakeful.device.fleet.rows import ShardResult
from wakeful.device.fleet.runs import Run
from wakeful.device.fleet.store import Store
from wakeful.device.fleet.worker import judge_in_store
from wakeful.device.jobs import JobDied, in_processes

ATTEMPTS = 3
"""A process that is killed takes its shard with it, and those waiting: they are judged again so often."""


def carry(store: Store, run: Run, jobs: int, seen: Callable[[ShardResult], None]) -> None:
    """Judge all shards of a run that are not done.

    Args:
        seen: is told of each shard once it is done.

    Raises:
        JobDied: processes die again and again.
        FleetError: a shard cannot be judged here.
    """
    for attempt in range(1, ATTEMPTS + 1):
        done = set(runs.finished(store, run))
        left = [number for number in range(run.shards) if number not in done]
        try:
            for result in in_processes(partial(judge_in_store, store.url, run.id), left, jobs):
                seen(result)
            return
        except JobDied:
            if attempt == ATTEMPTS:
                raise
