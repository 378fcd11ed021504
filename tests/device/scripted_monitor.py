"""A monitor with a scripted source and perception, and an output that keeps what it gets."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Any

import numpy as np

from wakeful.device.alerts.fan_out import FanOut
from wakeful.device.alerts.output import Output
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import (
    Command,
    Observation,
    ReaderTraits,
)
from wakeful.device.monitor import Monitor
from wakeful.device.perception.pipeline import Perception, Sighting
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.summary import Summary
from wakeful.device.supervision.notes import Notes
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import EndOfSource, SourceInfo, StaleFrame

SECOND_NS = 1_000_000_000
FPS = 30
BLANK = np.zeros((48, 64, 3), np.uint8)
TRAITS = ReaderTraits("scripted", closed_ratio=0.05, wide_mouth_aspect=0.75)


class ScriptedSource:
    """Gives what a script says, by a clock of its own: frames (s), or ``None`` for 0.1 s in which none comes."""

    def __init__(self, script: Iterable[float | Exception | None], *, live: bool = True) -> None:
        self.info = SourceInfo(name="script", live=live, width=64, height=48, fps=float(FPS))
        self.dropped = 0
        self.lost: str | None = None
        self.now_ns = 0
        self.on_read: Callable[[], None] = lambda: None
        self._script = iter(script)
        self._seq = itertools.count()

    def clock_ns(self) -> int:
        return self.now_ns

    def read_latest(self, max_age_s: float) -> Frame:
        self.on_read()
        item = next(self._script, EndOfSource("over"))
        if isinstance(item, Exception):
            raise item
        if item is None:
            self.now_ns += round(max_age_s * 1e9)
            raise StaleFrame("nothing new")
        self.now_ns = round(item * SECOND_NS)
        return Frame(BLANK, self.now_ns, next(self._seq))

    def close(self) -> None: ...


class ScriptedPerception:
    """Sees a driver whose eyes are shut in the given spans, s; the pixels do not matter."""

    reader = "scripted"
    network_faults = 0

    def __init__(self, *shut: tuple[float, float]) -> None:
        self._shut = shut

    def look(self, frame: Frame) -> Sighting:
        return Sighting(self._observation(frame))

    def _observation(self, frame: Frame) -> Observation:
        closed = any(start <= frame.t_ns / SECOND_NS < end for start, end in self._shut)
        aspect = 0.01 if closed else 0.3
        return Observation(
            frame.t_ns,
            frame.seq,
            face=True,
            presence=1.0,
            face_px=120.0,
            brightness=120.0,
            eye_aspect_left=aspect,
            eye_aspect_right=aspect,
            mouth_aspect=0.05,
            yaw_deg=0.0,
            pitch_deg=0.0,
            roll_deg=0.0,
        )


def seconds(start: float, end: float) -> Iterator[float]:
    """Times of frames."""
    return (start + i / FPS for i in range(round((end - start) * FPS)))


def monitor(
    source: Any,
    output: Output,
    perception: Any = None,
    commands: SimpleQueue[Command] | None = None,
    speed_kmh: float | None = None,
    notes: Notes | None = None,
    **options: Any,
) -> Monitor:
    perception = perception or ScriptedPerception()
    profile = load_profile("vehicle")[0]
    traits = perception.traits if isinstance(perception, Perception) else TRAITS
    return Monitor(
        source,
        perception,
        Engine(EngineConfig(profile, traits, speed_kmh)),
        FanOut([output]),
        Summary({}),
        commands or SimpleQueue(),
        notes,
        clock_ns=getattr(source, "clock_ns", time.monotonic_ns),
        **options,
    )
