"""The scenarios in which workers are measured; each returns rows.

- ``cold``: new processes, from the import of the runtime to the second inference;
- ``single-stream``: one run after the other, all candidates in turns, the first against itself too;
- ``paced``: one run per frame of a camera;
- ``sustained``: minutes without a break, minute by minute.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wakeful.device.bench.busy import OtherPrograms
from wakeful.device.bench.plan import Plan
from wakeful.device.bench.record import Comparison, Row, Value
from wakeful.device.bench.sampler import Sampler
from wakeful.device.bench.statistics import spread
from wakeful.device.bench.turns import Contender, Lane, compare, take_turns
from wakeful.device.bench.worker import Worker, WorkerError, memory_mb


def single_stream(contenders: Sequence[Contender], plan: Plan) -> tuple[list[Row], list[Comparison]]:
    """All in turns; the first takes part twice: its ratio against itself shows how large a difference must be."""
    (again, first, *others), sampler = take_turns([contenders[0], *contenders], plan)
    itself = compare(first, again, "single-stream", sampler.busy, f"{first.contender.subject.name} again")
    rows = [_stream_row(lane, sampler) for lane in (first, *others)]
    return rows, [itself, *(compare(first, lane, "single-stream", sampler.busy) for lane in others)]


def cold(contender: Contender, plan: Plan) -> Row:
    """New processes one after the other; after the first, the files are in the system's page cache."""
    with Sampler() as sampler:
        greetings, starts_ms = _starts(contender.subject.name, contender.command, plan.starts)
        uncached = _starts(contender.subject.name, contender.uncached, 1)[0] if contender.uncached else []
    figures: dict[str, Value] = {"starts": plan.starts, "start_ms": _median(starts_ms)}
    absent: dict[str, str] = {}
    for name in ("import_ms", "load_ms", "first_ms", "second_ms"):
        times_ms = [float(greeting[name]) for greeting in greetings if name in greeting]
        figures[name] = _median(times_ms) if times_ms else None
        if not times_ms:
            absent[name] = "not reported by a peer"
    figures["load_uncached_ms"] = float(uncached[0]["load_ms"]) if uncached else None
    if not uncached:
        absent["load_uncached_ms"] = f"{contender.subject.runtime or 'a peer'} compiles no context when it loads"
    return make_row(contender, "cold", figures, absent, sampler, turns_ms=tuple(starts_ms))


def _starts(name: str, command: Sequence[str], count: int) -> tuple[list[dict[str, Any]], list[float]]:
    """The greetings of ``count`` new workers, and how long each took to send it, ms."""
    greetings, starts_ms = [], []
    for _ in range(count):
        with Worker(name, command) as worker:
            greetings.append(worker.greeting)
            starts_ms.append(worker.start_ms)
    return greetings, starts_ms


def paced(contender: Contender, plan: Plan) -> Row:
    """One run per frame; a frame is missed if the run before it lasted until the next one was due."""
    frames = max(round(plan.paced_s * plan.fps), 1)
    with Worker(contender.subject.name, contender.command) as worker, Sampler(pids=[worker.pid]) as sampler:
        turn = worker.turn(frames, plan.fps)
        memory = memory_mb(worker.pid)
    if "ages_ms" not in turn.more:
        raise WorkerError(
            f"{contender.subject.name}: a peer runs at its own rate; measure it in the scenario single-stream"
        )
    times, missed, late = turn.times_ms, turn.more["missed"], turn.more["late"]
    figures, absent = latency(times)
    add_deadlines(figures, absent, plan.fps, turn.more["ages_ms"], missed, late)
    figures["cpu_ms"] = 1000.0 * (turn.cpu_s or 0.0) / len(times)
    add_memory(figures, absent, memory)
    second = max(round(plan.fps), 1)
    turns_ms = tuple(float(np.median(times[at : at + second])) for at in range(0, len(times), second))
    return make_row(contender, "paced", figures, absent, sampler, turns_ms, spread(times).quantiles_ms)


def sustained(contender: Contender, plan: Plan) -> Row:
    """Without a break, so that heat has its effect; each minute with its own figures, temperature and clock."""
    minutes: list[dict[str, Value]] = []
    with Worker(contender.subject.name, contender.command) as worker, Sampler(pids=[worker.pid]) as sampler:
        lane = Lane(contender, worker)
        others = OtherPrograms([worker.pid])
        lane.settle(plan.turn_s)
        counted = 0
        began_s = time.monotonic()
        while (passed_s := time.monotonic() - began_s) < plan.sustained_s and not lane.over:
            lane.turn(others)
            if passed_s >= (len(minutes) + 1) * plan.minute_s:
                minutes.append(_minute(len(minutes), lane.times_ms[counted:], sampler, plan))
                counted = len(lane.times_ms)
        if counted < len(lane.times_ms):
            minutes.append(_minute(len(minutes), lane.times_ms[counted:], sampler, plan))
        lane.memory_mb = memory_mb(worker.pid)
    figures, absent = latency(lane.times_ms)
    figures["minutes"] = round(plan.sustained_s / 60.0, 2)
    figures["last_minute_to_first"] = round(float(minutes[-1]["p50_ms"] or 0) / float(minutes[0]["p50_ms"] or 1), 4)
    add_cost(figures, absent, lane)
    _add_energy(figures, absent, sampler, len(lane.times_ms))
    quantiles = spread(lane.times_ms).quantiles_ms
    row = make_row(contender, "sustained", figures, absent, sampler, quantiles_ms=quantiles, minutes=tuple(minutes))
    return with_turns(row, lane)


