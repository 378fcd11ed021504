"""Workers that take turns: the only fair race on a machine that grows hot and that others use too."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wakeful.device.bench.plan import Plan
from wakeful.device.bench.record import UNKNOWN, Accuracy, Comparison, Subject, Value
from wakeful.device.bench.sampler import Sampler
from wakeful.device.bench.statistics import ratio_in_turns
from wakeful.device.bench.worker import Worker, WorkerError, cpu_s, memory_mb

FIRST_TURN = 3
"""Runs of the first turn, which does not count; its length tells how many runs make a turn of the wanted length."""


@dataclass(frozen=True, slots=True)
class Contender:
    """What takes part: a subject and the command of its worker.

    Attributes:
        fixed: figures known beforehand (bytes, multiply-accumulates), and in ``absent`` why one is not.
        uncached: the command of a worker that finds no compiled context and compiles; None where none is kept.
        networks: sha256 of the networks in it, by name.
        simulator: what stands for a unit that this machine does not have; its times say nothing.
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
    """One worker with what it has answered so far.

    Attributes:
        turns_ms: median time of each turn.
        more: what else it said, turn by turn.
        cpu_s: processor time of all runs, None where nobody tells it.
        over: its input has come to an end.
        memory_mb: resident and peak memory, once it is done.
    """

    contender: Contender
    worker: Worker
    runs: int = FIRST_TURN
    times_ms: list[float] = field(default_factory=list)
    turns_ms: list[float] = field(default_factory=list)
    more: list[dict[str, Any]] = field(default_factory=list)
    cpu_s: float | None = 0.0
    over: bool = False
    memory_mb: tuple[float | None, float | None] = (None, None)

    def turn(self) -> None:
        """Have it take a turn."""
        before_s = cpu_s(self.worker.pid)
        turn = self.worker.turn(self.runs)
        after_s = cpu_s(self.worker.pid)
        self.over = len(turn.times_ms) < self.runs
        if not turn.times_ms:
            return
        self.times_ms += turn.times_ms
        self.turns_ms.append(float(np.median(turn.times_ms)))
        self.more.append(turn.more)
        taken_s = turn.cpu_s
        if taken_s is None and before_s is not None and after_s is not None:
            taken_s = after_s - before_s
        self.cpu_s = None if taken_s is None or self.cpu_s is None else self.cpu_s + taken_s

    def settle(self, turn_s: float) -> None:
        """A first turn that does not count, after which turns last about ``turn_s``."""
        self.turn()
        if self.turns_ms:
            self.runs = max(1, round(turn_s * 1000.0 / self.turns_ms[-1]))
        self.times_ms.clear()
        self.turns_ms.clear()
        self.more.clear()
        self.cpu_s = 0.0


def take_turns(contenders: Sequence[Contender], plan: Plan) -> tuple[list[Lane], Sampler]:
    """All take turns until each has the runs and the time of the plan, or one's input is over."""
    with ExitStack() as stack:
        lanes = [Lane(one, stack.enter_context(Worker(one.subject.name, one.command))) for one in contenders]
        for lane in lanes:
            lane.settle(plan.turn_s)
        with Sampler() as sampler:
            while not _enough(lanes, plan):
                for lane in lanes:
                    lane.turn()
        for lane in lanes:
            lane.memory_mb = memory_mb(lane.worker.pid)
            if not lane.times_ms:
                raise WorkerError(f"{lane.contender.subject.name}: no run was timed before its input was over")
    return lanes, sampler


def compare(first: Lane, second: Lane, scenario: str, name: str | None = None) -> Comparison:
    """The ratio of two lanes; ``name`` is what the second is called, where its subject's name does not tell."""
    told = ratio_in_turns(first.turns_ms, second.turns_ms)
    return Comparison(
        first=first.contender.subject.name,
        second=name or second.contender.subject.name,
        scenario=scenario,
        ratio=round(told.ratio, 5),
        low=round(told.low, 5),
        high=round(told.high, 5),
        turns=told.turns,
        verdict=told.verdict.value,
    )


def _enough(lanes: list[Lane], plan: Plan) -> bool:
    if any(lane.over for lane in lanes):
        return True
    return all(len(lane.times_ms) >= plan.runs and sum(lane.times_ms) >= plan.seconds * 1000.0 for lane in lanes)
