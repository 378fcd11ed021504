"""The whole monitor as it runs on this machine, stage by stage."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from wakeful.device.bench.peers import peer
from wakeful.device.bench.pipeline_worker import Job
from wakeful.device.bench.plan import Plan
from wakeful.device.bench.record import Accuracy, Row, Subject, Value
from wakeful.device.bench.sampler import Sampler
from wakeful.device.bench.scenarios import add_cost, add_deadlines, latency, make_row, sustained, with_turns
from wakeful.device.bench.session import Measured, Session
from wakeful.device.bench.statistics import spread
from wakeful.device.bench.turns import Contender, Lane, compare, compare_means, take_turns
from wakeful.device.bench.worker import Worker, memory_mb, own_worker
from wakeful.device.config.layers import load_settings
from wakeful.device.perception import hexagon
from wakeful.device.perception.expression import NETWORK as EXPRESSION
from wakeful.device.perception.eye_sight import NETWORK as EYE_SIGHT
from wakeful.device.perception.face_detector import NETWORK as DETECTOR
from wakeful.device.perception.landmarks import READERS, which_reader
from wakeful.device.perception.runtime_choice import Runtimes, choose
from wakeful.device.stages import STAGES, WatchedStages
from wakeful.errors import WakefulError
from wakeful.frozen import dataclass
from wakeful.models import registry
from wakeful.sensors.camera import open_source

SUM_TOLERANCE = 0.05
"""Allowed difference between the sum of the stages' mean times and the mean time of a frame, as a share."""
WORKER = "wakeful.device.bench.pipeline_worker"
NOT_HERE = Accuracy(absent="the accuracy of the whole monitor is measured by `wakeful evaluate clips`")


@dataclass(frozen=True, slots=True)
class Entrant:
    """The monitor with one reader, or a peer, which has no job."""

    contender: Contender
    job: Job | None = None


def monitors(
    source: str,
    readers: Sequence[str],
    runtime: str,
    threads: int,
    profile: str,
    config: Path | None,
    peers: Sequence[str],
    mounting: Mapping[str, object] = MappingProxyType({}),
) -> list[Entrant]:
    """The participants: the monitor with each of the landmark ``readers``, then peers by their command lines.

    Args:
        mounting: how images are corrected, by dotted name of the settings.

    Raises:
        ConfigError, ModelError, SourceError: a setting, a runtime, a network or the source cannot be used.
    """
    overrides: dict[str, Any] = {
        "source.source": source,
        # Scenarios and files as fast as possible; a camera has its own rate.
        "source.pace": "fast" if _is_played(source) else None,
        "perception.runtime": runtime,
        "perception.threads": threads,
        "terminal.live": False,
        **mounting,
    }
    load_settings(config, profile, overrides)
    open_source(source, pace="fast" if _is_played(source) else None).close()
    if config is None:  # alerts need an output, as in a vehicle
        overrides |= {"outputs.events": os.devnull, "serial.url": "loop://"}
    found = []
    for reader in dict.fromkeys(map(which_reader, readers)):
        networks = [name for name in (DETECTOR, *READERS[reader].networks, EXPRESSION) if registry.available(name)]
        chosen = choose(runtime, networks)
        job = Job(overrides | {"perception.landmarks": reader}, profile, str(config) if config else None)
        one = Contender(
            subject=Subject("pipeline", f"pipeline {reader}", chosen.name, None, threads),
            command=own_worker(WORKER, job.as_json()),
            accuracy=NOT_HERE,
            simulator="the Hexagon is simulated" if hexagon.look().simulated and chosen.soc else None,
            networks={name: registry.sha256_of(_file(name, chosen)) for name in (*networks, EYE_SIGHT)},
        )
        found.append(Entrant(one, job))
    return [*found, *(Entrant(peer(command)) for command in peers)]


