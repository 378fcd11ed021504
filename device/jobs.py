"""Work spread over processes, for the commands that evaluate many scripts or clips."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from wakeful.errors import WakefulError

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class JobDied(WakefulError, ChildProcessError):
    """A process ended before its work was done."""


def usable_cores() -> int:
    """Processor cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(work: Callable[[Item], Answer], items: Sequence[Item], jobs: int) -> Iterator[Answer]:
    """``work`` on each item, answers in the order of the items as soon as they are there.

    Args:
        work: a function that can be found by its name in its module; what it raises is raised here.
        jobs: processes at a time; with 1 it is done in this one.

    Raises:
        JobDied: a process was ended from outside.
    """
    if jobs <= 1 or len(items) <= 1:
        yield from map(work, items)
        return
    # Spawned, not forked: the networks' runtimes have threads, and those do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(items)), mp_context=context, initializer=_one_thread) as pool:
        try:
            yield from pool.map(work, items)
        except BrokenProcessPool:
            raise JobDied("a process died at work, perhaps for want of memory: try again with fewer --jobs") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _one_thread() -> None:
    """Each process keeps to one core: OpenCV would otherwise take all of them in every process."""
    from wakeful.sensors.opencv import cv2

    cv2.setNumThreads(1)
