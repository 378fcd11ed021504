"""Runs cells: the synthetic driver, perception and the engine, pixels included, several cells at a time.

A scene (eyewear and head) is one job in a process of its own. Its pictures are drawn once and lit as each cell has it,
and its stages are perceived and evaluated once until the behaviours begin; from there on each cell has a perception
and an engine of its own.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from wakeful.device.config.layers import load_profile
from wakeful.device.jobs import in_processes
from wakeful.device.messages import Phase
from wakeful.device.perception.pipeline import Perception
from wakeful.device.scenarios.behaviour import START_S
from wakeful.device.scenarios.matrix import Camera, Cell, Eyewear, Head, Light
from wakeful.device.scenarios.script import frame_times_s, scenario, seed
from wakeful.device.scenarios.trace import HealthChange, Moment, Reported, Snapshot, Trace
from wakeful.device.scenarios.verdict import Verdict, assess
from wakeful.device.state.engine import Engine, Step
from wakeful.device.state.engine_config import EngineConfig
from wakeful.frozen import dataclass
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.mounted import corrected
from wakeful.sensors.mounting import Mounting
from wakeful.sensors.opencv import cv2

SPEED_KMH = 60.0
"""Above the lower speed bound of every rule."""
SNAPSHOT_EVERY_S = 1.0
SNAPSHOT_WIDTH_PX = 112
HEAD = np.s_[10:340, 155:485]
"""The part of the synthetic driver's picture that the head moves in."""

Picture = NDArray[np.uint8]
Stage = tuple[Light, Eyewear, Head, Camera]


@dataclass(frozen=True, slots=True)
class Result:
    """One cell, what was reported, and the verdict on it. Moments and snapshots are kept of failed cells only."""

    cell: Cell
    verdict: Verdict
    trace: Trace


@dataclass(frozen=True, slots=True)
class Bench:
    """What the cells are run with.

    Attributes:
        all_pictures: moments and snapshots are kept of cells that pass too.
    """

    landmarks: str
    profile: str
    all_pictures: bool = False


@dataclass(frozen=True, slots=True)
class SceneJob:
    """Cells of one scene."""

    bench: Bench
    cells: tuple[Cell, ...]


def run(cells: Sequence[Cell], bench: Bench, jobs: int) -> Iterator[list[Result]]:
    """Run cells in ``jobs`` processes; gives the results of one scene after the other, in the order of ``cells``.

    Raises:
        ConfigError: no such profile or landmark reader.
        ModelError: a network is missing or corrupt.
    """
    return in_processes(run_scene, scene_jobs(cells, bench), jobs)


def run_scene(job: SceneJob) -> list[Result]:
    """Run cells of one scene in this process."""
    beginnings = _begin(job)
    traces: dict[str, Trace] = {}
    for behaviour in dict.fromkeys(cell.behaviour.name for cell in job.cells):
        runs = [beginnings[cell.stage].fork(cell) for cell in job.cells if cell.behaviour.name == behaviour]
        _play(runs, begun=True)
        traces |= {run.cell.id: run.log.trace() for run in runs}
    return [_result(cell, traces[cell.id], job.bench.all_pictures) for cell in job.cells]


def run_cell(cell: Cell, bench: Bench) -> Trace:
    """Run one cell for itself."""
    run = _begin(SceneJob(bench, (cell,)))[cell.stage].fork(cell)
    _play([run], begun=True)
    return run.log.trace()


def _begin(job: SceneJob) -> dict[Stage, _Run]:
    """The attentive beginning of every stage."""
    profile, _ = load_profile(job.bench.profile)
    perception = Perception(job.bench.landmarks)
    runs: dict[Stage, _Run] = {}
    for cell in job.cells:
        if cell.stage not in runs:
            runs[cell.stage] = _Run(
                cell, perception.fork(), Engine(EngineConfig(profile, perception.traits, SPEED_KMH)), _Log()
            )
    _play(list(runs.values()), begun=False)
    return runs


class _Run:
    """One cell as far as it has been played. Until the behaviour begins it stands for all cells of its stage."""

    def __init__(self, cell: Cell, perception: Perception, engine: Engine, log: _Log) -> None:
        self.cell = cell
        self.log = log
        self._perception, self._engine = perception, engine
        self._script = scenario(cell)
        self._turned = Mounting(rotate=cell.camera.rotated_deg)

    def fork(self, cell: Cell) -> _Run:
        """As ``cell``, from here on."""
        return _Run(cell, self._perception.fork(), copy.deepcopy(self._engine), copy.deepcopy(self.log))

    def step(self, index: int, t_s: float) -> None:
        """Draw, perceive and evaluate one frame."""
        pose = self._script.pose_at(t_s)
        picture = render(pose, seed_of(self.cell, index, t_s))
        frame = Frame(corrected(picture, self._turned), round(t_s * 1e9), index)
        step = self._engine.step(self._perception.observe(frame))
        self.log.add(t_s, pose, step, picture)


def _play(runs: Sequence[_Run], *, begun: bool) -> None:
    """All frames before or after the behaviour has begun.

    Frame by frame and not cell by cell, so that each picture is drawn once for all lights of a rate.
    """
    for fps in dict.fromkeys(run.cell.camera.fps for run in runs):
        for index, t_s in enumerate(frame_times_s(fps)):
            if (t_s >= START_S) == begun:
                for run in runs:
                    if run.cell.camera.fps == fps:
                        run.step(index, t_s)


def _result(cell: Cell, trace: Trace, all_pictures: bool) -> Result:
    verdict = assess(cell, trace)
    if verdict.passed and not all_pictures:
        trace = Trace(trace.alerts, trace.events, trace.health)
    return Result(cell, verdict, trace)


def scene_jobs(cells: Sequence[Cell], bench: Bench) -> list[SceneJob]:
    """The work of each scene, in the order of ``cells``."""
    return [SceneJob(bench, tuple(scene)) for _, scene in itertools.groupby(cells, key=lambda cell: cell.scene)]


def pictures_of(cell: Cell) -> Iterator[tuple[float, int, int, bytes]]:
    """The snapshots of a cell drawn again: time, number of the frame, seed of its noise, and JPEG.

    What is drawn depends on the script and these numbers alone, so the same code gives the same bytes on any machine
    of a kind.
    """
    script, taken = scenario(cell), 0
    for index, t_s in enumerate(frame_times_s(cell.camera.fps)):
        if t_s >= taken * SNAPSHOT_EVERY_S:
            taken += 1
            seeded = seed_of(cell, index, t_s)
            yield t_s, index, seeded, _jpeg(render(script.pose_at(t_s), seeded))


def seed_of(cell: Cell, index: int, t_s: float) -> int:
    """The seed of the noise in a frame: that of all behaviours until this one begins."""
    return seed(cell.words if t_s >= START_S else cell.words[:-1]) + index


class _Log:
    """Collects a trace."""

    def __init__(self) -> None:
        self._alerts: list[Reported] = []
        self._events: list[Reported] = []
        self._health: list[HealthChange] = []
        self._moments: list[Moment] = []
        self._snapshots: list[Snapshot] = []

    def add(self, t_s: float, pose: DriverPose, step: Step, picture: Picture) -> None:
        """Take in one evaluated frame."""
        self._alerts += [Reported(t_s, one.code, one.level.label) for one in step.alerts if one.phase is Phase.RAISED]
        self._events += [Reported(t_s, event.kind) for event in step.events]
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
