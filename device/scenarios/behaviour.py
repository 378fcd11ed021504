"""The driver's behaviour in the functional matrix, second by second, and what the monitor must report.

Every script begins with the same attentive seconds, so that the monitor learns this person's eyes and where the road
is, then comes the behaviour, then the driver is attentive again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from wakeful.frozen import dataclass

START_S = 8.0
"""When the behaviour begins; before it the driver is attentive."""
DURATION_S = 16.0
"""Length of every script: the longest behaviour, and time to look at the road again."""
SHORT_FPS = 5.0
"""Below it a microsleep of 1.6 s or a yawn may lie between the frames that would prove it."""


@dataclass(frozen=True, slots=True)
class Needed:
    """What must be reported, s after the behaviour began; see ``wakeful.device.scenarios.matrix.Required``."""

    any_of: tuple[str, ...]
    after_s: float
    by_s: float


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One behaviour.

    Attributes:
        about: one line for the report.
        courses: field of ``DriverPose`` -> (s after the behaviour began, change against the attentive driver), straight
            in between. Angles and the mouth are added, eye openings multiplied. ``aside_deg`` is a turn of the head
            away from the road that crosses the camera's axis, so that the face stays in sight.
        blinks_s: starts of blinks, s after the behaviour began; None: those of an attentive driver.
        required: what must be reported.
        tolerated: alert codes that may be raised.
        level_only: meets only heads that the camera sees level, with eyes that can be seen.
        required_from_fps: at fewer frames per second what is required may also be missed.
    """

    name: str
    about: str
    courses: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    blinks_s: tuple[float, ...] = ()
    required: tuple[Needed, ...] = ()
    tolerated: frozenset[str] = frozenset()
    level_only: bool = False
    required_from_fps: float = 0.0


def _held(value: float, turn_s: float, until_s: float, rest: float = 0.0) -> tuple[tuple[float, float], ...]:
    """From ``rest`` to ``value`` within ``turn_s``, held, and back within ``turn_s`` after ``until_s``."""
    return (0.0, rest), (turn_s, value), (until_s, value), (until_s + turn_s, rest)


def _down(head_deg: int) -> Behaviour:
    """A look down for 4.5 s by head and eyes; the upper lids follow the eyes (``wakeful.device.state.attention``)."""
    return Behaviour(
        f"down{head_deg}",
        f"looks down for 4.5 s: head {head_deg} and eyes 15 degrees, lids lowered with them",
        courses={
            "pitch_deg": _held(-float(head_deg), 0.4, 4.9),
            "gaze_pitch_deg": _held(-15.0, 0.4, 4.9),
            "eyes": _held(0.7, 0.4, 4.9, rest=1.0),
        },
        required=(Needed(("long_distraction",), 2.5, 4.4),),
        tolerated=frozenset({"long_distraction"}),
        level_only=True,
    )


BEHAVIOURS = (
    Behaviour("attentive", "looks at the road, blinks now and then", blinks_s=(1.5, 5.2)),
    Behaviour("blinking", "45 blinks a minute", blinks_s=(0.3, 1.6, 2.9, 4.3, 5.6, 6.9)),
    Behaviour(
        "yawning",
        "one yawn of 4 s, lids lowered",
        courses={
            "mouth": ((0.0, 0.0), (1.0, 1.0), (3.0, 1.0), (4.0, 0.0)),
            "pitch_deg": ((0.0, 0.0), (1.0, 5.0), (3.0, 5.0), (4.0, 0.0)),
            "eyes": ((0.0, 1.0), (1.0, 0.75), (3.0, 0.75), (4.0, 1.0)),
        },
        # The event comes when the mouth has closed again.
        required=(Needed(("yawning", "yawn"), 1.5, 6.0),),
        tolerated=frozenset({"yawning"}),
        required_from_fps=SHORT_FPS,
    ),
    Behaviour(
        "microsleep",
        "eyes shut for 1.6 s",
        courses={"eyes": _held(0.0, 0.15, 1.75, rest=1.0)},
        required=(Needed(("microsleep",), 0.9, 1.7),),
        tolerated=frozenset({"microsleep"}),
        required_from_fps=SHORT_FPS,
    ),
    Behaviour(
        "sleep",
        "eyes shut for 4 s, the head sinks by 12 degrees",
        courses={
            "eyes": _held(0.0, 0.15, 4.15, rest=1.0),
            "pitch_deg": ((1.0, 0.0), (3.0, -12.0), (4.2, -12.0), (4.6, 0.0)),
            "roll_deg": ((1.0, 0.0), (3.0, 4.0), (4.2, 4.0), (4.6, 0.0)),
        },
        required=(Needed(("microsleep",), 0.9, 1.7), Needed(("sleep",), 2.9, 3.7)),
        # A head that sinks for seconds also looks away from the road.
        tolerated=frozenset({"microsleep", "sleep", "long_distraction"}),
    ),
    Behaviour(
        "lap",
        "looks into the lap for 4.5 s: head 16 and eyes 22 degrees down, lids lowered with them",
        courses={
            "pitch_deg": _held(-16.0, 0.3, 4.8),
            "gaze_pitch_deg": _held(-22.0, 0.3, 4.8),
            "eyes": _held(0.6, 0.3, 4.8, rest=1.0),
        },
        required=(Needed(("long_distraction",), 2.5, 4.3),),
        tolerated=frozenset({"long_distraction"}),
    ),
    Behaviour(
        "aside",
        "looks aside for 4.5 s: head 35 and eyes 12 degrees",
        courses={"aside_deg": _held(35.0, 0.4, 4.9), "aside_gaze_deg": _held(12.0, 0.4, 4.9)},
        required=(Needed(("long_distraction",), 2.5, 4.4),),
        tolerated=frozenset({"long_distraction"}),
    ),
    *(_down(head_deg) for head_deg in (15, 25, 35)),
    Behaviour(
        "squint",
        "narrows the eyes to a third for 6 s, as against a low sun",
        courses={"eyes": _held(0.3, 0.3, 6.3, rest=1.0), "squint": _held(1.0, 0.3, 6.3)},
        level_only=True,
    ),
)
