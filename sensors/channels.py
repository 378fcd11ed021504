"""Pictures that one of the three colour channels carries alone: converters of infra-red cameras leave the others empty.

In grey levels such a picture is dark, at 0.11 of its light if the channel is the blue one, and shows nobody.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.sensors.opencv import cv2

CHANNELS = ("blue", "green", "red")
LEAST_SPREAD = 4.0
"""Grey levels of deviation that a picture has at least: less is noise, or a covered lens, and tells nothing."""
OTHERS = 0.2
"""Deviation of the other channels, as a share of the one that carries the picture. Coded as MJPEG or MPEG-4 and
decoded again, a grey picture in one channel leaves 0.03 of its deviation in the others; of 870 pictures (486 scenes and
frames of marked clips and cars) none has less than 0.49 there."""


def carrying(sample: NDArray[np.uint8]) -> int | None:
    """The one channel that carries a picture; None where several do, or none.

    Args:
        sample: uint8 [height, width, 3], blue-green-red; some hundred pixels from all over the picture do.
    """
    spread: list[float] = sample.reshape(-1, 3).std(axis=0).tolist()
    most = max(spread)
    if most < LEAST_SPREAD or sorted(spread)[1] > OTHERS * most:
        return None
    return spread.index(most)


def in_grey(image: NDArray[np.uint8], channel: int) -> NDArray[np.uint8]:
    """One channel of a picture, as all three of a new one."""
    return cv2.cvtColor(cv2.extractChannel(image, channel), cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
