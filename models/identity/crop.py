"""Cuts a face out as the identity network takes it: level, 112 pixels wide and high, grey."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception import grey_crop
from wakeful.device.perception.grey_crop import GreyPart, Placed
from wakeful.models.identity.layout import ANCHORS, CROP_PX, LEAST_SPREAD, PLACES_PX
from wakeful.sensors.opencv import cv2

Levels = NDArray[np.uint8]
Array = NDArray[Any]

PLACES = np.array(PLACES_PX)


def align(grey_frame: Levels, landmarks: Array) -> Levels:
    """The face with these landmarks, uint8 [112, 112]; beyond the picture its edge is repeated.

    Args:
        grey_frame: uint8 [height, width].
        landmarks: mesh points [468 or more, 2 or 3] in picture pixels.

    Raises:
        ValueError: a landmark that is needed is no number.
    """
    return cut(grey_frame, placement(landmarks))


def anchors(landmarks: Array) -> Array:
    """float64 [5, 2]: the places of the face that ``layout.ANCHORS`` names, in picture pixels."""
    return np.array([landmarks[list(points), :2].mean(axis=0) for points in ANCHORS], np.float64)


def placement(landmarks: Array) -> Array:
    """float64 [2, 3]: the similarity from picture to crop pixels that brings the face to ``layout.PLACES_PX``."""
    return similarity(anchors(landmarks), PLACES)


def similarity(found: Array, places: Array) -> Array:
    """float64 [2, 3]: shift, turn and scale that bring points [N, 2] nearest to ``places`` [N, 2] (least squares)."""
    if not np.isfinite(found).all():
        raise ValueError("a face without landmarks cannot be aligned")
    here, there = found - found.mean(axis=0), places - places.mean(axis=0)
    size = max(float((here * here).sum()), 1e-6)
    cos = float((here * there).sum()) / size
    sin = float((here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0]).sum()) / size
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([turn, places.mean(axis=0) - turn @ found.mean(axis=0)])


def cut(grey: Levels, matrix: Array) -> Levels:
    """The pixels uint8 [112, 112] that ``matrix`` (float64 [2, 3], a similarity) brings into the crop."""
    (a, b, c), (d, e, f) = matrix.tolist()
    # A face that is a single point has no scale.
    place = Placed((a, b, c), (d, e, f), max(math.hypot(a, d), 1e-3), CROP_PX, CROP_PX)
    return GreyPart.within(grey, place.square).cut(place, cv2.BORDER_REPLICATE)


def standardised(crop: Levels) -> NDArray[np.float32]:
    """Mean 0 and deviation 1, float32 [112, 112]: what the network reads."""
    levels: NDArray[np.float32] = grey_crop.standardised(crop, LEAST_SPREAD)[0]
    return levels
