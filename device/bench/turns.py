"""Workers that take turns: the only fair comparison on a machine that heats up and that other programs use too."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import field
from typing import Any

import numpy as np

from wakeful.device.bench.busy import OtherPrograms, cpu_s, no_cpu_comparison, queued_s
from wakeful.device.bench.plan import Plan
from wakeful.device.bench.record import CPU_TIME, MEAN_TIME, UNKNOWN, WALL_TIME, Accuracy, Comparison, Subject, Value
from wakeful.device.bench.sampler import Sampler
from wakeful.device.bench.statistics import ratio_in_turns
from wakeful.device.bench.worker import Worker, WorkerError, memory_mb
from wakeful.frozen import dataclass

FIRST_TURN = 3
"""Runs of the first turn, which does not count; its duration gives the number of runs of a turn."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One participant: a subject and the command line of its worker.

    Attributes:
        fixed: figures known in advance (bytes, multiply-accumulates), and in ``absent`` why one is not.
        uncached: the command line of a worker that finds no compiled context and compiles; None if none is kept.
        networks: sha256 of the networks in it, by name.
        simulator: what replaces a unit that this machine does not have; its times mean nothing.
    """

    subject: Subject
    command: Sequence[str]
    fixed: dict[str, Value] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    operators: dict[str, int] | None = None
    accuracy: Accuracy = UNKNOWN
    uncached: Sequence[str] | None = None
    simulator: str | None = None
    networks: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Lane:
    """One worker with its answers so far.

    Attributes:
        turns_ms: median time of each turn.
        turns_mean_ms: mean time of each turn.
        turns_cpu_ms: CPU time of a run in each turn; shorter than ``turns_ms`` if it was not always available.
        turns_queued_ms: how long a run of each turn waited for a core; shorter if it was not always available.
        turns_others: cores that other programs used in each turn.
        more: the other figures of its answers, turn by turn.
        cpu_s: CPU time of all runs, None if it is not available.
        over: its input has ended.
        memory_mb: resident and peak memory, set at the end.
    """

    contender: Contender
    worker: Worker
    runs: int = FIRST_TURN
    times_ms: list[float] = field(default_factory=list)
    turns_ms: list[float] = field(default_factory=list)
    turns_mean_ms: list[float] = field(default_factory=list)
    turns_cpu_ms: list[float] = field(default_factory=list)
    turns_queued_ms: list[float] = field(default_factory=list)
    turns_others: list[float] = field(default_factory=list)
    more: list[dict[str, Any]] = field(default_factory=list)
    cpu_s: float | None = 0.0
    over: bool = False
    memory_mb: tuple[float | None, float | None] = (None, None)

    def turn(self, others: OtherPrograms | None = None) -> None:
        """Let it take a turn; ``others`` measures the rest of the machine meanwhile."""
        if others is not None:
            others.cores()
        before_s, queued_before_s = cpu_s(self.worker.pid), queued_s(self.worker.pid)
        turn = self.worker.turn(self.runs)
        after_s, queued_after_s = cpu_s(self.worker.pid), queued_s(self.worker.pid)
        used = others.cores().value if others is not None else None
        self.over = len(turn.times_ms) < self.runs
        if not turn.times_ms:
            return
        self.times_ms += turn.times_ms
        self.turns_ms.append(float(np.median(turn.times_ms)))
        self.turns_mean_ms.append(float(np.mean(turn.times_ms)))
        self.turns_others += [] if used is None else [used]
        self.more.append(turn.more)
        taken_s = turn.cpu_s
        if taken_s is None and before_s is not None and after_s is not None:
            taken_s = after_s - before_s
        self.turns_cpu_ms += [] if taken_s is None else [1000.0 * taken_s / len(turn.times_ms)]
        if queued_before_s is not None and queued_after_s is not None:
            self.turns_queued_ms.append(1000.0 * (queued_after_s - queued_before_s) / len(turn.times_ms))
        self.cpu_s = None if taken_s is None or self.cpu_s is None else self.cpu_s + taken_s

    def settle(self, turn_s: float) -> None:
        """Take a first turn that does not count, after which turns last about ``turn_s``."""
        self.turn()
        if self.turns_ms:
            self.runs = max(1, round(turn_s * 1000.0 / self.turns_ms[-1]))
        for answers in (self.times_ms, self.turns_ms, self.turns_mean_ms, self.turns_cpu_ms, self.turns_queued_ms):
            answers.clear()
        self.more.clear()
        self.cpu_s = 0.0


def take_turns(contenders: Sequence[Contender], plan: Plan) -> tuple[list[Lane], Sampler]:
    """All take turns until each has the runs and the time of the plan, or the input of one has ended."""
    with ExitStack() as stack:
        lanes = [Lane(one, stack.enter_context(Worker(one.subject.name, one.command))) for one in contenders]
        for lane in lanes:
            lane.settle(plan.turn_s)
        pids = [lane.worker.pid for lane in lanes]
        others = OtherPrograms(pids)
        with Sampler(pids=pids) as sampler:
            while not _enough(lanes, plan):
                for lane in lanes:
                    lane.turn(others)
        for lane in lanes:
            lane.memory_mb = memory_mb(lane.worker.pid)
            if not lane.times_ms:
                raise WorkerError(f"{lane.contender.subject.name}: its input ended before a run was timed")
    return lanes, sampler


def compare(first: Lane, second: Lane, scenario: str, busy: str, name: str | None = None) -> Comparison:
    """The ratio of two lanes, of their CPU times if the machine was busy.

    Args:
        busy: why the machine was busy, "" if it was not.
        name: what the second is called if its subject's name is not enough.
    """
    called = name or second.contender.subject.name
    obstacle = ""
    for lane, label in ((first, first.contender.subject.name), (second, called)):
        found = no_cpu_comparison(lane.turns_ms, lane.turns_cpu_ms, min(lane.times_ms), lane.turns_queued_ms)
        obstacle = obstacle or (f"{label}: {found}" if found else "")
    by_cpu = bool(busy) and not obstacle
    first_ms, second_ms = (lane.turns_cpu_ms if by_cpu else lane.turns_ms for lane in (first, second))
    return Comparison.of(
        ratio_in_turns(first_ms, second_ms),
        first=first.contender.subject.name,
        second=called,
        scenario=scenario,
        by=CPU_TIME if by_cpu else WALL_TIME,
        note=obstacle if busy else "",
    )


def compare_means(first: Lane, second: Lane, scenario: str) -> Comparison:
    """The ratio of two lanes by the means of their turns: runs that do more than others count as often as they come."""
    return Comparison.of(
        ratio_in_turns(first.turns_mean_ms, second.turns_mean_ms),
        first=first.contender.subject.name,
        second=second.contender.subject.name,
        scenario=scenario,
        by=MEAN_TIME,
        note="",
    )


def _enough(lanes: list[Lane], plan: Plan) -> bool:
    if any(lane.over for lane in lanes):
        return True
    return all(len(lane.times_ms) >= plan.runs and sum(lane.times_ms) >= plan.seconds * 1000.0 for lane in lanes)
