"""Messages to JSON: every number at full precision, what is unknown left out."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from operator import attrgetter
from typing import Any

from wakeful.device.drivers import DriverRecognized, SetDriver
from wakeful.device.messages import (
    Acknowledge,
    Alert,
    CommandReceived,
    DriverState,
    Event,
    Gear,
    Ignition,
    Marker,
    Observation,
    Pause,
    Tick,
    VehicleSpeed,
)
from wakeful.device.record import schema
from wakeful.device.record.face_points import pack, step_px
from wakeful.device.record.schema import ExpressionReading, LandmarkReading, LogConfig, Picture
from wakeful.device.state.inputs import EngineInput, NewRules

Recorded = EngineInput | DriverState | Alert | Event | LogConfig | ExpressionReading | LandmarkReading | Picture
"""Everything that a log holds."""

_OBSERVATION = tuple(one.name for one in schema.recorded(Observation))
_STATE = tuple(one.name for one in schema.recorded(DriverState))
_OBSERVATION_VALUES = attrgetter(*_OBSERVATION)
_STATE_VALUES = attrgetter(*_STATE)
COMMANDS = {
    Ignition: "ignition",
    Gear: "gear",
    Pause: "pause",
    SetDriver: "set_driver",
    DriverRecognized: "driver_recognized",
}
"""What the commands on the channel of that name are called."""
NOTHING = (None, "", ())
_dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False, ensure_ascii=False, default=float).encode


def encode(message: Recorded, config: LogConfig) -> tuple[str, bytes]:
    """The channel of a message and its JSON.

    Args:
        config: that of the file; a picture's wall clock comes from it.
    """
    topic, values = _values(message, config)
    try:
        return topic, _dumps(values).encode()
    except ValueError:
        # NaN and infinity are written as unknown: JSON has neither.
        return topic, _dumps(_finite(values)).encode()


def _values(message: Recorded, config: LogConfig) -> tuple[str, dict[str, Any]]:
    if isinstance(message, Observation):
        named = zip(_OBSERVATION, _OBSERVATION_VALUES(message), strict=True)
        return schema.OBSERVATION, {name: value for name, value in named if value is not None}
    if isinstance(message, DriverState):
        named = zip(_STATE, _STATE_VALUES(message), strict=True)
        return schema.STATE, {name: value for name, value in named if value not in NOTHING} | {
            "level": message.level.label
        }
    if isinstance(message, Alert):
        return schema.ALERT, {
            "t_ns": message.t_ns,
            "seq": message.seq,
            "code": message.code,
            "level": message.level.label,
            "phase": message.phase,
            "evidence": dict(message.evidence),
        }
    if isinstance(message, Event):
        return _event(message)
    if isinstance(message, CommandReceived):
        return _command(message)
    if isinstance(message, NewRules):
        return schema.RULES, asdict(message)
    if isinstance(message, Tick):
        return schema.TICK, {"t_ns": message.t_ns, "health": message.health}
    if isinstance(message, ExpressionReading):
        rounded = {name: round(p, 4) for name, p in message.p.items()}
        return schema.EXPRESSION, {"t_ns": message.t_ns, "expression": message.expression, "p": rounded}
    if isinstance(message, LandmarkReading):
        return schema.LANDMARKS, _landmarks(message)
    if isinstance(message, Picture):
        return schema.CAMERA, _picture(message, config)
    values = asdict(message)
    return schema.CONFIG, values | values.pop("engine_config")


def _event(event: Event) -> tuple[str, dict[str, Any]]:
    if event.kind == "marker":
        return schema.MARKER, {"t_ns": event.t_ns, **event.data}
    if event.kind == "health":
        return schema.HEALTH, {"t_ns": event.t_ns, **event.data}
    return schema.EVENT, {"t_ns": event.t_ns, "kind": event.kind, "data": dict(event.data)}


def _command(received: CommandReceived) -> tuple[str, dict[str, Any]]:
    command = received.command
    if isinstance(command, VehicleSpeed):
        return schema.VEHICLE, {"t_ns": received.t_ns, "speed_kmh": command.kmh}
    if isinstance(command, Acknowledge):
        return schema.ACKNOWLEDGE, {"t_ns": received.t_ns, "alert_seq": command.alert_seq}
    if not isinstance(command, Marker):
        return schema.COMMAND, {"t_ns": received.t_ns, "command": COMMANDS[type(command)], **asdict(command)}
    # The engine ignores markers; they come as events.
    return schema.MARKER, {"t_ns": received.t_ns, "pressed_ns": command.pressed_ns, "text": command.text}


def _landmarks(reading: LandmarkReading) -> dict[str, Any]:
    face = reading.landmarks
    return {
        "t_ns": reading.t_ns,
        "seq": reading.seq,
        "width": face.width,
        "height": face.height,
        "step_px": step_px(face),
        "data": base64.b64encode(pack(face)).decode("ascii"),
    }


def _picture(picture: Picture, config: LogConfig) -> dict[str, Any]:
    sec, nsec = divmod(config.log_ns(picture.t_ns), 1_000_000_000)
    return {
        "timestamp": {"sec": sec, "nsec": nsec},
        "frame_id": "camera",
        "data": base64.b64encode(picture.jpeg).decode("ascii"),
        "format": "jpeg",
        "t_ns": picture.t_ns,
        "seq": picture.seq,
        "blurred": picture.blurred,
    }


def _finite(value: Any) -> Any:
    """The same without NaN and infinity; a list that holds one is unknown as a whole."""
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        finite = [_finite(one) for one in value]
        return None if None in finite else finite
    return None if isinstance(value, float) and not math.isfinite(value) else value
