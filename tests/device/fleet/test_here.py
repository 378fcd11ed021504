"""A process of this machine that is killed takes nothing with it but time."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.device.fleet.drives import planned
from wakeful.device.fleet import here, merge, results, runs
from wakeful.device.fleet.rows import ShardResult
from wakeful.device.fleet.shard import judge_shard
from wakeful.device.fleet.start import new_run
from wakeful.device.fleet.store import FolderStore
from wakeful.device.fleet.worker import judge_in_store
from wakeful.device.jobs import JobDied


def killed_once(url: str, run_id: str, number: int) -> ShardResult:
    """As ``judge_in_store``, but the first process that judges shard 1 is killed."""
    mark = Path(url) / "killed"
    if number == 1 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return judge_in_store(url, run_id, number)


def killed_always(url: str, run_id: str, number: int) -> ShardResult:
    """As ``judge_in_store``, but whoever judges shard 1 is killed."""
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return judge_in_store(url, run_id, number)


def test_a_killed_process_is_replaced_and_the_bytes_are_the_same(
    fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(fleet, 3)
    store = FolderStore(tmp_path)
    run = new_run(store, plan, "here", 2)
    monkeypatch.setattr(here, "judge_in_store", killed_once)
    here.carry(store, run, 2, lambda _: None)
    assert (tmp_path / "killed").exists()
    expected = merge.merge(plan, [judge_shard(plan, number) for number in range(3)])
    assert results.merged(store, run) == expected


@pytest.mark.slow
def test_processes_that_always_die_end_the_run_and_the_rest_is_kept(
    fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)
    run = new_run(store, planned(fleet, 3), "here", 2)
    monkeypatch.setattr(here, "judge_in_store", killed_always)
    with pytest.raises(JobDied):
        here.carry(store, run, 2, lambda _: None)
    assert 1 not in runs.finished(store, run)
