"""What a single image shows of the largest face in it: no driver, no past, no alert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from wakeful.device.landmarks import EyeLandmarks
from wakeful.device.perception.expression import expression_classes
from wakeful.device.perception.pipeline import Perception, Sighting
from wakeful.device.perception.tracker import OTHER_ROTATIONS
from wakeful.frozen import dataclass
from wakeful.sensors.channels import carrying, in_grey
from wakeful.sensors.frame import Frame
from wakeful.sensors.usable import sample_of

PARTS_AT_ONCE = 3
"""All nine parts are searched in the looks that try the rotations."""


@dataclass(frozen=True, slots=True)
class Look:
    """One face as measured. Everything but ``face`` and ``reader`` is None or empty where it could not be read.

    The eye openings are raw aspects: the height of the visible eye over its width. An open eye has about 0.2 to 0.4,
    depending on the person and the reader. There is no baseline of this person here, so a single image cannot say
    whether somebody is tired; watch a video or a camera for that.

    Attributes:
        face: whether there is a face.
        reader: the landmark reader in use, such as ``wakeful``.
        box: x0, y0, x1, y1 of the face in pixels, as spanned by the landmarks.
        landmarks: float32 [468, 3], MediaPipe's face mesh: x and y in pixels, depth in the same unit.
        left_eye, right_eye: contour and iris of the person's own left and right eye.
        eye_aspect_left, eye_aspect_right: of the person's own left and right eye.
        mouth_aspect: height over width of the inner lips.
        unreadable: why no eye can be read: ``dark``, ``glare``, ``blur``, ``occluded``, ``off_axis``.
        rotate_deg: the image has to be turned clockwise by so many degrees (0, 90, 180, 270) for the head to be
            upright; angles are those of the image so turned.
        yaw_deg, pitch_deg, roll_deg: head pose; yaw positive to the person's left, pitch positive up.
        gaze_yaw_deg, gaze_pitch_deg: gaze direction.
        expression: the most probable expression.
        expressions: probability of each.
    """

    face: bool
    reader: str
    box: tuple[float, float, float, float] | None = None
    landmarks: NDArray[np.float32] | None = None
    eye_aspect_left: float | None = None
    eye_aspect_right: float | None = None
    mouth_aspect: float | None = None
    unreadable: str | None = None
    yaw_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float | None = None
    gaze_yaw_deg: float | None = None
    gaze_pitch_deg: float | None = None
    expression: str | None = None
    expressions: Mapping[str, float] = field(default_factory=dict)
    left_eye: EyeLandmarks | None = None
    right_eye: EyeLandmarks | None = None
    rotate_deg: int = 0


def look_at(image: NDArray[np.uint8], perception: Perception) -> Look:
    """The largest face in a blue-green-red image, uint8 [height, width, 3]."""
    sighting = sight(image, perception)
    found, face = sighting.observation, sighting.landmarks
    if face is None:
        return Look(False, perception.reader)
    (x0, y0), (x1, y1) = face.points[:, :2].min(axis=0).tolist(), face.points[:, :2].max(axis=0).tolist()
    expressions = dict(zip(expression_classes(), found.expression, strict=True)) if found.expression else {}
    return Look(
        True,
        perception.reader,
        box=(x0, y0, x1, y1),
        landmarks=face.points,
        eye_aspect_left=found.eye_aspect_left,
        eye_aspect_right=found.eye_aspect_right,
        mouth_aspect=found.mouth_aspect,
        unreadable=str(found.unreadable) if found.unreadable else None,
        yaw_deg=found.yaw_deg,
        pitch_deg=found.pitch_deg,
        roll_deg=found.roll_deg,
        gaze_yaw_deg=found.gaze_yaw_deg,
        gaze_pitch_deg=found.gaze_pitch_deg,
        expression=max(expressions, key=lambda name: expressions[name], default=None),
        expressions=expressions,
        left_eye=EyeLandmarks.of(face.left),
        right_eye=EyeLandmarks.of(face.right),
        rotate_deg=found.rotate_deg,
    )


def sight(image: NDArray[np.uint8], perception: Perception) -> Sighting:
    """What perception sees of the largest face, searched in all rotations and parts of the image."""
    channel = carrying(sample_of(image))
    frame = Frame(np.ascontiguousarray(image) if channel is None else in_grey(image, channel), 0, 0)
    sighting = perception.look(frame, parts_at_once=PARTS_AT_ONCE)
    for _ in range(OTHER_ROTATIONS - 1):  # each look tries one of them
        if sighting.landmarks is None:
            sighting = perception.look(frame, parts_at_once=PARTS_AT_ONCE)
    return sighting
