"""A hand before the eyes of the synthetic driver: fingers side by side, in the skin colour of the face.

The hand is a relief: fingers are rounded, lit from above, and dark in between. It is flat against the face and moves
with the head.

Not simulated: bent fingers, nails, wrinkles except at the joints, the hand's shadow on the face.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.sensors.driver_eyewear import draw_flat
from wakeful.sensors.driver_head import HeadSurface
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]

PX_PER_CM = 20
WIDTH_CM, HEIGHT_CM = 36.0, 30.0
BEFORE_CM = 2.2
"""Distance from the pupils to the hand."""
AT_REST_CM = (-9.0, 24.0)
"""Offset of the hand when it is not raised (in the lap), from its position before the eyes."""
# Fingers, from the index to the little one: where they begin and end, to the right and down of the point between the
# eyes, and half of their width; dimensions of an adult's hand (DIN 33402-2, men, 50th percentile). cm.
FINGERS = (
    (-2.0, -2.5, 5.8, -2.6, 0.95),
    (-1.8, -0.75, 6.7, -0.8, 0.98),
    (-1.8, 1.05, 6.3, 1.1, 0.95),
    (-2.0, 2.75, 4.8, 2.8, 0.85),
)
BACK = ((-2.6, -2.3, -9.1, -1.4, 1.6), (-2.6, 2.0, -9.1, 1.6, 1.6), (-2.6, 0.0, -9.1, 0.2, 2.4))
FOREARM = (-8.6, 0.2, -19.0, 18.0, 2.6)
JOINTS = (0.36, 0.68)
LIGHT = (-0.25, -0.55, 0.8)
"""Direction to the light: right, down, towards the camera."""


def draw_hand(
    picture: Array, raised: float, skin: Array, head: HeadSurface, rotation: Array, pivot_cm: Array, focal_px: float
) -> None:
    """Draw the hand in front of the head, placed as by ``HeadSurface.project``; changes ``picture``.

    Args:
        picture: uint8 [height, width, 3].
        raised: 0 in the lap, 1 before both eyes.
        skin: its colour, blue-green-red.
        rotation, pivot_cm, focal_px: as for ``HeadSurface.project``.
    """
    corners_cm = head.eye_plane(WIDTH_CM, HEIGHT_CM, BEFORE_CM)
    corners_cm[:, :2] += (1.0 - raised) * np.array(AT_REST_CM, np.float32)
    blue, green, red = skin.tolist()
    draw_flat(picture, _flat((blue, green, red)), corners_cm, rotation, pivot_cm, focal_px)


@functools.lru_cache(maxsize=2)
def _flat(skin: tuple[float, float, float]) -> Array:
    """The hand in a skin colour: float32 BGRA, colours multiplied by opacity."""
    relief = _relief()
    colour = np.minimum(relief[..., :1] * np.array(skin, np.float32), 255.0)
    return np.dstack([colour * relief[..., 1:], relief[..., 1:] * 255.0]).astype(np.float32)


@functools.cache
def _relief() -> Array:
    """Light on the hand, 1 for skin that faces it, and its cover, 0 to 1: float32 [rows, columns, 2]."""
    rows, columns = round(HEIGHT_CM * PX_PER_CM), round(WIDTH_CM * PX_PER_CM)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) / PX_PER_CM
    x, y = x - WIDTH_CM / 2, y - HEIGHT_CM / 2
    height: Array = np.zeros((rows, columns), np.float32)
    folds: Array = np.zeros((rows, columns), np.float32)
    for limb in (*FINGERS, *BACK, FOREARM):
        along, off = _limb(x, y, limb)
        height = np.maximum(height, np.sqrt(np.maximum(limb[4] ** 2 - off**2, 0.0)))
        if limb in FINGERS:
            for joint in JOINTS:
                for fold in (-0.012, 0.0, 0.014):
                    near = np.exp(-(((along - joint - fold) / 0.006) ** 2))
                    folds = np.maximum(folds, near * (off < 0.75 * limb[4]))
    cover = cv2.GaussianBlur((height > 0.05).astype(np.float32), (0, 0), 1.0)
    height = cv2.GaussianBlur(height, (0, 0), 1.5)
    slope_y, slope_x = np.gradient(height * PX_PER_CM)
    normal = np.dstack([-slope_x, -slope_y, np.ones_like(height)])
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    light = np.array(LIGHT, np.float32) / math.hypot(*LIGHT)
    lit = np.clip(normal @ light, 0.0, 1.0)
    # Less light reaches points that are deeper than their surroundings.
    sunk = np.clip(cv2.GaussianBlur(height, (0, 0), 0.35 * PX_PER_CM) - height, 0.0, 0.6)
    shade = (0.42 + 0.72 * lit) * (1.0 - 0.9 * sunk) * (1.0 - 0.16 * folds)
    return np.dstack([cv2.GaussianBlur(shade.astype(np.float32), (0, 0), 0.8), cover])


def _limb(x: Array, y: Array, limb: tuple[float, ...]) -> tuple[Array, Array]:
    """Position of each point along a limb, 0 to 1, and its distance from the centre line, cm."""
    x0, y0, x1, y1, _ = limb
    length = math.hypot(x1 - x0, y1 - y0)
    along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length**2, 0.0, 1.0)
    return along, np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0))
