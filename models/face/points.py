"""Names for places of the mesh, and what is measured on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SIZE_PX = 112
SCALE = 1.35
"""The face network's crop: its side, and that over the side of the level square around the mesh."""

RIGHT_OUTER, LEFT_OUTER = 33, 263
RIGHT_EYE = np.array([33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173])
LEFT_EYE = np.array([263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398])
"""Contours in the order of the monitor's ``Eye.contour``."""
RIGHT_IRIS, LEFT_IRIS = np.arange(468, 473), np.arange(473, 478)
OUTER_LIPS = np.array([61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146])
INNER_LIPS = np.array([78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95])
"""From the right corner (in the picture's left) over the upper lip to the other corner and back below."""
MASK = np.array([168, 114, 117, 123, 132, 172, 150, 149, 152, 378, 379, 397, 361, 352, 346, 343])
"""Outline of a medical mask: bridge of the nose, cheek, jaw, chin and back."""

_FLIPPED = (
    "16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0 26 25 24 23 22 21 20 19 18 17 27 28 29 30 35 34 33 32 31 45 44 43 42 "
    "47 46 39 38 37 36 41 40 54 53 52 51 50 49 48 59 58 57 56 55 64 63 62 61 60 67 66 65"
)
IBUG68_FLIP = np.array([int(place) for place in _FLIPPED.split()])
"""Which of the 68 points that people set takes the place of each in a mirrored picture."""


def lid_gap(contour: Array) -> Array:
    """Mean of five lid gaps over the eye's width, for contours [..., 16, 2] of an eye of any turn."""
    along = contour[..., 8, :] - contour[..., 0, :]
    width = np.maximum(np.hypot(along[..., 0], along[..., 1]), 1e-6)
    gaps = contour[..., 2:7, :] - contour[..., 10:15, :]
    across = along[..., None, 0] * gaps[..., 1] - along[..., None, 1] * gaps[..., 0]
    gap: Array = np.abs(across).mean(axis=-1) / np.square(width)
    return gap


def mouth_gap(points: Array) -> Array:
    """Inner lip gap over the inner mouth's width of meshes [..., 478, >=2]."""
    width = np.linalg.norm(points[..., 308, :2] - points[..., 78, :2], axis=-1)
    gap = np.linalg.norm(points[..., 14, :2] - points[..., 13, :2], axis=-1)
    opening: Array = gap / np.maximum(width, 1e-6)
    return opening


def eye_span(points: Array) -> Array:
    """Distance of the outer eye corners of meshes [..., 478, >=2]: what errors are divided by."""
    span: Array = np.linalg.norm(points[..., LEFT_OUTER, :2] - points[..., RIGHT_OUTER, :2], axis=-1)
    return span


def jitter(track: Array) -> tuple[float, float]:
    """Of meshes [frames, 478, >=2] of a still face: deviation of its points, % of the outer eye corners' distance, mean
    of all; and of the lid gap, mean of both eyes."""
    spread = np.linalg.norm(track[..., :2].std(axis=0), axis=-1).mean() / eye_span(track).mean()
    gap = np.mean([lid_gap(track[:, eye, :2]).std() for eye in (RIGHT_EYE, LEFT_EYE)])
    return float(spread) * 100.0, float(gap)


def weights() -> Array:
    """[478], how much each point counts in training: lids, irises and lips most, the rim of the face least."""
    out = np.ones(478)
    out[[*RIGHT_EYE, *LEFT_EYE, *RIGHT_IRIS, *LEFT_IRIS]] = 3.0
    out[[*OUTER_LIPS, *INNER_LIPS]] = 3.0
    share: Array = out / out.mean()
    return share
