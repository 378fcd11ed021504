"""Work spread over processes: answers in order, errors as they were raised, and a dead process told in one line."""

from __future__ import annotations

import os
import signal

import pytest

from wakeful import ModelError
from wakeful.device.jobs import JobDied, in_processes, usable_cores


def process_of(number: int) -> tuple[int, int]:
    return number, os.getpid()


def fail_at_two(number: int) -> int:
    if number == 2:
        raise ModelError("no network")
    return number


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_one_job_at_a_time_runs_in_this_process() -> None:
    assert list(in_processes(process_of, [3, 1, 2], jobs=1)) == [(number, os.getpid()) for number in (3, 1, 2)]


def test_several_run_in_other_processes_and_answer_in_the_order_of_the_items() -> None:
    answers = list(in_processes(process_of, [3, 1, 2], jobs=2))
    assert [number for number, _ in answers] == [3, 1, 2]
    assert os.getpid() not in {process for _, process in answers}


def test_what_the_work_raises_is_raised_here() -> None:
    with pytest.raises(ModelError, match="no network"):
        list(in_processes(fail_at_two, [1, 2, 3], jobs=2))


def test_a_process_that_is_killed_is_told_with_what_to_do() -> None:
    with pytest.raises(JobDied, match="with fewer --jobs"):
        list(in_processes(die, [1, 2], jobs=2))


def test_there_is_a_core_to_run_on() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
