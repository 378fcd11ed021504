"""Cuts a face out as the identity network takes it: level, 112 pixels wide and high, grey."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    scale = math.hypot(matrix[0, 0], matrix[1, 0])
    part, x_px, y_px = _around(grey, matrix, scale)
    shrink = int(1.0 / max(scale, 1e-3))
    placed = matrix.copy()
    offset = np.array([x_px, y_px], np.float64)
    if shrink > 1:
        # Sampling every second pixel or fewer would turn noise and lashes into speckles.
        size = tuple(max(length // shrink, 1) for length in part.shape[::-1])
        whole = part[: size[1] * shrink, : size[0] * shrink]
        part = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)
        placed[:, :2] *= shrink
        offset = (offset + (shrink - 1) / 2.0) / shrink
    placed[:, 2] += placed[:, :2] @ offset
    pixels = cv2.warpAffine(part, placed, (CROP_PX, CROP_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(pixels, np.uint8)


def _around(grey: Levels, matrix: Array, scale: float) -> tuple[Levels, int, int]:
    """The upright part of the picture that holds the crop, and where it begins."""
    middle = np.linalg.solve(matrix[:, :2], np.full(2, CROP_PX / 2.0) - matrix[:, 2])
    reach = CROP_PX / max(scale, 1e-3) * 0.75 + 2.0  # half a diagonal and a little
    starts, ends = [], []
    for at, length in zip(middle.tolist(), grey.shape[::-1], strict=True):
        start = min(max(math.floor(at - reach), 0), length - 1)
        starts.append(start)
        ends.append(max(min(math.ceil(at + reach), length), start + 1))
    return grey[starts[1] : ends[1], starts[0] : ends[0]], starts[0], starts[1]


def standardised(crop: Levels) -> NDArray[np.float32]:
    """Mean 0 and deviation 1, float32 [112, 112]: what the network reads."""
    mean, spread = cv2.meanStdDev(crop)
    levels = crop.astype(np.float32) - np.float32(mean[0, 0])
    levels *= np.float32(1.0 / max(spread[0, 0], LEAST_SPREAD))
    return levels