def measure(session: Session, entrants: Sequence[Entrant], scenarios: Sequence[str], plan: Plan) -> None:
    """Run the scenarios one after the other; in ``pipeline`` all entrants take turns, peers have no other scenario."""
    all_of_them = [one.contender for one in entrants]
    for scenario in scenarios:
        if scenario == "pipeline":
            session.attempt(lambda: pipeline(entrants, plan), all_of_them, scenario)
            continue
        run_alone = {"cold": first_decision, "paced": paced, "sustained": _sustained}[scenario]
        for one in entrants:
            if one.job is not None:
                task = partial(_alone, run_alone, one.contender, one.job, plan)
                session.attempt(task, [one.contender], scenario)


def _alone(how: Callable[[Contender, Job, Plan], Row], one: Contender, job: Job, plan: Plan) -> Measured:
    return [how(one, job, plan)], []


def _sustained(one: Contender, job: Job, plan: Plan) -> Row:
    return sustained(one, plan)


def _file(network: str, chosen: Runtimes) -> Path:
    carrier = chosen.carriers.get(network)
    return carrier.file if carrier else registry.location(registry.network(network))


def _is_played(source: str) -> bool:
    path = Path(source).expanduser()
    return source.partition(":")[0] == "synthetic" or path.is_file() or path.is_dir()


def pipeline(entrants: Sequence[Entrant], plan: Plan) -> Measured:
    """All in turns, peers too; the first takes part twice, once without stage timing, which shows what timing costs."""
    one = entrants[0]
    assert one.job is not None
    uncounted = replace(one.contender, command=own_worker(WORKER, replace(one.job, watched=False).as_json()))
    (bare, first, *others), sampler = take_turns([uncounted, *(entrant.contender for entrant in entrants)], plan)
    rows = [_row(lane, sampler) for lane in (first, *others)]
    cost = compare(first, bare, "pipeline", sampler.busy, f"{first.contender.subject.name}, stages not counted")
    compared = [cost, *(compare(first, lane, "pipeline", sampler.busy) for lane in others)]
    if not sampler.busy:
        # One frame in three reads the expression: a median leaves that out.
        compared += [compare_means(first, lane, "pipeline") for lane in others]
    return rows, compared


def first_decision(contender: Contender, job: Job, plan: Plan) -> Row:
    """From the start of ``wakeful run`` to its first line, in new processes."""
    command = own_worker("wakeful", "run", "--plain", *as_arguments(job), "--duration", "0.1", "--events", "-")
    firsts_ms = []
    with Sampler() as sampler:
        for _ in range(plan.starts):
            began_s = time.perf_counter()
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None and process.stderr is not None
                line = process.stdout.readline()
                firsts_ms.append(1000.0 * (time.perf_counter() - began_s))
                _, errors = process.communicate()
            if not line:
                raise WakefulError((errors.strip().splitlines() or ["wakeful run printed nothing"])[-1])
    figures: dict[str, Value] = {
        "starts": plan.starts,
        "start_ms": float(np.median(firsts_ms)),
        "start_max_ms": max(firsts_ms),
    }
    return make_row(contender, "cold", figures, {}, sampler, tuple(firsts_ms))


def paced(contender: Contender, job: Job, plan: Plan) -> Row:
    """The source in real time, as from a camera; a frame is late if the next one came before its decision."""
    by_the_clock = replace(job, overrides=job.overrides | {"source.pace": "realtime"})
    command = own_worker(WORKER, by_the_clock.as_json())
    with Worker(contender.subject.name, command) as worker, Sampler(pids=[worker.pid]) as sampler:
        fps = float(worker.greeting.get("fps") or 30.0)
        worker.turn(1)  # the first frame searches for the face, and starts the player
        turn = worker.turn(max(round(plan.paced_s * fps), 1))
        memory = memory_mb(worker.pid)
    ages, missed = turn.more["ages_ms"], int(turn.more["missed"])
    late = sum(age > 1000.0 / fps for age in ages)
    figures, absent = latency(turn.times_ms)
    add_deadlines(figures, absent, fps, ages, missed, late)
    lane = Lane(contender, worker, times_ms=list(turn.times_ms), cpu_s=turn.cpu_s, memory_mb=memory)
    add_cost(figures, absent, lane)
    return make_row(contender, "paced", figures, absent, sampler, (), spread(turn.times_ms).quantiles_ms)


