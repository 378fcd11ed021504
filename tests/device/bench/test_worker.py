"""The child process that does the work of a turn."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from wakeful.device.bench.worker import Worker, WorkerError, memory_mb

PEER = """
import json, sys, time
print("[]", flush=True)
for line in sys.stdin:
    print(json.dumps([1.5] * int(line)), flush=True)
"""


def peer(program: str) -> Sequence[str]:
    return [sys.executable, "-c", program]


def test_any_program_that_answers_numbers_with_times_can_take_part() -> None:
    with Worker("peer", peer(PEER)) as worker:
        assert worker.turn(3).times_ms == (1.5, 1.5, 1.5)
        assert worker.turn(1).cpu_s is None
        resident, peak = memory_mb(worker.pid)
        assert resident is not None and peak is not None and 0 < resident <= peak


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('the camera is gone')", "ended with status 1 before it answered: the camera is gone"),
        ("print('hello')", "expected a line of JSON, got 'hello'"),
        ("print([]); input(); print('{\"times_ms\": [-1]}')", "expected a list of times"),
        ("print([]); input(); print([0, 1])", "expected a list of times"),
        ("import os; print([], flush=True); input(); os.abort()", "killed by signal 6"),
    ],
)
def test_a_program_that_dies_or_babbles_is_told_in_one_line(program: str, said: str) -> None:
    with pytest.raises(WorkerError, match=said) as told, Worker("peer", peer(program)) as worker:
        worker.turn(2)
    assert str(told.value).startswith("peer")
    assert "\n" not in str(told.value)


def test_a_program_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match="cannot be started"):
        Worker("peer", [str(tmp_path / "nothing")])


def test_a_program_that_never_answers_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.device.bench.worker.READY_S", 0.3)
    with pytest.raises(WorkerError, match="no answer within"):
        Worker("peer", peer("import time; time.sleep(60)"))
