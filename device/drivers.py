"""Who the driver is, as the stages report it; messages as those in ``wakeful.device.messages``."""

from __future__ import annotations

import re

from wakeful.frozen import dataclass

DRIVER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a driver may be called: the name of a file, and part of no path."""
AUTO, UNKNOWN = "auto", "unknown"
RESERVED = (AUTO, UNKNOWN)
"""Nobody is called so: ``auto`` recognises drivers by their face, ``unknown`` is the answer where it is nobody's."""


@dataclass(frozen=True, slots=True)
class BlinkBaseline:
    """What is usual of a person's blinks while alert: means, and standard deviations of single blinks.

    Attributes:
        duration_s, duration_sd_s: see ``wakeful.device.state.blinks``.
        depth, depth_sd: in openings.
    """

    duration_s: float
    duration_sd_s: float
    depth: float
    depth_sd: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What can be kept of a person under a name.

    Attributes:
        reader: the landmark reader it was learned with; it holds for no other.
        eye_aspect_left, eye_aspect_right: of the open eyes.
        road_yaw_deg, road_pitch_deg: where the road is, in the camera's frame; None if not learned.
        blinks: while alert; None if not learned.
    """

    reader: str
    eye_aspect_left: float
    eye_aspect_right: float
    road_yaw_deg: float | None = None
    road_pitch_deg: float | None = None
    blinks: BlinkBaseline | None = None


@dataclass(frozen=True, slots=True)
class SetDriver:
    """Another person has taken the seat.

    Attributes:
        name: by which what is learned is kept; "" for somebody of whom nothing is.
        known: what was learned of this person before.
    """

    name: str
    known: Calibration | None = None


@dataclass(frozen=True, slots=True)
class DriverRecognized:
    """The face of the watched person was compared with those that are enrolled.

    It says nothing of what the person does: no alert and no measurement ends with it, and what it brings is checked
    against what is measured.

    Attributes:
        name: as it is published: a name, its hash or ``unknown``; "" where nothing is to be published.
        similarity: of the face to that of ``name``, or to the nearest one, -1 to 1; None if nobody is enrolled.
        known: what was learned of this person before.
        live: whether the face was seen to move as a face does; None while that is open.
    """

    name: str
    similarity: float | None = None
    known: Calibration | None = None
    live: bool | None = None


def is_driver_name(name: str) -> bool:
    """Whether a person can be called so."""
    return DRIVER_NAME.fullmatch(name) is not None and name not in RESERVED


def as_driver(name: str) -> str:
    """The driver of the settings. Raises: ValueError: nobody can be called so."""
    if name == UNKNOWN:
        raise ValueError("should be another name, or auto: unknown is the answer where a face is nobody's")
    return name
