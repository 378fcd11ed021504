"""What moves between the stages: Observation -> DriverState -> Alert, and the events beside them.

Small frozen values, each with the capture time (monotonic ns) and the sequence number of the frame it came from.
``None`` always means unknown, never zero. Angles are degrees in the driver's own terms: yaw positive to the person's
left, pitch positive up, roll positive towards the person's right shoulder; left and right are the person's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import IntEnum, StrEnum

from wakeful.device.drivers import DriverRecognized
from wakeful.device.drivers import SetDriver as SetDriver
from wakeful.device.people import Person
from wakeful.frozen import dataclass


class Health(StrEnum):
    """How well the monitor itself is doing; a channel apart from drowsiness."""

    STARTING = "starting"
    OK = "ok"
    CALIBRATING = "calibrating"
    DEGRADED = "degraded"
    NO_FACE = "no_face"
    CAMERA_LOST = "camera_lost"
    STALE = "stale"
    PAUSED = "paused"

    @property
    def has_frame(self) -> bool:
        """A frame is behind a state of this health; without one nothing is known of the driver."""
        return self not in (Health.STARTING, Health.CAMERA_LOST, Health.STALE)


class Level(IntEnum):
    """How urgent an alert is; NONE is the level of a driver without alerts."""

    NONE = 0
    ADVISORY = 1
    WARNING = 2
    URGENT = 3
    EMERGENCY = 4

    @property
    def label(self) -> str:
        """The level's name in events, signals and on the wire: ``warning``."""
        return self.name.lower()


class Phase(StrEnum):
    """Where an alert is in its life."""

    RAISED = "raised"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


class Unreadable(StrEnum):
    """Why the eyes of a face that is seen cannot be read."""

    DARK = "dark"
    GLARE = "glare"
    BLUR = "blur"
    OCCLUDED = "occluded"
    OFF_AXIS = "off_axis"


@dataclass(frozen=True, slots=True)
class ReaderTraits:
    """What the engine must know of the landmark reader whose measures it gets.

    Attributes:
        name: ``wakeful``, ``v2``, ``mesh+iris`` or ``mediapipe``.
        closed_ratio: share of an open eye's aspect that the reader still measures in a closed one.
        wide_mouth_aspect: aspect of the inner lips that it measures in a mouth as wide open as mouths go.
    """

    name: str
    closed_ratio: float
    wide_mouth_aspect: float


