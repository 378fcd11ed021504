"""Runs cells: the synthetic driver, perception and the engine, pixels included, several cells at a time.

A stage (light, eyewear and head) is one job in a process of its own: its attentive beginning is rendered once and seen
afresh by a new perception and a new engine for every behaviour.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device.config import load_profile
from device.jobs import in_processes
from device.messages import Alert, Event, Phase
from device.perception.pipeline import Perception
from device.scenarios.behaviour import START_S
from device.scenarios.matrix import Cell
from device.scenarios.script import frame_times_s, scenario, seed
from device.scenarios.trace import HealthChange, Moment, Snapshot, Told, Trace
from device.scenarios.verdict import Verdict, judge
from device.state.engine import Engine, Step
from device.state.profile import Profile
from sensors.driver_face import DriverPose, render
from sensors.frame import Frame
from sensors.opencv import cv2

SPEED_KMH = 60.0
"""Above every speed gate."""
SNAPSHOT_EVERY_S = 1.0
SNAPSHOT_WIDTH_PX = 112
HEAD = np.s_[10:340, 155:485]
"""The part of the synthetic driver's picture that the head moves in."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Result:
    """One cell, what was told, and the verdict on it. Moments and snapshots are kept of failed cells only."""

    cell: Cell
    verdict: Verdict
    trace: Trace


@dataclass(frozen=True, slots=True)
class Bench:
    """What the cells are run with."""

    landmarks: str
    profile: str


@dataclass(frozen=True, slots=True)
class _Job:
    bench: Bench
    cells: tuple[Cell, ...]


def run(cells: Sequence[Cell], bench: Bench, jobs: int) -> Iterator[list[Result]]:
    """Run cells in ``jobs`` processes; gives the results of one stage after the other, in the order of ``cells``.

    Raises:
        ConfigError: no such profile or landmark reader.
        ModelError: a network is missing or corrupt.
    """
    stages = itertools.groupby(cells, key=lambda cell: cell.stage)
    work = [_Job(bench, tuple(stage)) for _, stage in stages]
    return in_processes(run_stage, work, jobs)


def run_stage(job: _Job) -> list[Result]:
    """Run cells of one stage in this process."""
    profile, _ = load_profile(job.bench.profile)
    beginning: dict[int, Picture] = {}
    results = []
    for cell in job.cells:
        trace = run_cell(cell, job.bench.landmarks, profile, beginning)
        verdict = judge(cell, trace)
        results.append(Result(cell, verdict, _short(trace) if verdict.passed else trace))
    return results


def run_cell(cell: Cell, landmarks: str, profile: Profile, beginning: dict[int, Picture]) -> Trace:
    """Run one cell with a new perception and a new engine.

    Args:
        beginning: pictures of the attentive beginning by their number; taken from here, or rendered and put here.
    """
    perception = Perception(landmarks)
    engine = Engine(profile, perception.traits, SPEED_KMH)
    script = scenario(cell)
    log = _Log()
    for index, t_s in enumerate(frame_times_s()):
        pose = script.pose_at(t_s)
        picture = _picture(cell, pose, index, t_s, beginning)
        step = engine.step(perception.observe(Frame(picture, round(t_s * 1e9), index)))
        log.add(t_s, pose, step, picture)
    return log.trace()


def _picture(cell: Cell, pose: DriverPose, index: int, t_s: float, beginning: dict[int, Picture]) -> Picture:
    if t_s >= START_S:
        return render(pose, seed(cell.words) + index)
    if index not in beginning:
        beginning[index] = render(pose, seed(cell.words[:-1]) + index)
    return beginning[index]


class _Log:
    """Collects a trace."""

    def __init__(self) -> None:
        self._alerts: list[Told] = []
        self._events: list[Told] = []
        self._health: list[HealthChange] = []
        self._moments: list[Moment] = []
        self._snapshots: list[Snapshot] = []

    def add(self, t_s: float, pose: DriverPose, step: Step, picture: Picture) -> None:
        """Take in one judged frame."""
        self._alerts += [_alert(t_s, alert) for alert in step.alerts if alert.phase is Phase.RAISED]
        self._events += [_event(t_s, event) for event in step.events]
        said = HealthChange(t_s, step.state.health.value, step.state.reason)
        if not self._health or (self._health[-1].health, self._health[-1].reason) != (said.health, said.reason):
            self._health.append(said)
        self._moments.append(_moment(t_s, pose, step))
        if t_s >= len(self._snapshots) * SNAPSHOT_EVERY_S:
            self._snapshots.append(Snapshot(t_s, _jpeg(picture)))

    def trace(self) -> Trace:
        return Trace(
            tuple(self._alerts),
            tuple(self._events),
            tuple(self._health),
            tuple(self._moments),
            tuple(self._snapshots),
        )


def _alert(t_s: float, alert: Alert) -> Told:
    return Told(t_s, alert.code, alert.level.label)


def _event(t_s: float, event: Event) -> Told:
    return Told(t_s, event.kind)


def _moment(t_s: float, pose: DriverPose, step: Step) -> Moment:
    state = step.state
    eyes = [eye for eye in (state.eye_open_left, state.eye_open_right) if eye is not None]
    signals = (
        sum(eyes) / len(eyes) if eyes else None,
        state.mouth_open,
        state.yaw_deg,
        state.pitch_deg,
        state.gaze_yaw_deg,
        state.gaze_pitch_deg,
        state.closure_s,
    )
    return Moment(t_s, (pose.eye_left + pose.eye_right) / 2, signals)


def _jpeg(picture: Picture) -> bytes:
    small = cv2.resize(picture[HEAD], (SNAPSHOT_WIDTH_PX, SNAPSHOT_WIDTH_PX), interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 70])
    return encoded.tobytes()


def _short(trace: Trace) -> Trace:
    return Trace(trace.alerts, trace.events, trace.health)
