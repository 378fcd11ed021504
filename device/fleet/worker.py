"""What a worker does, wherever it was started: judge one shard of a run in a store, and put the result there."""

from __future__ import annotations

from functools import lru_cache

from wakeful.device.fleet import plan as plans
from wakeful.device.fleet import rows, runs
from wakeful.device.fleet.errors import FleetError, NotInStore
from wakeful.device.fleet.plan import Plan
from wakeful.device.fleet.rows import ShardResult
from wakeful.device.fleet.runs import Run
from wakeful.device.fleet.shard import judge_shard
from wakeful.device.fleet.store import Store, open_store
from wakeful.errors import WakefulError


def judge_in_store(url: str, run_id: str, number: int) -> ShardResult:
    """The result of a shard, judged now unless it is there already.

    Raises:
        FleetError: it cannot be judged here; why is kept in the store too.
        StoreError: the store or the logs cannot be reached.
    """
    store = open_store(url)
    run, plan = _planned(url, run_id)
    there = existing(store, run, plan, number)
    if there is not None:
        return there
    try:
        result = judge_shard(plan, number)
        store.write(runs.shard_key(run, number), rows.to_json(result))
    except WakefulError as error:
        runs.note_failure(store, run, number, str(error))
        raise
    return result


def existing(store: Store, run: Run, plan: Plan, number: int) -> ShardResult | None:
    """The result of a shard that is done; None where there is none that can be used."""
    key = runs.shard_key(run, number)
    try:
        result = rows.from_json(store.read(key), key)
    except (NotInStore, FleetError):
        return None
    return result if (result.code, result.number) == (plan.code, number) else None


def read_plan(store: Store, run: Run) -> Plan:
    """The plan of a run.

    Raises:
        FleetError: it is not there, or is damaged.
    """
    try:
        return plans.from_json(store.read(f"{run.folder}plan.json"), f"{run.folder}plan.json")
    except NotInStore:
        raise FleetError(f"run {run.id} has no plan: it was ended while it was planned; start a new run") from None


@lru_cache(maxsize=4)
def _planned(url: str, run_id: str) -> tuple[Run, Plan]:
    store = open_store(url)
    run = runs.load(store, run_id)
    return run, read_plan(store, run)
