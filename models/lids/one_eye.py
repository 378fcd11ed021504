"""Reads a picture of a single eye by the lids network, without a face around it and without torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.grey_crop import GreyPart, Placed, standardised
from wakeful.device.perception.landmarks_wakeful import LEAST_EYE_SPREAD
from wakeful.device.perception.region import whole
from wakeful.models.lids.layout import COLUMNS, EYE_PX, ROWS
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
EYE_SHARE = 0.6
"""Width of the eye over that of its picture."""


def read(network: Callable[..., Any], picture: NDArray[np.uint8]) -> tuple[Array, Array]:
    """What the network answers for one eye: its outputs and its states, means over both sides it may be of."""
    height, width = picture.shape[:2]
    grey = GreyPart.around(picture, whole(picture))
    scale = EYE_PX / (EYE_SHARE * width)
    crops = [
        grey.cut(Placed.of(width / 2.0, height / 2.0, scale, 0.0, COLUMNS, ROWS, mirrored), cv2.BORDER_REPLICATE)
        for mirrored in (False, True)
    ]
    lids, states = network(np.stack([standardised(crop, LEAST_EYE_SPREAD) for crop in crops]))
    return lids.mean(axis=0), states.mean(axis=0)
