"""Drives through the real judge and the real recorder, in the order of the monitor's loop, without pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tools.rigs.log_samples import CONFIG, FACE, ORIGIN_NS, SECOND_NS, observations
from tools.rigs.waiting import eventually
from wakeful.device.config.layers import load_profile
from wakeful.device.config.settings import RecordSettings
from wakeful.device.messages import (
    Acknowledge,
    CommandReceived,
    Event,
    Health,
    Observation,
    Pause,
    SetDriver,
    Tick,
    VehicleSpeed,
)
from wakeful.device.perception.landmarks import Eye, FaceLandmarks
from wakeful.device.perception.pipeline import Sighting
from wakeful.device.record.reader import Recording, recordings
from wakeful.device.record.recorder import MAX_QUEUED, Recorder
from wakeful.device.record.replay import Said, advance
from wakeful.device.record.schema import GIVEN, LANDMARKS, LandmarkReading
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.inputs import EngineInput, NewRules
from wakeful.device.supervision.notes import Notes
from wakeful.sensors.frame import Frame

READ = FaceLandmarks(
    FACE.points,
    Eye(FACE.left_eye.contour, FACE.left_eye.iris),
    Eye(FACE.right_eye.contour, FACE.right_eye.iris),
    presence=1.0,
)
"""As a reader gives what a log holds as ``FACE``."""
PICTURE = np.full((48, 64, 3), 128, np.uint8)


def eventful(seconds: float = 14.0, fps: float = 30.0) -> Iterator[EngineInput]:
    """A nap that is acknowledged, speed, rules and driver that change, a pause, and a camera lost for a while."""
    for seen in observations(seconds, fps, shut=(3.0, 7.5)):
        t_s = (seen.t_ns - ORIGIN_NS) / SECOND_NS
        if abs(t_s - 1.0) < 0.5 / fps:
            yield CommandReceived(seen.t_ns, VehicleSpeed(63.5))
        if abs(t_s - 7.0) < 0.5 / fps:
            yield CommandReceived(seen.t_ns, Acknowledge(1))
        if abs(t_s - 11.0) < 0.5 / fps:
            yield NewRules(seen.t_ns, load_profile("robot")[0])
        if abs(t_s - 12.0) < 0.5 / fps:
            yield CommandReceived(seen.t_ns, SetDriver("eve"))
        if abs(t_s - 12.5) < 0.5 / fps:
            yield CommandReceived(seen.t_ns, Pause(0.5))
        if 9.0 < t_s < 10.0:
            yield Tick(seen.t_ns, Health.CAMERA_LOST)
        else:
            yield seen


def recorder(folder: Path, notes: Notes | None = None, **options: Any) -> Recorder:
    """One that has not begun."""
    return Recorder(RecordSettings(folder=str(folder), **options), CONFIG, notes)


def play(
    to: Recorder,
    inputs: Iterable[EngineInput],
    marks: dict[int, str] | None = None,
    pace: Callable[[int], None] | None = None,
    config: EngineConfig = CONFIG.engine_config,
    face: FaceLandmarks | None = None,
) -> list[Said]:
    """Judge the inputs and tell the recorder all of it, as the monitor does; gives what was said.

    Args:
        marks: text of a marker by the capture time at which it comes.
        pace: called with the capture time of each input, before it is judged.
        face: what perception reads in each frame with a face.
    """
    engine = Engine(config)
    told: list[Said] = []
    for given in inputs:
        if pace is not None:
            pace(given.t_ns)
        if marks and given.t_ns in marks:
            to.event(Event(given.t_ns, "marker", {"text": marks[given.t_ns], "pressed_ns": given.t_ns}))
        if isinstance(given, Observation):
            to.frame(Frame(PICTURE, given.t_ns, given.seq), Sighting(given, face if given.face else None))
        to.engine_input(given)
        said, state = advance(engine, given)
        for one in said:
            to.event(one) if isinstance(one, Event) else to.alert(one)
        told += said
        if state is not None:
            to.state(state)
    return told


def record(
    folder: Path,
    inputs: Iterable[EngineInput],
    marks: dict[int, str] | None = None,
    face: FaceLandmarks | None = None,
    **options: Any,
) -> list[Said]:
    """A whole recording; gives what was said."""
    to = recorder(folder, **options)
    to.start(ORIGIN_NS)
    told = play(to, inputs, marks, face=face)
    to.close()
    return told


def record_quickly(to: Recorder, inputs: Iterable[EngineInput], config: EngineConfig) -> list[Said]:
    """A whole recording from its first input on, no faster than the disk keeps up; gives what was said."""
    first, *_ = inputs = list(inputs)
    to.start(first.t_ns)
    told = play(to, inputs, pace=lambda _: _wait(to, MAX_QUEUED // 4), config=config)
    _wait(to, 0)
    to.close()
    return told


def _wait(to: Recorder, most: int) -> None:
    """Until no more than that is queued."""
    assert eventually(lambda: len(to._queue) <= most, 60.0)


def shifted(inputs: Iterable[EngineInput], after_ns: int, by_ns: int) -> Iterator[EngineInput]:
    """The clock jumps at a moment."""
    for given in inputs:
        yield replace(given, t_ns=given.t_ns + by_ns) if given.t_ns >= after_ns else given


def given(log: Recording) -> list[object]:
    """Everything that the engine was given, in its order."""
    return [entry.value for entry in log.entries(*GIVEN)]


def points(folder: Path) -> list[LandmarkReading]:
    """The points of faces in the one recording of a folder."""
    (log,) = recordings([folder])
    return [entry.value for entry in log.entries(LANDMARKS)]  # type: ignore[misc]
