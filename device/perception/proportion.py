"""Whether images are squeezed, from the proportions of the face in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.head_pose import CANONICAL_POINTS, INDICES

LEAST_PROPORTION = 0.87
"""Below it, or above its reciprocal, images are squeezed: the medians of 24 clips of real people lie between 0.92 and
1.08, and those of 21 of the 23 that still show a face at half their height between 0.66 and 0.86. The networks have
learned faces, so they see less of a squeeze than there is."""

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
