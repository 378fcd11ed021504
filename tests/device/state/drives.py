"""Drives as message sequences: what a driver does, second by second, turned into observations and judged."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from device.config import load_profile
from device.messages import Alert, Command, Event, Observation, Phase, ReaderTraits, Unreadable
from device.state.engine import Engine, Step
from device.state.person import Calibration

OPEN_ASPECT = 0.3
# A reader that sees nothing of a closed eye: openings are then shares of the open aspect as they stand.
EYES_ALONE = ReaderTraits("test", closed_ratio=0.0, wide_mouth_aspect=1.0)


@dataclass(frozen=True)
class Part:
    """The driver does one thing for a while.

    Attributes:
        opening: 0 to 1 of the open eye; None: eyes not seen, for the reason ``unreadable``.
        yaw_deg, pitch_deg: of the head; the eyes look where the head points, and ``look`` adds (yaw, pitch) to that.
        drop: how far lower lid and iris went down, as a share of the eye's width.
        mouth: 0 closed to 1 wide open.
        command: comes from outside with the first frame.
    """

    seconds: float
    opening: float | None = 1.0
    face: bool = True
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    look: tuple[float, float] = (0.0, 0.0)
    drop: float = 0.0
    mouth: float = 0.0
    unreadable: Unreadable | None = None
    command: Command | None = None


@dataclass(frozen=True)
class Outcome:
    """All that the engine said, and its steps."""

    alerts: list[Alert]
    events: list[Event]
    steps: list[Step]

    def raised(self, code: str) -> list[float]:
        """When alerts of this code were raised, s."""
        return self.times(code, Phase.RAISED)

    def times(self, code: str, phase: Phase) -> list[float]:
        return [alert.t_ns / 1e9 for alert in self.alerts if alert.code == code and alert.phase is phase]

    def closures(self) -> list[tuple[float, float]]:
        """Start and end of each closure, s."""
        found = [event.data for event in self.events if event.kind == "closure"]
        return [(float(data["start_ns"]) / 1e9, float(data["end_ns"]) / 1e9) for data in found]


def observations(parts: Iterable[Part], fps: float = 30.0) -> Iterator[tuple[Observation, Command | None]]:
    """The drive as a camera of this rate would see it; a part's command comes with its first frame."""
    seq, end_s = 0, 0.0
    for part in parts:
        end_s += part.seconds
        command = part.command
        while seq / fps < end_s - 1e-9:
            yield observation(part, round(seq / fps * 1e9), seq), command
            command = None
            seq += 1


def observation(part: Part, t_ns: int, seq: int) -> Observation:
    """One frame of a part."""
    if not part.face:
        return Observation(t_ns, seq, face=False)
    aspect = None if part.opening is None else part.opening * OPEN_ASPECT
    looks = aspect is not None and aspect > 0.1
    return Observation(
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
    )


def drive(
    *parts: Part,
    profile: str = "vehicle",
    fps: float = 30.0,
    speed_kmh: float | None = None,
    known: Calibration | None = None,
    jitter_s: float = 0.0,
    drop: float = 0.0,
) -> Outcome:
    """Let a profile judge a drive.

    Args:
        known: what was learned of the person before.
        jitter_s: capture times vary by up to this much.
        drop: share of frames that are lost.
    """
    chance = random.Random(1)
    engine = Engine(load_profile(profile)[0], EYES_ALONE, speed_kmh, known=known)
    outcome = Outcome([], [], [])
    for seen, command in observations(parts, fps):
        if chance.random() < drop and command is None:
            continue
        moved = replace(seen, t_ns=seen.t_ns + round(chance.uniform(0.0, jitter_s) * 1e9))
        if command is not None:
            outcome.alerts.extend(engine.command(moved.t_ns, command))
        step = engine.step(moved)
        outcome.alerts.extend(step.alerts)
        outcome.events.extend(step.events)
        outcome.steps.append(step)
    return outcome
