"""What a turn of a worker is reduced to, and what two workers are compared by."""

from __future__ import annotations

import sys

import pytest

from wakeful.device.bench.record import MEAN_TIME, WALL_TIME, Subject
from wakeful.device.bench.turns import Contender, Lane, compare, compare_means
from wakeful.device.bench.worker import Worker

TIMES = "import sys\nprint([])\nfor line in sys.stdin: print(({times} * int(line))[: int(line)], flush=True)"


def answering(name: str, *times_ms: float) -> Contender:
    """A peer whose runs take these times over and over."""
    return Contender(Subject("peer", name), [sys.executable, "-c", TIMES.format(times=list(times_ms))])


def turns_of(one: Contender) -> Lane:
    with Worker(one.subject.name, one.command) as worker:
        lane = Lane(one, worker, runs=30)
        for _ in range(12):
            lane.turn()
    return lane


def test_means_count_the_runs_that_do_more_and_medians_do_not() -> None:
    first, second = (turns_of(answering("each third", 2.0, 2.0, 5.0)), turns_of(answering("always", 3.0)))
    by_median, by_mean = compare(first, second, "pipeline", busy=""), compare_means(first, second, "pipeline")
    assert (by_median.by, by_mean.by) == (WALL_TIME, MEAN_TIME)
    assert (by_median.ratio, by_mean.ratio) == pytest.approx((1.5, 1.0))
