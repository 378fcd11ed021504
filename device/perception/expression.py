"""The face's expression: cut it out as the training faces are cut, and let the expression network read it.

FER2013's faces are 48x48 grey pictures in which eyes and nose lie, on the whole, at the same places. A similarity
(shift, turn, scale) puts the eyes and the nose of the landmarks there. Mouth and brows have no say in it: they move
with the expression.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.grey_crop import GreyPart, Placed, shrunk, standardised
from wakeful.device.perception.landmarks import require_finite, softmax
from wakeful.device.perception.network import Loader, load
from wakeful.errors import ModelError
from wakeful.models import registry
from wakeful.models.expression.face import MIN_SPREAD, SIZE_PX
from wakeful.sensors.opencv import cv2

NETWORK = "expression"
# Points of the mesh and their median places in FER+ training faces, in pixels from the top left edge: 1,200 faces drawn
# at random, enlarged to 240 px and read by wakeful itself; both landmark readers agree within 0.4 px. Left and right
# are made equal. Outer and inner corners of the eyes, bridge of the nose (2), its tip, its base and its wings.
ANCHORS = np.array([33, 263, 133, 362, 168, 6, 1, 2, 98, 327])
PLACES_PX = np.array(
    [
        [11.4, 18.8],
        [36.6, 18.8],
        [18.9, 19.4],
        [29.1, 19.4],
        [24.0, 18.2],
        [24.0, 20.5],
        [24.0, 29.9],
        [24.0, 31.5],
        [19.3, 30.8],
        [28.7, 30.8],
    ]
)
TARGET_PX = PLACES_PX.mean(axis=0)
THERE = (PLACES_PX - TARGET_PX) @ np.array([1.0, 1.0j])
LEAST_SCALE = 1e-3
"""Of crop pixels per picture pixel, for landmarks that all lie in one place."""
FINE_FROM = 2.0 / 3.0
"""Crop pixels per picture pixel below which a face is cut out twice as fine."""


class ExpressionReader:
    """Reads the expression of faces whose landmarks are known.

    Attributes:
        classes: names of the expressions, in the order of the probabilities.

    Raises:
        ModelError: the network is missing, corrupt, or its registry entry names no classes.
    """

    def __init__(self, threads: int = 1, load: Loader = load) -> None:
        self._network = load(NETWORK, threads)
        self.classes = expression_classes()

    def __call__(self, image: NDArray[np.uint8], points: NDArray[np.float32]) -> tuple[float, ...]:
        """Probabilities of ``classes`` for the face with mesh ``points`` [468, >=2] in a blue-green-red picture.

        Raises:
            NetworkOutputError: the network answered NaN.
        """
        given = standardised(crop(image, points), MIN_SPREAD)[np.newaxis]
        return softmax(require_finite(self._network(given)[0], NETWORK)[0].tolist())


def expression_classes() -> tuple[str, ...]:
    """Names of the expressions, in the order of their probabilities; from the registry, without loading the network."""
    classes = registry.network(NETWORK).outputs[0].classes
    if not classes:
        raise ModelError(f"the registry names no classes of the network {NETWORK}: install wakeful again")
    return classes


def crop(image: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The face as a training face, uint8 [48, 48] grey levels.

    Args:
        image: uint8 [H, W, 3] blue-green-red.
        points: mesh points [468, >=2] in picture pixels. Beyond the picture its edge is repeated.
    """
    place = placement(points)
    part = GreyPart.around(image, place.square)
    if place.scale >= FINE_FROM:
        return part.cut(place, cv2.BORDER_REPLICATE)
    # A large face is cut out finer and then averaged down, as thumbnails are; sampling it coarsely would speckle.
    return shrunk(part.cut(place.finer(2), cv2.BORDER_REPLICATE), 2)


def placement(points: NDArray[np.float32]) -> Placed:
    """Where the crop lies: the similarity that brings ``ANCHORS`` closest to ``PLACES_PX``.

    Least squares, in closed form: with points as complex numbers around their means, the best turn and scale is one
    complex factor.
    """
    found = points[ANCHORS, :2].astype(np.float64)
    middle_x, middle_y = found.mean(axis=0).tolist()
    here = (found - (middle_x, middle_y)) @ np.array([1.0, 1.0j])
    factor = complex(np.vdot(here, THERE)) / max(np.vdot(here, here).real, 1e-9)
    cos, sin = factor.real, factor.imag
    target_x, target_y = TARGET_PX.tolist()
    # Places count from the edges of pixels, warps from their middles: half a pixel on either side.
    right, down = 0.5 - middle_x, 0.5 - middle_y
    return Placed(
        (cos, -sin, target_x - 0.5 + cos * right - sin * down),
        (sin, cos, target_y - 0.5 + sin * right + cos * down),
        max(math.hypot(cos, sin), LEAST_SCALE),
        SIZE_PX,
        SIZE_PX,
    )