def _row(lane: Lane, sampler: Sampler) -> Row:
    figures, absent = latency(lane.times_ms)
    add_cost(figures, absent, lane)
    quantiles = spread(lane.times_ms).quantiles_ms
    row = with_turns(make_row(lane.contender, "pipeline", figures, absent, sampler, (), quantiles), lane)
    if lane.contender.subject.kind == "peer":
        return row
    whole = np.concatenate([turn["whole_ms"] for turn in lane.more])
    stages = _stages(lane.more, float(whole.mean()))
    frames = spread(whole)
    summed = sum(float(stage["mean_ms"] or 0.0) for stage in stages) / frames.mean_ms
    counting = len(STAGES) * _timing_cost_ms() / frames.mean_ms
    extra: dict[str, Value] = {
        "throughput_per_s": 1000.0 / frames.mean_ms,
        "whole_p50_ms": frames.p50_ms,
        "whole_p99_ms": frames.p99_ms,
        "whole_mean_ms": frames.mean_ms,
        "stages_to_whole": round(summed, 4),
        "stages_add_up": abs(summed - 1.0) <= SUM_TOLERANCE,
        "measuring_share": round(counting + float(row.figures["sampler_share"] or 0.0), 6),
    }
    why = dict(row.absent)
    if frames.p99_ms is None:
        why["whole_p99_ms"] = "fewer than 100 runs"
    if not any(stage["stage"] == "iris" for stage in stages):
        why["stage iris"] = "this reader has no separate iris network"
    return replace(row, figures=row.figures | extra, stages=tuple(stages), absent=why)


def _stages(turns: Sequence[dict[str, Any]], whole_mean_ms: float) -> list[dict[str, Value]]:
    """Each stage that ran: in how many frames, how long when it ran, its share of the mean frame."""
    table: list[dict[str, Value]] = []
    for name in STAGES:
        times = np.concatenate([turn["stages_ms"][name] for turn in turns])
        ran = times[times > 0.0]
        if not ran.size:
            continue
        when_run = spread(ran)
        mean_ms = float(times.mean())
        table.append(
            {
                "stage": name,
                "frames": when_run.count,
                "p50_ms": round(when_run.p50_ms, 5),
                "p99_ms": round(when_run.p99_ms, 5) if when_run.p99_ms is not None else None,
                "max_ms": round(when_run.max_ms, 5),
                "mean_ms": round(mean_ms, 5),
                "share_percent": round(100.0 * mean_ms / whole_mean_ms, 2),
            }
        )
    return table


def _timing_cost_ms(calls: int = 20_000) -> float:
    """What marking the end of a stage costs, measured now."""
    stages = WatchedStages()
    began_s = time.perf_counter()
    for _ in range(calls):
        stages.done("state")
    return 1000.0 * (time.perf_counter() - began_s) / calls


def as_arguments(job: Job) -> list[str]:
    """The job as arguments of ``wakeful run``."""
    flags = {
        "source.source": "--source",
        "perception.landmarks": "--landmarks",
        "perception.runtime": "--runtime",
        "source.rotate": "--rotate",
        "source.crop": "--crop",
        "source.aspect": "--aspect",
    }
    given = ((flag, job.overrides.get(name)) for name, flag in flags.items())
    arguments = [word for flag, value in given if value for word in (flag, str(value))]
    mirror = job.overrides.get("source.mirror")
    arguments += [] if mirror is None else ["--mirror" if mirror else "--no-mirror"]
    for flag, name in (("--profile", job.profile), ("--config", job.config)):
        arguments += [flag, name] if name else []
    return arguments
