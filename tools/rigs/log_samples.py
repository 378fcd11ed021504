"""Messages, heads and small logs for the tests of recording."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from wakeful.device.config.layers import load_profile
from wakeful.device.drivers import BlinkBaseline, Calibration
from wakeful.device.landmarks import EyeLandmarks, Landmarks
from wakeful.device.messages import (
    Acknowledge,
    Alert,
    CommandReceived,
    DriverState,
    Event,
    Gear,
    Health,
    Ignition,
    Level,
    Observation,
    Pause,
    Phase,
    ReaderTraits,
    SetDriver,
    Tick,
    Unreadable,
    VehicleSpeed,
)
from wakeful.device.record.encode import Recorded, encode
from wakeful.device.record.schema import ExpressionReading, LandmarkReading, LogConfig, Picture
from wakeful.device.record.writer import LogWriter
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.gaze_zone import Direction
from wakeful.device.state.inputs import NewRules

SECOND_NS = 1_000_000_000
ORIGIN_NS = 5 * SECOND_NS
CLASSES = ("neutral", "happiness")

CONFIG = LogConfig(
    version="0.1.0",
    session="20261124T090000Z-test",
    part=1,
    origin_ns=ORIGIN_NS,
    wall_ns=1_790_000_000 * SECOND_NS,
    profile_name="vehicle",
    engine_config=EngineConfig(
        profile=load_profile("vehicle")[0],
        reader=ReaderTraits("v2", closed_ratio=0.02, wide_mouth_aspect=0.75),
        speed_kmh=80.0,
        known=Calibration("v2", 0.3, 0.31, 1.5, -2.25, BlinkBaseline(0.19, 0.05, 0.8, 0.07)),
        road=Direction(1.0, -3.0),
        expression_classes=CLASSES,
    ),
    models={"landmarks": "0" * 64},
    about={"source": "synthetic", "width": 640},
    settings={"driver": {"name": "ada"}},
)

FULL_OBSERVATION = Observation(
    t_ns=ORIGIN_NS,
    seq=7,
    face=True,
    presence=0.987654321,
    face_px=1 / 3,
    brightness=0.1 + 0.2,
    eye_aspect_left=5e-324,
    eye_aspect_right=0.31,
    lid_drop=-0.01,
    mouth_aspect=0.0,
    yaw_deg=-179.99999999999997,
    pitch_deg=2.0,
    roll_deg=3.0,
    gaze_yaw_deg=4.0,
    gaze_pitch_deg=-5.0,
    unreadable=Unreadable.GLARE,
    expression=(0.25, 0.75),
    iris_px=9.36,
    focal_px=640.0,
    bearing_yaw_deg=-3.5,
    bearing_pitch_deg=0.5,
    lid_states=(0.7, 0.15, 0.1, 0.05),
    lid_gap_mm=9.25,
    lid_gap_sd_mm=0.75,
    person=2,
    unsure=True,
    doubt=Unreadable.BLUR,
)

_GRID = (np.arange(468 * 3, dtype=np.float32).reshape(-1, 3) - 100.0) / 8.0
FACE = Landmarks(
    _GRID, EyeLandmarks(_GRID[:16, :2], _GRID[16:21, :2]), EyeLandmarks(_GRID[30:46, :2], _GRID[46:51, :2]), 640, 480
)
"""Points that a log holds without rounding."""

MESSAGES: tuple[Recorded, ...] = (
    FULL_OBSERVATION,
    Observation(ORIGIN_NS, 8, face=False),
    Tick(ORIGIN_NS + 1, Health.CAMERA_LOST),
    CommandReceived(ORIGIN_NS + 2, VehicleSpeed(63.5)),
    CommandReceived(ORIGIN_NS + 2, VehicleSpeed(None)),
    CommandReceived(ORIGIN_NS + 2, Acknowledge(3)),
    CommandReceived(ORIGIN_NS + 2, Ignition(True)),
    CommandReceived(ORIGIN_NS + 2, Ignition(None)),
    CommandReceived(ORIGIN_NS + 2, Gear("R")),
    CommandReceived(ORIGIN_NS + 2, Pause(600.0)),
    CommandReceived(ORIGIN_NS + 2, SetDriver("ada", Calibration("v2", 0.3, 0.31))),
    CommandReceived(ORIGIN_NS + 2, SetDriver("")),
    Event(ORIGIN_NS + 2, "marker", {"text": "überholt, links", "pressed_ns": ORIGIN_NS + 1}),
    NewRules(ORIGIN_NS + 3, load_profile("robot")[0]),
    DriverState(t_ns=ORIGIN_NS, seq=-1, health=Health.STALE),
    DriverState(
        t_ns=ORIGIN_NS,
        seq=8,
        health=Health.DEGRADED,
        reason="dark",
        face=True,
        eye_open_left=0.1,
        eyes_closed=False,
        closure_s=0.0,
        perclos_60s=0.0,
        level=Level.URGENT,
        code="sleep",
        speed_kmh=80.0,
        expression="neutral",
        expression_p=(0.25, 0.75),
        notes=("disk_full",),
        ignition=True,
        gear="D",
        looking=False,
        looking_s=0.0,
        awake=True,
        distance_m=0.81,
        lid_open=0.0,
        lid_lowered=0.25,
        lid_narrowed=0.125,
        lid_closed=0.625,
        person=2,
    ),
    Alert(ORIGIN_NS, 1, "sleep", Level.URGENT, Phase.ESCALATED, {"closure_s": 3.0000000000000004}),
    Event(ORIGIN_NS + 9, "closure", {"start_ns": ORIGIN_NS, "end_ns": ORIGIN_NS + 9}),
    Event(ORIGIN_NS, "health", {"health": "ok", "note": "disk_full", "text": "no video: 40 MB left", "over": 1}),
    ExpressionReading(ORIGIN_NS, "neutral", {"neutral": 0.25, "happiness": 0.75}),
    LandmarkReading(ORIGIN_NS, 8, FACE),
    Picture(ORIGIN_NS, 8, b"\xff\xd8jpeg\xff\xd9", blurred=2),
)


def at(seconds: float) -> int:
    """The capture time of a second of the drive."""
    return ORIGIN_NS + round(seconds * SECOND_NS)


def time_of(message: Recorded) -> int:
    """The capture time of any message."""
    return message.origin_ns if isinstance(message, LogConfig) else message.t_ns


def encoded(message: Recorded, **changes: object) -> bytes:
    """A message as it lies in a log, with other values for some of its keys."""
    return json.dumps(json.loads(encode(message, CONFIG)[1]) | changes).encode()


def log_bytes(messages: Iterable[Recorded] = MESSAGES, config: LogConfig = CONFIG, *, compressed: bool = True) -> bytes:
    """A whole log, one chunk a message."""
    stream = io.BytesIO()
    writer = LogWriter(stream, config, compressed=compressed)
    for sequence, message in enumerate(messages, start=1):
        writer.add(message, time_of(message), sequence)
        writer.flush()
    writer.finish()
    return stream.getvalue()


def observations(seconds: float, fps: float = 30.0, *, shut: tuple[float, float] = (0.0, 0.0)) -> Iterator[Observation]:
    """An attentive driver from second 0 on, with the eyes shut in a span."""
    for seq in range(round(seconds * fps)):
        t_s = seq / fps
        is_shut = shut[0] <= t_s < shut[1]
        aspect = 0.01 if is_shut else 0.3
        yield replace(
            FULL_OBSERVATION,
            t_ns=ORIGIN_NS + round(t_s * SECOND_NS),
            seq=seq,
            eye_aspect_left=aspect,
            eye_aspect_right=aspect,
            yaw_deg=0.0,
            pitch_deg=0.0,
            gaze_yaw_deg=0.0,
            gaze_pitch_deg=0.0,
            unreadable=None,
            unsure=False,
            doubt=None,
            lid_states=(0.01, 0.09, 0.02, 0.88) if is_shut else (0.9, 0.02, 0.05, 0.03),
        )
