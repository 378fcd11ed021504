"""Carries a run in processes of this machine: no server, and nothing to install."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import sleep

from wakeful.device.fleet import runs
from wakeful.device.fleet.errors import StoreAway
from wakeful.device.fleet.rows import ShardResult
from wakeful.device.fleet.runs import Run
from wakeful.device.fleet.store import Store
from wakeful.device.fleet.worker import judge_in_store
from wakeful.device.jobs import JobDied, in_processes

ATTEMPTS = 3
"""A process that is killed takes its shard with it, and those waiting: they are judged again so often."""
PAUSES_S = (5.0, 30.0)
"""Before the second and third attempt where S3 did not answer: a store that is away for a moment ends no run."""


def carry(store: Store, run: Run, jobs: int, seen: Callable[[ShardResult], None]) -> None:
    """Judge all shards of a run that are not done.

    Args:
        seen: receives each shard once it is done.

    Raises:
        JobDied: processes die again and again.
        StoreAway: S3 does not answer for a while.
        FleetError: a shard cannot be judged here.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            done = set(runs.finished(store, run))
            left = [number for number in range(run.shards) if number not in done]
            for result in in_processes(partial(judge_in_store, store.url, run.id), left, jobs):
                seen(result)
            return
        except JobDied:
            if attempt == ATTEMPTS:
                raise
        except StoreAway:
            if attempt == ATTEMPTS:
                raise
            sleep(PAUSES_S[attempt - 1])
