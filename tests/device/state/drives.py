"""Drives as message sequences: what a driver does, second by second, turned into observations and judged."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from wakeful.device.config.layers import load_profile
from wakeful.device.drivers import Calibration
from wakeful.device.messages import (
    Alert,
    Command,
    Event,
    Health,
    Observation,
    Phase,
    ReaderTraits,
    Unreadable,
)
from wakeful.device.state.engine import Engine, Step
from wakeful.device.state.engine_config import EngineConfig

OPEN_ASPECT = 0.3
# A reader that sees nothing of a closed eye: openings are then shares of the open aspect as they stand.
EYES_ALONE = ReaderTraits("test", closed_ratio=0.0, wide_mouth_aspect=1.0)
EXPRESSIONS = ("neutral", "happiness", "anger", "fear")
TICK_S = 0.1
# The same scene gives the same alerts at any of these, within this time.
SAME_S = 0.2


@dataclass(frozen=True)
class Camera:
    """How the drive is seen: frames a second, by how much capture times vary, which share of frames is lost."""

    fps: float = 30.0
    jitter_s: float = 0.0
    drop: float = 0.0

    def __str__(self) -> str:
        return f"{self.fps:.0f}fps" + "-jitter" * (self.jitter_s > 0.0) + "-drops" * (self.drop > 0.0)


CAMERAS = (Camera(10.0), Camera(15.0), Camera(30.0), Camera(30.0, jitter_s=0.03), Camera(30.0, drop=0.2))
any_camera = pytest.mark.parametrize("camera", CAMERAS, ids=str)


@dataclass(frozen=True)
class Part:
    """The driver does one thing for a while.

    Attributes:
        opening: 0 to 1 of the open eye; None: eyes not seen, for the reason ``unreadable``.
        yaw_deg, pitch_deg: of the head; the eyes look where the head points, and ``look`` adds (yaw, pitch) to that.
        lids: probabilities of open, lowered, narrowed and closed lids; None: a reader that gives none.
        drop: how far lower lid and iris went down, as a share of the eye's width.
        mouth: 0 closed to 1 wide open.
        command: comes from outside with the first frame.
        eyes: aspect of the open eyes over that of most parts: glasses, or somebody else.
        expression: probabilities of ``EXPRESSIONS``.
        camera: no frames come, for this reason; the monitor ticks.
        clock_s: the clock jumps by this much before the first frame.
        fps: frames a second, where they differ from the camera's.
        measures: what the observations say instead, by name.
    """

    seconds: float
    opening: float | None = 1.0
    face: bool = True
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    look: tuple[float, float] = (0.0, 0.0)
    lids: tuple[float, float, float, float] | None = None
    drop: float = 0.0
    mouth: float = 0.0
    unreadable: Unreadable | None = None
    command: Command | None = None
    eyes: float = 1.0
    expression: tuple[float, ...] | None = None
    camera: Health | None = None
    clock_s: float = 0.0
    fps: float | None = None
    measures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """All that the engine said, its steps, and what it learned of the person."""

    alerts: list[Alert]
    events: list[Event]
    steps: list[Step]
    learned: Calibration | None = None

    def raised(self, code: str) -> list[float]:
        """When alerts of this code were raised, s."""
        return self.times(code, Phase.RAISED)

    def times(self, code: str, phase: Phase) -> list[float]:
        return [alert.t_ns / 1e9 for alert in self.alerts if alert.code == code and alert.phase is phase]

    def closures(self) -> list[tuple[float, float]]:
        """Start and end of each closure, s."""
        return self.spans("closure")

    def spans(self, kind: str) -> list[tuple[float, float]]:
        """Start and end of each event of this kind, s."""
        found = [event.data for event in self.events if event.kind == kind]
        return [(float(data["start_ns"]) / 1e9, float(data["end_ns"]) / 1e9) for data in found]

    def health(self) -> list[tuple[float, str]]:
        """When the health changed, s, and to what: ``degraded dark``."""
        told = [event for event in self.events if event.kind == "health"]
        return [(event.t_ns / 1e9, " ".join(map(str, event.data.values()))) for event in told]

    def health_at(self, t_s: float) -> str:
        """The health as last told at this moment."""
        return [health for told_s, health in self.health() if told_s <= t_s][-1]


def told(code: str, phase: str, t_s: float) -> tuple[str, str, float]:
    """One alert of ``assert_alerts``."""
    return (code, phase, t_s)


def assert_alerts(outcome: Outcome, *expected: tuple[str, str, float]) -> None:
    """These alerts were told at these times, and no others."""
    found = sorted((alert.code, alert.phase.value, round(alert.t_ns / 1e9, 3)) for alert in outcome.alerts)
    wanted = sorted(expected)
    assert [alert[:2] for alert in found] == [alert[:2] for alert in wanted], found
    late = [one for one, other in zip(found, wanted, strict=True) if abs(one[2] - other[2]) > SAME_S + 1e-6]
    assert not late, f"{late} of {found}, expected {wanted}"


def observations(parts: Iterable[Part], fps: float = 30.0) -> Iterator[tuple[Observation, Part]]:
    """The drive as a camera of this rate would see it."""
    seq, now_s, end_s, clock_s = 0, 0.0, 0.0, 0.0
    for part in parts:
        begin_s, end_s = now_s, end_s + part.seconds
        clock_s += part.clock_s
        step_s = TICK_S if part.camera else 1.0 / (part.fps or fps)
        frame = 0
        while now_s < end_s - 1e-9:
            yield observation(part, round((now_s + clock_s) * 1e9), seq), part
            seq, frame = seq + 1, frame + 1
            now_s = begin_s + frame * step_s


def observation(part: Part, t_ns: int, seq: int) -> Observation:
    """One frame of a part."""
    if not part.face:
        return Observation(t_ns, seq, face=False)
    aspect = None if part.opening is None else part.opening * OPEN_ASPECT * part.eyes
    looks = aspect is not None and aspect > 0.1
    seen = Observation(
        t_ns,
        seq,
        face=True,
        eye_aspect_left=aspect,
        eye_aspect_right=aspect,
        lid_drop=None if aspect is None else part.drop,
        mouth_aspect=part.mouth,
        yaw_deg=part.yaw_deg,
        pitch_deg=part.pitch_deg,
        roll_deg=0.0,
        gaze_yaw_deg=part.yaw_deg + part.look[0] if looks else None,
        gaze_pitch_deg=part.pitch_deg + part.look[1] if looks else None,
        unreadable=part.unreadable,
        expression=part.expression,
        lid_states=None if aspect is None else part.lids,
    )
    return replace(seen, **part.measures) if part.measures else seen


def drive(
    *parts: Part,
    profile: str = "vehicle",
    fps: float = 30.0,
    speed_kmh: float | None = None,
    known: Calibration | None = None,
    jitter_s: float = 0.0,
    drop: float = 0.0,
    camera: Camera | None = None,
    start_s: float = 0.0,
) -> Outcome:
    """Let a profile judge a drive.

    Args:
        known: what was learned of the person before.
        jitter_s: capture times vary by up to this much.
        drop: share of frames that are lost.
        camera: in place of ``fps``, ``jitter_s`` and ``drop``.
        start_s: capture time of the first frame.
    """
    camera = camera or Camera(fps, jitter_s, drop)
    chance = random.Random(1)
    engine = Engine(
        EngineConfig(load_profile(profile)[0], EYES_ALONE, speed_kmh, known=known, expression_classes=EXPRESSIONS)
    )
    outcome = Outcome([], [], [])
    part_before: Part | None = None
    for seen, part in observations(parts, camera.fps):
        command, part_before = (None, part) if part is part_before else (part.command, part)
        if chance.random() < camera.drop and command is None:
            continue
        t_ns = seen.t_ns + round((start_s + chance.uniform(0.0, camera.jitter_s)) * 1e9)
        if command is not None:
            outcome.alerts.extend(engine.command(t_ns, command))
        if part.camera:
            step = engine.tick(t_ns, part.camera)
        else:
            step = engine.step(seen if t_ns == seen.t_ns else replace(seen, t_ns=t_ns))
        outcome.alerts.extend(step.alerts)
        outcome.events.extend(step.events)
        outcome.steps.append(step)
    return replace(outcome, learned=engine.calibration())