def _minute(number: int, times_ms: list[float], sampler: Sampler, plan: Plan) -> dict[str, Value]:
    times = spread(times_ms)
    low_s = number * plan.minute_s
    samples = [one for one in sampler.samples if low_s <= float(one["t_s"] or 0.0) < low_s + plan.minute_s]
    newest = samples[-1] if samples else {}
    return {
        "minute": number,
        "runs": times.count,
        "p50_ms": round(times.p50_ms, 4),
        "p99_ms": times.p99_ms,
        "temperature_c": newest.get("temperature_c"),
        "clock_mhz": newest.get("clock_mhz"),
    }


def _stream_row(lane: Lane, sampler: Sampler) -> Row:
    figures, absent = latency(lane.times_ms)
    add_cost(figures, absent, lane)
    # The others ran in between: the counter does not separate them.
    figures["energy_mj"] = None
    absent["energy_mj"] = sampler.absent.get(
        "energy_j", "not separable between turns; the sustained scenario measures it"
    )
    quantiles = spread(lane.times_ms).quantiles_ms
    return with_turns(make_row(lane.contender, "single-stream", figures, absent, sampler, (), quantiles), lane)


def latency(times_ms: Sequence[float]) -> tuple[dict[str, Value], dict[str, str]]:
    """Percentiles and throughput."""
    times = spread(times_ms)
    figures: dict[str, Value] = {
        "runs": times.count,
        "p50_ms": times.p50_ms,
        "p90_ms": times.p90_ms,
        "p95_ms": times.p95_ms,
        "p99_ms": times.p99_ms,
        "max_ms": times.max_ms,
        "jitter_ms": times.jitter_ms,
        "throughput_per_s": 1000.0 / times.mean_ms,
    }
    least = {"p95_ms": 20, "p99_ms": 100, "jitter_ms": 100}
    absent = {name: f"fewer than {least[name]} runs" for name in least if figures[name] is None}
    return figures, absent


def add_cost(figures: dict[str, Value], absent: dict[str, str], lane: Lane) -> None:
    """CPU time and memory of a lane."""
    figures["cpu_ms"] = None if lane.cpu_s is None else 1000.0 * lane.cpu_s / len(lane.times_ms)
    if lane.cpu_s is None:
        absent["cpu_ms"] = "the system does not report the CPU time of a process"
    add_memory(figures, absent, lane.memory_mb)


def add_deadlines(
    figures: dict[str, Value], absent: dict[str, str], fps: float, ages_ms: Sequence[float], missed: int, late: int
) -> None:
    """Adds how old frames were when they were answered, and how many were missed or answered late."""
    age, frames = spread(ages_ms), len(ages_ms) + missed
    figures |= {
        "fps": fps,
        "frames": frames,
        "frames_missed": missed,
        "deadlines_missed": late + missed,
        "deadlines_missed_share": (late + missed) / frames,
        "frame_age_p50_ms": age.p50_ms,
        "frame_age_p99_ms": age.p99_ms,
    }
    if age.p99_ms is None:
        absent["frame_age_p99_ms"] = "fewer than 100 runs"


def add_memory(figures: dict[str, Value], absent: dict[str, str], memory: tuple[float | None, float | None]) -> None:
    """Resident and peak memory."""
    for name, value in zip(("resident_mb", "peak_mb"), memory, strict=True):
        figures[name] = None if value is None else round(value, 1)
        if value is None:
            absent[name] = "the system does not report the memory of a process"


def _add_energy(figures: dict[str, Value], absent: dict[str, str], sampler: Sampler, runs: int) -> None:
    joules = sampler.energy_j
    figures["energy_mj"] = None if joules is None else round(1000.0 * joules / runs, 4)
    if joules is None:
        absent["energy_mj"] = sampler.absent.get("energy_j", "the counter is gone")


def make_row(
    contender: Contender,
    scenario: str,
    figures: dict[str, Value],
    absent: dict[str, str],
    sampler: Sampler,
    turns_ms: tuple[float, ...] = (),
    quantiles_ms: tuple[float, ...] = (),
    minutes: tuple[dict[str, Value], ...] = (),
) -> Row:
    """A row with the figures of the machine during the measurement."""
    sampled, why = sampler.figures()
    return Row(
        subject=contender.subject,
        scenario=scenario,
        figures={name: _rounded(value) for name, value in (contender.fixed | figures | sampled).items()},
        absent=contender.absent | absent | why,
        turns_ms=_rounded_all(turns_ms),
        quantiles_ms=_rounded_all(quantiles_ms),
        busy=sampler.busy,
        minutes=minutes,
        samples=tuple(sampler.samples),
        operators=contender.operators,
        accuracy=contender.accuracy,
    )


def with_turns(row: Row, lane: Lane) -> Row:
    """The row with what was measured turn by turn."""
    return replace(
        row,
        turns_ms=_rounded_all(lane.turns_ms),
        turns_cpu_ms=_rounded_all(lane.turns_cpu_ms),
        turns_queued_ms=_rounded_all(lane.turns_queued_ms),
        turns_others=_rounded_all(lane.turns_others, 2),
    )


def _rounded_all(values: Sequence[float], digits: int = 5) -> tuple[float, ...]:
    return tuple(round(one, digits) for one in values)


def _median(values: Sequence[float]) -> float:
    return float(np.median(values))


def _rounded(value: Value) -> Value:
    return round(value, 5) if isinstance(value, float) else value
