"""Measures where a camera is mounted, from the driver's face: distance, height, side, light.

The driver sits as when driving and looks at the road for a few seconds. The position of the camera is measured relative
to the head, so a tilted camera or a face away from the image centre makes no difference: see ``view_of``.
``wakeful.device.doctor.placement_checks`` compares it with what is accepted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import field, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from wakeful.device.doctor.mounting import best_aspect
from wakeful.device.perception.pipeline import BETWEEN_THE_EYES, Perception, Sighting
from wakeful.device.perception.proportion import is_squeezed, proportion_of
from wakeful.device.perception.upright import upright
from wakeful.device.supervision.notes import Notes
from wakeful.frozen import dataclass
from wakeful.sensors.camera import LIVE, kind_of, open_source
from wakeful.sensors.frame import Frame
from wakeful.sensors.mounted import MountedSource, corrected
from wakeful.sensors.mounting import Mounting
from wakeful.sensors.source import EndOfSource, Source, StaleFrame
from wakeful.sensors.usable import UsableFrames

OPENING_S = 5.0
"""Longest wait for a camera's first frame."""


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera is, relative to the head.

    Attributes:
        aside_deg: angle of the camera from straight ahead, positive to the person's left.
        above_deg: angle of the camera from eye level, positive up.
        distance_cm: assumes a head of average size and a correct focal length.
        x, y: centre of the face in the image, 0 to 1 from the left and from the top.
        face_px: width of the face.
    """

    aside_deg: float
    above_deg: float
    distance_cm: float
    x: float
    y: float
    face_px: float


@dataclass(frozen=True, slots=True)
class Placement:
    """What was measured over some seconds; medians over the frames with a face.

    Attributes:
        view: None if no face was seen.
        face_share: share of the frames with a face, 0 to 1. eyes_share: share of those with a readable eye.
        obstacle: the most frequent reason why no eye was readable, "" if there was none.
        brightness: mean grey level of the face.
        frame, sighting: the last frame with a face, turned upright, else the last one; for drawing.
        rotate_deg: degrees by which the images have to be turned clockwise for the head to be upright.
        proportion: of the face, see ``wakeful.device.doctor.mounting.proportion_of``; None without a face.
        mounting: how images are corrected now. aspect: the one that they should be stretched to, "" if there is none.
        notes: what is wrong with the images of the source, in words.
    """

    view: View | None
    frames: int
    face_share: float
    eyes_share: float
    obstacle: str
    brightness: float | None
    width_px: int
    height_px: int
    frame: Frame | None = None
    sighting: Sighting | None = None
    rotate_deg: int = 0
    proportion: float | None = None
    mounting: Mounting = field(default_factory=Mounting)
    aspect: str = ""
    notes: tuple[str, ...] = ()

    @property
    def wanted(self) -> dict[str, object]:
        """The settings of ``[source]`` that would be right, where others are set; empty if all is well."""
        turned = {"rotate": self.mounting.turned(self.rotate_deg).rotate} if self.rotate_deg else {}
        return turned | ({"aspect": self.aspect} if self.aspect else {})


def measure(
    spec: str,
    perception: Perception,
    duration_s: float = 5.0,
    mounting: Mounting | None = None,
    login: str | None = None,
) -> Placement:
    """Watches a source for a while.

    Args:
        spec: a camera, file, folder or ``synthetic[:SCENARIO]``, as for ``open_source``.
        mounting: how its images are corrected before anything is measured.
        login: of a network camera, as ``USER:PASSWORD``.

    Raises:
        SourceError: it cannot be opened, or broke.
    """
    # A file or the synthetic driver need not be played in real time.
    fast = spec != "auto" and kind_of(spec)[0] not in LIVE
    mounting = mounting or Mounting()
    notes = Notes()
    with closing(UsableFrames(open_source(spec, pace="fast" if fast else None, login=login), notes)) as source:
        watched = frames(MountedSource(source, mounting), duration_s)
        placed = summarise(((frame, perception.look(frame)) for frame in watched), source.info.height)
        shown = mounting.aspect or source.info.width / source.info.height
    aspect = ""
    if placed.frame is not None and placed.proportion is not None and is_squeezed(placed.proportion):
        on_side = (mounting.rotate + placed.rotate_deg) % 180 != 0
        aspect = best_aspect(placed.frame, shown, perception, on_side=on_side)
    noted = tuple(note.text for note in notes.changes() if not note.over)
    return replace(placed, mounting=mounting, aspect=aspect, notes=noted)


def frames(source: Source, duration_s: float, clock_s: Callable[[], float] = time.monotonic) -> Iterator[Frame]:
    """Frames of ``duration_s`` by their own times; ends earlier with the source, or when a camera delivers nothing."""
    origin_ns: int | None = None
    deadline_s = clock_s() + OPENING_S
    while clock_s() < deadline_s:
        try:
            frame = source.read_latest(0.2)
        except StaleFrame:
            continue
        except EndOfSource:
            return
        origin_ns = frame.t_ns if origin_ns is None else origin_ns
        if frame.t_ns - origin_ns > duration_s * 1e9:
            return
        deadline_s = clock_s() + OPENING_S
        yield frame


def summarise(looks: Iterable[tuple[Frame, Sighting]], height_px: int = 0) -> Placement:
    """One placement from many frames; see ``Placement``."""
    count, width_px = 0, 0
    views: list[View] = []
    light: list[float] = []
    obstacles: list[str] = []
    turns: list[int] = []
    proportions: list[float] = []
    shown: tuple[Frame | None, Sighting | None] = (None, None)
    for frame, sighting in looks:
        count += 1
        frame, sighting = turned_upright(frame, sighting)
        if sighting.landmarks is not None:
            turns.append(sighting.observation.rotate_deg)
            proportions.append(proportion_of(sighting.landmarks.points))
        height_px, width_px = frame.image.shape[:2]
        view = view_of(sighting, width_px, height_px)
        if view is not None or not views:
            shown = (frame, sighting)
        if view is None:
            continue
        views.append(view)
        seen = sighting.observation
        light += [] if seen.brightness is None else [seen.brightness]
        readable = seen.eye_aspect_left is not None or seen.eye_aspect_right is not None
        obstacles += [] if readable else [str(seen.unreadable or "turned away")]
    if shown[0] is not None:
        height_px, width_px = shown[0].image.shape[:2]
    return Placement(
        view=_median(views) if views else None,
        frames=count,
        face_share=len(views) / count if count else 0.0,
        eyes_share=1.0 - len(obstacles) / len(views) if views else 0.0,
        obstacle=max(set(obstacles), key=obstacles.count) if obstacles else "",
        brightness=median(light) if light else None,
        width_px=width_px,
        height_px=height_px,
        frame=shown[0],
        sighting=shown[1],
        rotate_deg=max(set(turns), key=turns.count) if turns else 0,
        proportion=median(proportions) if proportions else None,
    )


def turned_upright(frame: Frame, sighting: Sighting) -> tuple[Frame, Sighting]:
    """Both as they would be with the right ``[source] rotate``."""
    if sighting.landmarks is None or sighting.quarter == 0:
        return frame, sighting
    height, width = frame.image.shape[:2]
    image = corrected(frame.image, Mounting(rotate=sighting.observation.rotate_deg))
    face = upright(sighting.landmarks, sighting.quarter, width, height)
    return replace(frame, image=image, cut=None), replace(sighting, landmarks=face, quarter=0, seat=None)


def view_of(sighting: Sighting, width_px: int, height_px: int) -> View | None:
    """Where the camera is, relative to the head in ``sighting``; None without a head.

    The head's angles are relative to the camera's axes. For a face away from the optical axis the direction to the
    face is subtracted.
    """
    face, pose, seen = sighting.landmarks, sighting.pose, sighting.observation
    if face is None or pose is None or seen.focal_px is None:
        return None
    x_px, y_px = _centre(face.points)
    right_px, below_px = (x_px, y_px) - face.points[BETWEEN_THE_EYES, :2]
    return View(
        aside_deg=(seen.bearing_yaw_deg or 0.0) - math.degrees(math.atan2(right_px, seen.focal_px)) - pose.yaw_deg,
        above_deg=(seen.bearing_pitch_deg or 0.0) + math.degrees(math.atan2(below_px, seen.focal_px)) - pose.pitch_deg,
        distance_cm=pose.distance_cm,
        x=x_px / width_px,
        y=y_px / height_px,
        face_px=float(np.ptp(face.points[:, 0])),
    )


def _median(views: list[View]) -> View:
    return View(*(median(getattr(view, name) for view in views) for name in View.__slots__))


def _centre(points: NDArray[np.float32]) -> tuple[float, float]:
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    return float(low[0] + high[0]) / 2.0, float(low[1] + high[1]) / 2.0
