"""The content of a log: its channels, and the JSON schema of each, generated from the message classes.

| channel | one message for each | replayed |
|---|---|---|
| `/config` | file: the engine's configuration, versions, networks, the source | yes |
| `/observation` | frame: what perception measured, at full precision | yes |
| `/tick` | moment without a frame, and why | yes |
| `/vehicle`, `/acknowledge`, `/command` | command from outside, when the engine received it | yes |
| `/rules` | profile that was applied during the drive | yes |
| `/marker` | marked moment, and when the key was pressed | no |
| `/state`, `/alert`, `/event`, `/health` | the engine's results | compared |
| `/expression` | reading of the expression, by class | no |
| `/landmarks` | face: its points; only with `--record-landmarks` | no |
| `/camera` | image, as `foxglove.CompressedImage`; only with `--record-video` | no |

Times: ``t_ns`` is the monotonic capture time, as everywhere in wakeful. The log time of MCAP is the wall clock of the
start plus the capture time since, so it never jumps; its publish time is, for the states of a live source, when the
monitor had them ready: the difference is the latency. The sequence number of MCAP counts the monitor's messages on all
channels except the last three: a gap in it is a message that was not written. An absent key means unknown, or
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, field, fields
from typing import Any

from wakeful.device.drivers import RESERVED
from wakeful.device.landmarks import Landmarks
from wakeful.device.messages import Alert, DriverState, Event, Observation, Tick
from wakeful.device.state.engine_config import EngineConfig
from wakeful.frozen import dataclass

FORMAT = 2
"""Number of this layout: 2 since observations carry the states of the lids, on which closures are based, and whose they
are. A log with a higher number is refused; older ones are read."""
MCAP_PROFILE = "wakeful"
"""The profile name in the file's header."""

CONFIG, OBSERVATION, TICK = "/config", "/observation", "/tick"
VEHICLE, ACKNOWLEDGE, COMMAND, MARKER = "/vehicle", "/acknowledge", "/command", "/marker"
STATE, ALERT, EVENT, HEALTH = "/state", "/alert", "/event", "/health"
RULES, EXPRESSION, LANDMARKS, CAMERA = "/rules", "/expression", "/landmarks", "/camera"
GIVEN = (OBSERVATION, TICK, VEHICLE, ACKNOWLEDGE, COMMAND, RULES)
"""The engine's inputs."""
SAID = (ALERT, EVENT, HEALTH)
"""The results, which a replay compares."""
NOT_COUNTED = (EXPRESSION, LANDMARKS, CAMERA)
"""Written by the recorder itself; their sequence numbers have no meaning."""


@dataclass(frozen=True, slots=True)
class LogConfig:
    """The head of each file: enough to build the engine again as it was.

    Attributes:
        session: name of the recording that this file is a part of; ``part`` counts its files from 1.
        origin_ns: capture time of the first frame, second 0 of everything that is published.
        wall_ns: Unix time, ns, at ``origin_ns``.
        engine_config: what the engine was built from; its fields lie beside the others in the file.
        cut: this file is a part of a recording.
        repaired: this file was recovered from one that was not closed: it may end between a frame and its alert.
        about: the source, the machine, versions of what the monitor runs on.
        models: network -> sha256 of the file in use.
        settings: the tables of the configuration about the measurement; nothing that could contain a password.
    """

    version: str
    session: str
    part: int
    origin_ns: int
    wall_ns: int
    profile_name: str
    engine_config: EngineConfig
    cut: bool = False
    repaired: bool = False
    models: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def driver(self) -> str:
        """Name of the driver, "" where none was given, or where the face says who it is."""
        driver = self.settings.get("driver")
        name = driver.get("name") if isinstance(driver, dict) else None
        return name if isinstance(name, str) and name not in RESERVED else ""

    @property
    def vehicle(self) -> str:
        """Name of the vehicle, "" where none was given."""
        vehicle = self.settings.get("vehicle")
        name = vehicle.get("name") if isinstance(vehicle, dict) else None
        return name if isinstance(name, str) else ""

    def seconds(self, t_ns: int) -> float:
        """Seconds since the first frame."""
        return (t_ns - self.origin_ns) / 1e9

    def log_ns(self, t_ns: int) -> int:
        """The wall clock at a capture time, Unix ns."""
        return max(0, self.wall_ns + t_ns - self.origin_ns)


@dataclass(frozen=True, slots=True)
class ExpressionReading:
    """The probability of each expression, by its name."""

    t_ns: int
    expression: str | None = None
    p: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LandmarkReading:
    """The points of the face in one frame."""

    t_ns: int
    seq: int
    landmarks: Landmarks


