"""Detects frozen and black images of a camera, cheaply enough to run on every frame.

Whether a fault lasts long enough to report the camera as lost is decided in ``wakeful.sensors.live``; this file only
examines pixels. It is for live sensors: a recording may be still or dark.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.sensors.opencv import cv2

FROZEN = "frozen"
BLACK = "black"

BLACK_MEAN = 8.0
"""Grey level below which an image may be black (capped lens, dead sensor). Own choice: a night image with a visible
face has a higher mean or more contrast."""

BLACK_DEVIATION = 3.0
"""Standard deviation in grey levels below which a dark image contains only noise. Own choice, as above."""

SAMPLE_ROWS = 60
SAMPLE_COLUMNS = 80


class PictureWatch:
    """Compares each image of a camera with the previous one.

    Every real sensor has noise: two consecutive images with identical bits are one image delivered twice.
    """

    def __init__(self) -> None:
        self._sample: NDArray[np.uint8] | None = None
        self._image: NDArray[np.uint8] | None = None

    def fault(self, image: NDArray[np.uint8]) -> str | None:
        """``black``, ``frozen``, or None for a good image.

        Args:
            image: uint8 [height, width, 3]; kept until the next call, so it must not be written to.
        """
        sample = _sampled(image)
        same = self._sample is not None and np.array_equal(sample, self._sample)
        if same and self._image is not None:
            # The sample can rule it out quickly; only all pixels can confirm it.
            same = np.array_equal(image, self._image)
        self._sample, self._image = sample, image
        if is_black(sample):
            return BLACK
        return FROZEN if same else None


def is_black(image: NDArray[np.uint8]) -> bool:
    """Whether the image, uint8 [height, width, 3], is dark all over and has no contrast."""
    mean, deviation = cv2.meanStdDev(image.reshape(-1, 1))
    return bool(mean[0, 0] < BLACK_MEAN and deviation[0, 0] < BLACK_DEVIATION)


def _sampled(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    return np.ascontiguousarray(image[:: max(height // SAMPLE_ROWS, 1), :: max(width // SAMPLE_COLUMNS, 1)])