@dataclass(frozen=True, slots=True)
class Observation:
    """What one frame shows of the watched person, as measured, before any evaluation.

    Attributes:
        eye_aspect_left, eye_aspect_right: height over width of the visible eye contour, as the landmark reader sees it.
        lid_drop: height of the lower lid and of the iris below the line of the eye's corners, summed, over the eye's
            width; rises when an eye looks down, falls when it closes. None where ``lid_states`` is known.
        mouth_aspect: height over width of the inner lips.
        face_px: width of the face box in pixels.
        brightness: mean grey level of the face, 0 to 255.
        presence: the landmark network's own belief that it looks at a face, 0 to 1.
        unreadable: why no eye of this face can be read (both eye aspects are None then); None where one can.
            Without a face: why nobody could be seen (``dark``, ``glare``, ``blur``); None where somebody could.
        doubt: what makes the eyes hard to read, though they were read; None where nothing does.
        expression: class probabilities of the expression network, in the order of its registry entry.
        iris_px: horizontal diameter of an open eye's iris, as if it looked straight into the camera, pixels.
        focal_px: focal length by which angles and distances of this frame are computed, pixels.
        bearing_yaw_deg, bearing_pitch_deg: the way from the face to the camera; a gaze of these angles meets it.
        lid_states: probabilities that the lids are open, lowered (the eyes look down), narrowed (squint, laughter,
            half-lidded) and closed, mean over the eyes that can be read, sum 1; None from a reader without them.
        lid_gap_mm, lid_gap_sd_mm: distance of the lids in millimetres, mean over the eyes that can be read, and its
            standard deviation; None from a reader that does not say how sure it is of lids.
        rotate_deg: the picture has to be turned clockwise by so many degrees (0, 90, 180, 270) for the head to be
            upright; angles are those of the picture so turned.
        person: number of the watched person in this run, from 1; another one is another person, or may be. None without
            a face, and in logs that do not say.
        unsure: it is not sure that this is the person to watch.
    """

    t_ns: int
    seq: int
    face: bool
    presence: float = 0.0
    face_px: float | None = None
    brightness: float | None = None
    eye_aspect_left: float | None = None
    eye_aspect_right: float | None = None
    lid_drop: float | None = None
    mouth_aspect: float | None = None
    yaw_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float | None = None
    gaze_yaw_deg: float | None = None
    gaze_pitch_deg: float | None = None
    unreadable: Unreadable | None = None
    expression: tuple[float, ...] | None = None
    iris_px: float | None = None
    focal_px: float | None = None
    bearing_yaw_deg: float | None = None
    bearing_pitch_deg: float | None = None
    lid_states: tuple[float, float, float, float] | None = None
    lid_gap_mm: float | None = None
    lid_gap_sd_mm: float | None = None
    rotate_deg: int = 0
    person: int | None = None
    unsure: bool = False
    doubt: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class DriverState:
    """The person's state after one frame, or after a while without one (then ``face`` is False).

    Attributes:
        reason: why the health is degraded (``dark``, ``slow``, ...; docs/output.md lists all), or "".
        eye_open_left, eye_open_right: 0 closed to 1 this person's own open eye.
        mouth_open: 0 closed to 1 wide open.
        gaze_zone: where the person looks by the zones of the profile (``road``, ``lap``, ...), "" where unknown.
        off_road_s: length of the running glance away from the road, None where unknown.
        eyes_closed: None where the eyes are not seen.
        closure_s: length of the running closure, 0 with open eyes, None where unknown.
        perclos_60s, perclos_180s: share of the known time with closed eyes, None below the minimal coverage.
        perclos_coverage: known share of the last 60 s.
        level, code: of the most urgent active alert; NONE and "" without one.
        sleepiness, sleepiness_coverage: see ``wakeful.device.state.sleepiness``.
        kss_estimate: an estimate, no measure, of the Karolinska Sleepiness Scale, 1 to 9.
        calibration_pct: how much of the personal baseline is learned, 0 to 100.
        speed_kmh, ignition, gear: as last reported by the vehicle; None or "" if unknown.
        looking, looking_s: whether the person looks at the camera, and for how long; this and the next two are known
            with a profile that has a table ``engagement`` only.
        awake: None while the eyes are not seen.
        distance_m: of the eyes from the camera.
        lid_open, lid_lowered, lid_narrowed, lid_closed: what the lids do, averaged over a closure. None: not given.
        person: number of the watched person in this run, from 1; None without a face.
        notes: codes of what is wrong with the monitor itself, see ``wakeful.device.supervision.notes``.
        people: everybody in view, by id; None unless requested, and without a frame.
        driver: who it is: a name or its hash, ``unknown``, or "" where nobody asked (``[driver]``).
    """

    t_ns: int
    seq: int
    health: Health
    reason: str = ""
    face: bool = False
    eye_open_left: float | None = None
    eye_open_right: float | None = None
    mouth_open: float | None = None
    yaw_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float | None = None
    gaze_yaw_deg: float | None = None
    gaze_pitch_deg: float | None = None
    gaze_zone: str = ""
    off_road_s: float | None = None
    eyes_closed: bool | None = None
    closure_s: float | None = None
    perclos_60s: float | None = None
    perclos_180s: float | None = None
    perclos_coverage: float = 0.0
    kss_estimate: float | None = None
    level: Level = Level.NONE
    code: str = ""
    calibration_pct: float = 0.0
    speed_kmh: float | None = None
    expression: str | None = None
    expression_p: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    ignition: bool | None = None
    gear: str = ""
    looking: bool | None = None
    looking_s: float | None = None
    awake: bool | None = None
    distance_m: float | None = None
    lid_open: float | None = None
    lid_lowered: float | None = None
    lid_narrowed: float | None = None
    lid_closed: float | None = None
    person: int | None = None
    people: tuple[Person, ...] | None = None
    sleepiness: float | None = None
    sleepiness_coverage: float = 0.0
    driver: str = ""

    @property
    def lid_states(self) -> tuple[float | None, float | None, float | None, float | None]:
        """The four probabilities of the lids, in the order of ``Observation.lid_states``."""
        return self.lid_open, self.lid_lowered, self.lid_narrowed, self.lid_closed

    @property
    def lids(self) -> str:
        """The state of the lids that is likelier than all others together, "" without one: ``lowered``."""
        names = ("open", "lowered", "narrowed", "closed")
        likely = [name for name, p in zip(names, self.lid_states, strict=True) if p is not None and p > 0.5]
        return likely[0] if likely else ""


@dataclass(frozen=True, slots=True)
class Alert:
    """One step of an alert. ``seq`` numbers the alerts themselves; every phase of one alert shares it."""

    t_ns: int
    seq: int
    code: str
    level: Level
    phase: Phase
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth a line that is not an alert: ``closure``, ``health``, ``calibration``, ...

    Keys of ``data`` that end in ``_ns`` are capture times; outputs publish them as seconds since the first frame,
    without the ending (``start_ns`` becomes ``start``).
    """

    t_ns: int
    kind: str
    data: Mapping[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Somebody has noticed alert ``alert_seq``; None: every active one."""

    alert_seq: int | None


@dataclass(frozen=True, slots=True)
class VehicleSpeed:
    """The vehicle says how fast it moves, km/h; None: it no longer says."""

    kmh: float | None


@dataclass(frozen=True, slots=True)
class Marker:
    """Somebody wants this moment marked in a recording. ``pressed_ns``: when, monotonic; None: when it is received."""

    text: str
    pressed_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Ignition:
    """The vehicle says whether it is switched on; None: it no longer says."""

    on: bool | None


@dataclass(frozen=True, slots=True)
class Gear:
    """The vehicle says which gear is in, in its own words; "": it no longer says."""

    name: str


@dataclass(frozen=True, slots=True)
class Pause:
    """No alerts for ``duration_s`` seconds from now on; 0 ends a pause. A forgotten one must not last for good."""

    duration_s: float


MAX_PAUSE_S = 3600.0

Command = Acknowledge | VehicleSpeed | Ignition | Gear | Marker | Pause | SetDriver | DriverRecognized
"""What the outside world may report or ask for."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment without a frame, and why there was none."""

    t_ns: int
    health: Health


@dataclass(frozen=True, slots=True)
class CommandReceived:
    """A command, and the capture time at which it reached the engine."""

    t_ns: int
    command: Command
