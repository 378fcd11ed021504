"""Is this camera still seeing? Tells frozen and black pictures from living ones, cheaply enough for every frame.

Whether a fault lasts long enough to call the camera lost is decided by its owner (``wakeful.sensors.v4l2``); this file
only looks at pixels. It is for live sensors: a still or dark recording is what it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.sensors.opencv import cv2

FROZEN = "frozen"
BLACK = "black"

BLACK_MEAN = 8.0
"""Grey level below which a picture may be black (capped lens, dead sensor). Ours: a night picture in which a face can
be made out has a higher mean or more contrast."""

BLACK_DEVIATION = 3.0
"""Standard deviation in grey levels below which a dark picture shows nothing but noise. Ours, as above."""

SAMPLE_ROWS = 60
SAMPLE_COLUMNS = 80


class PictureWatch:
    """Compares each picture of one camera with the one before it.

    Every real sensor has noise: two pictures in a row that are equal in every bit are one picture delivered twice.
    """

    def __init__(self) -> None:
        self._sample: NDArray[np.uint8] | None = None
        self._image: NDArray[np.uint8] | None = None

    def fault(self, image: NDArray[np.uint8]) -> str | None:
        """``black``, ``frozen`` or None for a living picture.

        Args:
            image: uint8 [height, width, 3]; kept until the next call, so it must not be written to.
        """
        sample = _sampled(image)
        same = self._sample is not None and np.array_equal(sample, self._sample)
        if same and self._image is not None:
            # The sample is a quick no; only a look at all pixels is a yes.
            same = np.array_equal(image, self._image)
        self._sample, self._image = sample, image
        if is_black(sample):
            return BLACK
        return FROZEN if same else None


def is_black(image: NDArray[np.uint8]) -> bool:
    """Whether the picture, uint8 [height, width, 3], is dark all over and without any contrast."""
    mean, deviation = cv2.meanStdDev(image.reshape(-1, 1))
    return bool(mean[0, 0] < BLACK_MEAN and deviation[0, 0] < BLACK_DEVIATION)


def _sampled(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    return np.ascontiguousarray(image[:: max(height // SAMPLE_ROWS, 1), :: max(width // SAMPLE_COLUMNS, 1)])
