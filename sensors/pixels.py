"""One kind of picture for all that follows: uint8 BGR, whatever the camera or the file had."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import SourceError
from wakeful.sensors.opencv import cv2

FULL_RANGE_BITS = 16

BITS_OF_FORMAT = {"Y10": 10, "Y12": 12, "Y14": 14, "Y16": 16}
"""V4L2's names of grey formats whose values fill only the low bits of a 16-bit word."""


def to_bgr8(image: NDArray[Any], *, bits: int = FULL_RANGE_BITS) -> NDArray[np.uint8]:
    """Bring a picture to uint8 [height, width, 3], blue-green-red, contiguous; not copied if it is so already.

    Args:
        image: grey [height, width] or [height, width, 1], BGR [height, width, 3], or BGRA [height, width, 4], whose
            alpha is left out; uint8 or uint16.
        bits: how many low bits of a uint16 picture are used. 16 (full range) keeps the upper byte. A 10- or 12-bit
            sensor that fills only the low bits needs its number here: guessing it from the brightest pixel would
            change the brightness from frame to frame.

    Raises:
        SourceError: an empty picture, another number of channels, or another type of number.
    """
    if image.ndim not in (2, 3) or image.size == 0:
        raise SourceError(f"a picture of shape {list(image.shape)} is empty or not a picture: check the source")
    if image.dtype == np.uint16:
        image = np.minimum(image >> (bits - 8), 255).astype(np.uint8)
    if image.dtype != np.uint8:
        raise SourceError(f"a picture of {image.dtype} numbers cannot be used: convert it to 8 or 16 bit")
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 3:
        return np.ascontiguousarray(image)
    if channels == 1:
        return np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)
    if channels == 4:
        return np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_BGRA2BGR), dtype=np.uint8)
    raise SourceError(f"a picture of {channels} channels cannot be used: convert it to grey, BGR or BGRA")


def bits_of(pixel_format: str | None) -> int:
    """How many bits of a uint16 picture a pixel format uses; full range where the format does not say."""
    return BITS_OF_FORMAT.get((pixel_format or "").strip().upper(), FULL_RANGE_BITS)