@dataclass(frozen=True, slots=True)
class Picture:
    """One recorded frame.

    Attributes:
        jpeg: the encoded picture.
        blurred: number of other faces in it that were made unrecognisable.
    """

    t_ns: int
    seq: int
    jpeg: bytes
    blurred: int = 0


NUMBER = {"type": "number"}
WHOLE = {"type": "integer"}
TEXT = {"type": "string"}
# What the annotation of a field becomes in JSON.
KINDS: Mapping[str, dict[str, Any]] = {
    "int": WHOLE,
    "bool": {"type": "boolean"},
    "str": TEXT,
    "float": NUMBER,
    "Level": TEXT,
    "Phase": TEXT,
    "Health": TEXT,
    "Unreadable": TEXT,
    "tuple[float, ...]": {"type": "array", "items": NUMBER},
    "tuple[float, float, float, float]": {"type": "array", "items": NUMBER, "minItems": 4, "maxItems": 4},
    "tuple[str, ...]": {"type": "array", "items": TEXT},
    "Mapping[str, float]": {"type": "object", "additionalProperties": NUMBER},
    "Mapping[str, str]": {"type": "object", "additionalProperties": TEXT},
}


def recorded(message: type) -> tuple[Field[Any], ...]:
    """Those fields of a message that a log holds: who else is in view is not recorded."""
    return tuple([one for one in fields(message) if (message, one.name) != (DriverState, "people")])


def schema_of(message: type) -> dict[str, Any]:
    """The JSON schema of a dataclass of messages."""
    described = {one.name: KINDS.get(str(one.type).removesuffix(" | None"), {}) for one in recorded(message)}
    needed = [one.name for one in recorded(message) if one.default is MISSING and one.default_factory is MISSING]
    return _object(described, needed)


def _object(properties: Mapping[str, dict[str, Any]], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": required}


TIME = _object({"sec": WHOLE, "nsec": WHOLE}, ["sec", "nsec"])
# Foxglove finds a picture by this schema's name, its keys and their encoding; t_ns, seq and blurred are additions.
COMPRESSED_IMAGE = _object(
    {
        "timestamp": {**TIME, "title": "time"},
        "frame_id": TEXT,
        "data": {**TEXT, "contentEncoding": "base64"},
        "format": TEXT,
        "t_ns": WHOLE,
        "seq": WHOLE,
        "blurred": WHOLE,
    },
    ["timestamp", "frame_id", "data", "format"],
)

# How the points are packed into ``data`` is said in wakeful.device.record.face_points.
PACKED_POINTS = _object(
    {
        "t_ns": WHOLE,
        "seq": WHOLE,
        "width": WHOLE,
        "height": WHOLE,
        "step_px": NUMBER,
        "data": {**TEXT, "contentEncoding": "base64"},
    },
    ["t_ns", "seq", "width", "height", "step_px", "data"],
)

_HEAD = [one.name for one in (*fields(LogConfig), *fields(EngineConfig)) if one.name != "engine_config"]

CHANNELS: Mapping[str, tuple[str, dict[str, Any]]] = {
    CONFIG: ("wakeful.Config", _object({name: {} for name in _HEAD}, ["format", "version"])),
    OBSERVATION: ("wakeful.Observation", schema_of(Observation)),
    TICK: ("wakeful.Tick", schema_of(Tick)),
    VEHICLE: ("wakeful.Vehicle", _object({"t_ns": WHOLE, "speed_kmh": NUMBER}, ["t_ns"])),
    ACKNOWLEDGE: ("wakeful.Acknowledge", _object({"t_ns": WHOLE, "alert_seq": WHOLE}, ["t_ns", "alert_seq"])),
    COMMAND: ("wakeful.Command", _object({"t_ns": WHOLE, "command": TEXT}, ["t_ns", "command"])),
    MARKER: ("wakeful.Marker", _object({"t_ns": WHOLE, "pressed_ns": WHOLE, "text": TEXT}, ["t_ns", "text"])),
    RULES: ("wakeful.Rules", _object({"t_ns": WHOLE, "profile": {"type": "object"}}, ["t_ns", "profile"])),
    STATE: ("wakeful.State", schema_of(DriverState)),
    ALERT: ("wakeful.Alert", schema_of(Alert)),
    EVENT: ("wakeful.Event", schema_of(Event)),
    HEALTH: ("wakeful.Health", _object({"t_ns": WHOLE, "health": TEXT, "reason": TEXT, "note": TEXT}, ["t_ns"])),
    EXPRESSION: ("wakeful.Expression", schema_of(ExpressionReading)),
    LANDMARKS: ("wakeful.Landmarks", PACKED_POINTS),
    CAMERA: ("foxglove.CompressedImage", COMPRESSED_IMAGE),
}
"""Topic -> name and JSON schema of what it carries."""
