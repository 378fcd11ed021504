"""Whether images are squeezed, from the proportions of the face in them, and the shape that they should have."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.head_pose import CANONICAL_POINTS, INDICES
from wakeful.device.perception.pipeline import Perception
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

LEAST_PROPORTION = 0.87
"""Below it, or above its reciprocal, images are squeezed: the medians of 24 clips of real people lie between 0.92 and
1.08, and those of 21 of the 23 that still show a face at half their height between 0.66 and 0.86. The networks have
learned faces, so they see less of a squeeze than there is."""
ASPECTS = {"4:3": 4 / 3, "16:9": 16 / 9, "3:4": 3 / 4, "9:16": 9 / 16}
"""Shapes that cameras have."""
SURE = 0.9
"""Presence below which a face in an image of another shape is too unlike a face to have right proportions."""
LOOKS, LATER_NS = 4, 2_000_000_000
"""A face is found within three looks, whichever way it was turned before, and read again where it was found."""

_SPREAD = np.array(list(CANONICAL_POINTS.values())) - np.mean(list(CANONICAL_POINTS.values()), axis=0)
_FIT = np.linalg.pinv(_SPREAD)


def proportion_of(points: NDArray[np.float32]) -> float:
    """Height over width of the image's pixels, as the face in mesh ``points`` [468, >=2] tells it: 1 if it is right.

    The affine camera that shows the canonical face at these points has a row for each axis of the image. Turned and
    nodding heads change the directions of the rows; only the shape of the pixels changes the ratio of their lengths.
    """
    placed = points[INDICES, :2].astype(np.float64)
    across, down = np.linalg.norm(_FIT @ (placed - placed.mean(axis=0)), axis=0)
    return float(down / max(across, 1e-9))


def is_squeezed(proportion: float) -> bool:
    """Whether no right image has faces of this proportion."""
    return not LEAST_PROPORTION <= proportion <= 1.0 / LEAST_PROPORTION


def best_aspect(frame: Frame, shown: float, perception: Perception, *, on_side: bool) -> str:
    """The shape of ``ASPECTS`` in which the face has the proportions of a face; "" if there is none.

    Args:
        frame: an upright image of the face.
        shown: width over height that the source's whole image has now.
        on_side: the upright image is the source's image turned on its side.
    """
    off = {name: _off(frame, shown / aspect, perception, on_side) for name, aspect in ASPECTS.items()}
    best = min(off, key=lambda name: off[name])
    return best if off[best] <= abs(math.log(LEAST_PROPORTION)) else ""


def _off(frame: Frame, higher: float, perception: Perception, on_side: bool) -> float:
    """How far the proportions of the face are from right ones if the source's images were ``higher`` times as high."""
    across, down = (higher, 1.0) if on_side else (1.0, higher)
    image = cv2.resize(frame.image, None, fx=across, fy=down, interpolation=cv2.INTER_LINEAR)
    for number in range(1, LOOKS + 1):
        # Later each time, so that the face is not looked for where it was in images of another shape.
        later = replace(frame, image=np.asarray(image, np.uint8), t_ns=frame.t_ns + number * LATER_NS)
        seen = perception.look(later)
    if seen.landmarks is None or seen.observation.presence < SURE:
        return math.inf
    return abs(math.log(proportion_of(seen.landmarks.points)))
