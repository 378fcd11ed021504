"""Messages that the tests of the outputs share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import numpy as np

from wakeful.device.alerts.output import Output
from wakeful.device.messages import Alert, DriverState, Health, Level, Observation, Phase
from wakeful.device.perception.landmarks import Eye, FaceLandmarks
from wakeful.device.perception.pipeline import Sighting
from wakeful.models.face.points import LEFT_EYE, RIGHT_EYE
from wakeful.sensors.frame import Frame

SECOND_NS = 1_000_000_000
AnyOutput = TypeVar("AnyOutput", bound=Output)

AWAKE = DriverState(
    t_ns=5 * SECOND_NS,
    seq=150,
    health=Health.OK,
    face=True,
    eye_open_left=0.9512,
    eye_open_right=0.9,
    mouth_open=0.05,
    yaw_deg=12.34,
    pitch_deg=-3.46,
    roll_deg=0.0,
    gaze_yaw_deg=4.0,
    gaze_pitch_deg=-1.0,
    eyes_closed=False,
    closure_s=0.0,
    perclos_60s=0.0412,
    perclos_180s=0.03,
    perclos_coverage=0.98,
    calibration_pct=100.0,
    speed_kmh=60.0,
    expression="neutral",
    expression_p=(0.9, 0.1),
)

MICROSLEEP = replace(AWAKE, eyes_closed=True, closure_s=1.2, level=Level.WARNING, code="microsleep")


def alert(seq: int = 1, t_s: float = 7.61, level: Level = Level.WARNING, phase: Phase = Phase.RAISED) -> Alert:
    """A microsleep alert, ``t_s`` seconds after an origin of 0."""
    return Alert(round(t_s * SECOND_NS), seq, "microsleep", level, phase, {"closure_s": 1.0})


def face(x_px: float = 320.0) -> FaceLandmarks:
    """A face around this column of the image; no two points are in one place."""
    points = np.linspace((x_px - 60.0, 200.0, -30.0), (x_px + 60.0, 320.0, 30.0), 468, dtype=np.float32)
    rim = np.array([(0, 0), (4, 0), (0, -4), (-4, 0), (0, 4)], np.float32)
    left, right = (Eye(points[at, :2], points[at, :2].mean(axis=0) + rim) for at in (LEFT_EYE, RIGHT_EYE))
    return FaceLandmarks(points, left, right, presence=1.0)


def sighted(seq: int, t_ns: int, found: FaceLandmarks | None) -> tuple[Frame, Sighting]:
    """What an output is given of a frame."""
    return Frame(np.zeros((480, 640, 3), np.uint8), t_ns, seq), Sighting(
        Observation(t_ns, seq, found is not None), found
    )


@contextmanager
def started(output: AnyOutput) -> Iterator[AnyOutput]:
    """The output, from its start at second 0 to its end."""
    output.start(0)
    try:
        yield output
    finally:
        output.close()
