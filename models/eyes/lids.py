"""Closed eyes for faces whose eyes are open: the skin above the eye is drawn down over it, or a photographed closed
eye is laid over it.

Not simulated: the bulge of the eyeball under the lid, lids that close from below.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.sensors.opencv import cv2

Array = NDArray[Any]


def close_eye(rng: np.random.Generator, face: Array, eye: Array) -> None:
    """Draw the upper lid down, in place.

    Args:
        face: uint8 [H, W, 3].
        eye: float32 [6, 2]: corner on the picture's left, two points of the upper lid, other corner, two points of the
            lower lid from right to left (68-point scheme).
    """
    start, end = eye[0], eye[3]
    width = max(float(np.hypot(*(end - start))), 4.0)
    cos, sin = (end - start) / width
    reach = math.ceil(width)
    middle = (start + end) / 2.0
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    x, y = x / width, y / width
    local = ((eye - middle) @ np.array([[cos, -sin], [sin, cos]], np.float32)) / width
    upper = _bow(x, float(local[1:3, 1].mean()))
    lower = _bow(x, float(local[4:6, 1].mean()))
    shut = lower - (lower - upper) * rng.uniform(0.0, 0.25)
    brow = np.float32(float(local[1:3, 1].mean()) - rng.uniform(0.25, 0.45))
    skin_end = upper - 0.07
    above = np.clip((y - brow) / np.maximum(shut - brow, 1e-3), 0.0, 1.0)
    source_y = np.where(
        y < shut, brow + above * np.maximum(skin_end - brow, 0.02), y + np.maximum(lower + 0.05 - y, 0.0)
    )
    source_y = np.where(y < brow, y, source_y)
    fade = np.clip((0.62 - np.abs(x)) / 0.12, 0.0, 1.0) * np.clip((1.0 - np.abs(y)) / 0.1, 0.0, 1.0)
    source_y = y + (source_y - y) * fade
    to_x = (middle[0] + (x * cos - source_y * sin) * width).astype(np.float32)
    to_y = (middle[1] + (x * sin + source_y * cos) * width).astype(np.float32)
    drawn = cv2.remap(face, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    thick = rng.uniform(0.02, 0.06)
    lash = rng.uniform(0.2, 0.75) * np.exp(-(((y - shut) / thick) ** 2)) * np.clip((0.55 - np.abs(x)) / 0.1, 0, 1)
    fold = rng.uniform(0.0, 0.3) * np.exp(-(((y - (shut * 0.3 + brow * 0.7)) / 0.03) ** 2)) * fade
    drawn *= (1.0 - lash - fold).clip(0.0, 1.0)[..., None]
    # Back upright, where the eye lies in the face.
    back = np.array(
        [
            [cos, sin, reach - cos * middle[0] - sin * middle[1]],
            [-sin, cos, reach + sin * middle[0] - cos * middle[1]],
        ]
    )
    _lay(face, np.dstack([drawn, fade]).astype(np.float32), back)


def lay_eye(rng: np.random.Generator, face: Array, eye: Array, photograph: Array) -> None:
    """Lay a photographed eye, uint8 [24, 24] grey, over the one of a face, in the light of its skin, in place."""
    start, end = eye[0], eye[3]
    width = max(float(np.hypot(*(end - start))), 4.0)
    cos, sin = (end - start) / width
    px = 24.0 / (width * rng.uniform(1.05, 1.3))
    middle = (start + end) / 2.0
    grey = photograph.astype(np.float32)
    grey /= max(float(np.percentile(grey, 75)), 20.0)
    y, x = np.mgrid[0:24, 0:24].astype(np.float32) / 11.5 - 1.0
    fade = np.clip((1.0 - np.maximum(np.abs(x), np.abs(y))) / 0.3, 0.0, 1.0)
    height, columns = face.shape[:2]
    below = np.clip(np.round(middle + 0.55 * width * np.array([-sin, cos])), 0, (columns - 1, height - 1)).astype(int)
    skin = face[max(below[1] - 2, 0) : below[1] + 3, max(below[0] - 2, 0) : below[0] + 3].reshape(-1, 3).mean(axis=0)
    drawn = grey[..., None] * skin.astype(np.float32)
    back = np.array(
        [
            [cos * px, sin * px, 11.5 - px * (cos * middle[0] + sin * middle[1])],
            [-sin * px, cos * px, 11.5 + px * (sin * middle[0] - cos * middle[1])],
        ]
    )
    _lay(face, np.dstack([drawn, fade]).astype(np.float32), back)


def _lay(face: Array, layer: Array, back: Array) -> None:
    height, width = face.shape[:2]
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    placed = cv2.warpAffine(layer, back, (width, height), flags=how, borderMode=cv2.BORDER_CONSTANT)
    share = placed[..., 3:]
    face[:] = np.clip(face * (1.0 - share) + placed[..., :3] * share, 0, 255).astype(np.uint8)


def _bow(x: Array, height: float) -> Array:
    """The curve of a lid between corners at -0.5 and 0.5."""
    bow: Array = np.where(np.abs(x) < 0.5, height * (1.0 - (2.0 * x) ** 2) * 1.15, 0.0).astype(np.float32)
    return bow
