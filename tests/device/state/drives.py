"""Drives as message sequences: what a driver does, second by second, turned into observations and judged."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from device.config import load_profile
from device.messages import Alert, Command, Event, Observation, Phase, ReaderTraits
from device.state.engine import Engine, Step

OPEN_ASPECT = 0.3
# A reader that sees nothing of a closed eye: openings are then shares of the open aspect as they stand.
EYES_ALONE = ReaderTraits("test", closed_ratio=0.0, wide_mouth_aspect=1.0)


@dataclass(frozen=True)
class Part:
    """The driver does one thing for a while. ``opening`` 0 to 1, None: eyes not seen."""

    seconds: float
    opening: float | None = 1.0
    face: bool = True
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
            aspect = None if part.opening is None or not part.face else part.opening * OPEN_ASPECT
            seen = Observation(round(seq / fps * 1e9), seq, part.face, eye_aspect_left=aspect, eye_aspect_right=aspect)
            yield seen, command
            command = None
            seq += 1


def drive(
    *parts: Part, fps: float = 30.0, speed_kmh: float | None = None, jitter_s: float = 0.0, drop: float = 0.0
) -> Outcome:
    """Let the ``vehicle`` profile judge a drive.

    Args:
        jitter_s: capture times vary by up to this much.
        drop: share of frames that are lost.
    """
    chance = random.Random(1)
    profile, _ = load_profile("vehicle")
    engine = Engine(profile, EYES_ALONE, speed_kmh)
    outcome = Outcome([], [], [])
    for seen, command in observations(parts, fps):
        if chance.random() < drop:
            continue
        moved = replace(seen, t_ns=seen.t_ns + round(chance.uniform(0.0, jitter_s) * 1e9))
        if command is not None:
            outcome.alerts.extend(engine.command(moved.t_ns, command))
        step = engine.step(moved)
        outcome.alerts.extend(step.alerts)
        outcome.events.extend(step.events)
        outcome.steps.append(step)
    return outcome
