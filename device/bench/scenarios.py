"""The scenarios in which workers are measured; each gives rows.

- ``cold``: fresh processes, from the import of the runtime to the second inference;
- ``single-stream``: one run after the other, all candidates in turns, the first against itself too;
- ``paced``: one run each time a camera would give a frame;
- ``sustained``: minutes without a break, minute by minute.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np

from device.bench.plan import Plan
from device.bench.record import UNKNOWN, Accuracy, Comparison, Row, Subject, Value
from device.bench.sampler import Sampler
from device.bench.statistics import Ratio, ratio_in_turns, spread
from device.bench.worker import Worker, WorkerError, cpu_s, memory_mb

MODEL_SCENARIOS = ("cold", "single-stream", "paced", "sustained")
FIRST_TURN = 3
"""Runs of the first turn, whose length tells how many runs make a turn of the wanted length."""


@dataclass(frozen=True, slots=True)
class Contender:
    """What takes part: a subject and the command of its worker.

    Attributes:
        fixed: figures known beforehand (bytes, multiply-accumulates), and in ``absent`` why one is not.
    """

    subject: Subject
    command: Sequence[str]
    fixed: dict[str, Value] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    operators: dict[str, int] | None = None
    accuracy: Accuracy = UNKNOWN


@dataclass(slots=True)
class _Lane:
    """One worker with the times it has answered so far."""

    contender: Contender
    worker: Worker
    runs: int = FIRST_TURN
    times_ms: list[float] = field(default_factory=list)
    turns_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    tells_cpu: bool = True
    over: bool = False

    def turn(self, turn_s: float) -> None:
        """Have it take a turn of about ``turn_s``."""
        before_s = cpu_s(self.worker.pid)
        turn = self.worker.turn(self.runs)
        after_s = cpu_s(self.worker.pid)
        self.over = len(turn.times_ms) < self.runs
        if not turn.times_ms:
            return
        self.times_ms += turn.times_ms
        self.turns_ms.append(float(np.median(turn.times_ms)))
        if turn.cpu_s is not None:
            self.cpu_s += turn.cpu_s
        elif before_s is not None and after_s is not None:
            self.cpu_s += after_s - before_s
        else:
            self.tells_cpu = False
        self.runs = max(1, round(turn_s * 1000.0 / self.turns_ms[-1])) if len(self.turns_ms) == 1 else self.runs


def single_stream(contenders: Sequence[Contender], plan: Plan) -> tuple[list[Row], list[Comparison]]:
    """All in turns; the first is there twice, so that its ratio against itself shows what a difference must exceed."""
    with ExitStack() as stack:
        entrants = [contenders[0], *contenders]
        lanes = [_Lane(one, stack.enter_context(Worker(one.subject.name, one.command))) for one in entrants]
        for lane in lanes:  # finds how many runs make a turn; these times do not count
            lane.turn(plan.turn_s)
            lane.times_ms.clear()
            lane.turns_ms.clear()
            lane.cpu_s = 0.0
        with Sampler() as sampler:
            while not _enough(lanes, plan):
                for lane in lanes:
                    lane.turn(plan.turn_s)
        memories = [memory_mb(lane.worker.pid) for lane in lanes]
    itself, *others = lanes
    rows = [_stream_row(lane, memory, sampler) for lane, memory in zip(others, memories[1:], strict=True)]
    comparisons = [_comparison(others[0], itself, f"{others[0].contender.subject.name} again")]
    comparisons += [_comparison(others[0], lane, lane.contender.subject.name) for lane in others[1:]]
    return rows, comparisons


def cold(contender: Contender, plan: Plan) -> Row:
    """Fresh processes one after the other; the files are in the page cache of the system, as after a first start."""
    hellos = []
    starts_ms = []
    with Sampler() as sampler:
        for _ in range(plan.starts):
            with Worker(contender.subject.name, contender.command) as worker:
                hellos.append(worker.hello)
                starts_ms.append(worker.start_ms)
    figures: dict[str, Value] = {"starts": plan.starts, "start_ms": _middle(starts_ms)}
    absent: dict[str, str] = {}
    for name in ("import_ms", "load_ms", "first_ms", "second_ms"):
        told = [float(hello[name]) for hello in hellos if name in hello]
        figures[name] = _middle(told) if told else None
        if not told:
            absent[name] = "a peer does not tell it"
    cached = [float(hello["load_cached_ms"]) for hello in hellos if "load_cached_ms" in hello]
    figures["load_cached_ms"] = _middle(cached) if cached else None
    if not cached:
        absent["load_cached_ms"] = f"{contender.subject.runtime or 'a peer'} keeps no compiled context between starts"
    return _row(contender, "cold", figures, absent, sampler, turns_ms=tuple(starts_ms))


def paced(contender: Contender, plan: Plan) -> Row:
    """A run each time a frame falls due; a frame is missed if its answer comes after the next one fell due."""
    frames = max(round(plan.paced_s * plan.fps), 1)
    with Worker(contender.subject.name, contender.command) as worker, Sampler() as sampler:
        turn = worker.turn(frames, plan.fps)
        memory = memory_mb(worker.pid)
    if "ages_ms" not in turn.more:
        raise WorkerError(f"{contender.subject.name}: a peer keeps its own pace; measure it in the single stream")
    times, missed, late = turn.times_ms, turn.more["missed"], turn.more["late"]
    figures, absent = _latency(times)
    age = spread(turn.more["ages_ms"])
    figures |= {
        "fps": plan.fps,
        "frames": len(times) + missed,
        "frames_missed": missed,
        "deadlines_missed": late + missed,
        "deadlines_missed_share": round((late + missed) / (len(times) + missed), 5),
        "frame_age_p50_ms": age.p50_ms,
        "frame_age_p99_ms": age.p99_ms,
        "cpu_ms": 1000.0 * (turn.cpu_s or 0.0) / len(times),
    }
    if age.p99_ms is None:
        absent["frame_age_p99_ms"] = "fewer than 100 runs"
    _add_memory(figures, absent, memory)
    second = max(round(plan.fps), 1)
    turns_ms = tuple(float(np.median(times[at : at + second])) for at in range(0, len(times), second))
    return _row(contender, "paced", figures, absent, sampler, turns_ms, spread(times).quantiles_ms)


def sustained(contender: Contender, plan: Plan) -> Row:
    """Without a break, so that heat shows; each minute with its own figures, temperature and clock."""
    minutes: list[dict[str, Value]] = []
    with Worker(contender.subject.name, contender.command) as worker, Sampler() as sampler:
        lane = _Lane(contender, worker)
        lane.turn(plan.turn_s)
        lane.times_ms.clear()
        lane.turns_ms.clear()
        lane.cpu_s = 0.0
        began_s = time.monotonic()
        counted = 0
        while (passed_s := time.monotonic() - began_s) < plan.sustained_s and not lane.over:
            lane.turn(plan.turn_s)
            if passed_s >= (len(minutes) + 1) * plan.minute_s:
                minutes.append(_minute(len(minutes), lane.times_ms[counted:], sampler, plan))
                counted = len(lane.times_ms)
        if counted < len(lane.times_ms):
            minutes.append(_minute(len(minutes), lane.times_ms[counted:], sampler, plan))
        memory = memory_mb(worker.pid)
    figures, absent = _latency(lane.times_ms)
    figures["minutes"] = round(plan.sustained_s / 60.0, 2)
    first, last = minutes[0]["p50_ms"], minutes[-1]["p50_ms"]
    figures["last_minute_to_first"] = round(float(last) / float(first), 4) if first and last else None
    _add_memory(figures, absent, memory)
    _add_energy(figures, absent, sampler, len(lane.times_ms))
    quantiles = spread(lane.times_ms).quantiles_ms
    return _row(contender, "sustained", figures, absent, sampler, tuple(lane.turns_ms), quantiles, tuple(minutes))


def _minute(number: int, times_ms: list[float], sampler: Sampler, plan: Plan) -> dict[str, Value]:
    told = spread(times_ms)
    low_s = number * plan.minute_s
    samples = [one for one in sampler.samples if low_s <= float(one["t_s"] or 0.0) < low_s + plan.minute_s]
    newest = samples[-1] if samples else {}
    return {
        "minute": number,
        "runs": told.count,
        "p50_ms": round(told.p50_ms, 4),
        "p99_ms": told.p99_ms,
        "temperature_c": newest.get("temperature_c"),
        "clock_mhz": newest.get("clock_mhz"),
    }


def _enough(lanes: list[_Lane], plan: Plan) -> bool:
    if any(lane.over for lane in lanes):
        return True
    return all(len(lane.times_ms) >= plan.runs and sum(lane.times_ms) >= plan.seconds * 1000.0 for lane in lanes)


def _stream_row(lane: _Lane, memory: tuple[float | None, float | None], sampler: Sampler) -> Row:
    figures, absent = _latency(lane.times_ms)
    figures["cpu_ms"] = 1000.0 * lane.cpu_s / len(lane.times_ms) if lane.tells_cpu else None
    if not lane.tells_cpu:
        absent["cpu_ms"] = "the system does not tell the processor time of a process"
    _add_memory(figures, absent, memory)
    # Others ran in between: the counter cannot tell whose energy it was.
    figures["energy_mj"] = None
    absent["energy_mj"] = sampler.absent.get("energy_j", "taken by turns; the sustained scenario tells it")
    quantiles = spread(lane.times_ms).quantiles_ms
    return _row(lane.contender, "single-stream", figures, absent, sampler, tuple(lane.turns_ms), quantiles)


def _comparison(first: _Lane, second: _Lane, name: str) -> Comparison:
    ratio: Ratio = ratio_in_turns(first.turns_ms, second.turns_ms)
    return Comparison(
        first.contender.subject.name,
        name,
        "single-stream",
        ratio.ratio,
        ratio.low,
        ratio.high,
        ratio.turns,
        ratio.verdict.value,
    )


def _latency(times_ms: Sequence[float]) -> tuple[dict[str, Value], dict[str, str]]:
    told = spread(times_ms)
    figures: dict[str, Value] = {
        "runs": told.count,
        "p50_ms": told.p50_ms,
        "p90_ms": told.p90_ms,
        "p95_ms": told.p95_ms,
        "p99_ms": told.p99_ms,
        "max_ms": told.max_ms,
        "jitter_ms": told.jitter_ms,
        "throughput_per_s": 1000.0 / told.mean_ms,
    }
    least = {"p95_ms": 20, "p99_ms": 100, "jitter_ms": 100}
    absent = {name: f"fewer than {least[name]} runs" for name in least if figures[name] is None}
    return figures, absent


def _add_memory(figures: dict[str, Value], absent: dict[str, str], memory: tuple[float | None, float | None]) -> None:
    for name, value in zip(("resident_mb", "peak_mb"), memory, strict=True):
        figures[name] = None if value is None else round(value, 1)
        if value is None:
            absent[name] = "the system does not tell the memory of a process"


def _add_energy(figures: dict[str, Value], absent: dict[str, str], sampler: Sampler, runs: int) -> None:
    joules = sampler.energy_j
    figures["energy_mj"] = None if joules is None else round(1000.0 * joules / runs, 4)
    if joules is None:
        absent["energy_mj"] = sampler.absent.get("energy_j", "the counter went away")


def _row(
    contender: Contender,
    scenario: str,
    figures: dict[str, Value],
    absent: dict[str, str],
    sampler: Sampler,
    turns_ms: tuple[float, ...] = (),
    quantiles_ms: tuple[float, ...] = (),
    minutes: tuple[dict[str, Value], ...] = (),
) -> Row:
    sampled, why = sampler.figures()
    return Row(
        subject=contender.subject,
        scenario=scenario,
        figures={name: _rounded(value) for name, value in (contender.fixed | figures | sampled).items()},
        absent=contender.absent | absent | why,
        turns_ms=tuple(round(one, 5) for one in turns_ms),
        quantiles_ms=tuple(round(one, 5) for one in quantiles_ms),
        minutes=minutes,
        samples=tuple(sampler.samples),
        operators=contender.operators,
        accuracy=contender.accuracy,
    )


def _middle(values: Sequence[float]) -> float:
    return float(np.median(values))


def _rounded(value: Value) -> Value:
    return round(value, 5) if isinstance(value, float) else value
