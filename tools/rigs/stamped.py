"""Images that carry the time at which they were taken, so that whoever gets them knows how old they are."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

BITS = 32
ROWS = 1 / 30


def stamp(image: np.ndarray[Any, Any]) -> None:
    """Writes the time into the uppermost rows of ``image`` as black and white cells, which coding spares."""
    height, width = image.shape[:2]
    now_ms = round(time.monotonic() * 1e3) % 2**BITS
    for bit in range(BITS):
        image[: round(height * ROWS), width * bit // BITS : width * (bit + 1) // BITS] = 255 if now_ms >> bit & 1 else 0


def age_s(image: np.ndarray[Any, Any]) -> float:
    """How long ago ``image`` was stamped."""
    height, width = image.shape[:2]
    now_ms: int = round(time.monotonic() * 1e3) % 2**BITS
    then_ms = 0
    row = round(height * ROWS / 2)
    for bit in range(BITS):
        middle = round(width * (bit + 0.5) / BITS)
        then_ms |= int(image[row - 1 : row + 1, middle - 1 : middle + 1].mean() > 128) << bit
    return (now_ms - then_ms) / 1e3


def stamped(size: tuple[int, int] = (640, 480)) -> np.ndarray[Any, Any]:
    """A grey image of this width and height with the present time."""
    ramp = np.linspace(60, 180, size[0], dtype=np.uint8)
    image = np.repeat(np.tile(ramp, (size[1], 1))[:, :, None], 3, axis=2)
    stamp(image)
    return image
