"""A square, rotated piece of the picture: what a network looks at, and the way back to picture coordinates."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2

Picture = NDArray[np.uint8]


# In the dark both landmark readers take closed eyes for half open ones; as bright as this they do not (rendered driver
# at 0.05 to 1 of normal light). More gain than this raises the noise so far that faces are lost.
USUAL_GREY = 100.0
MAX_GAIN = 3.0


@dataclass(frozen=True, slots=True)
class Region:
    """A square of ``size_px`` around a centre, turned by ``angle_rad`` (clockwise in the picture, y down).

    ``mirrored`` flips the crop from left to right, for networks trained on one side of the face.
    """

    x_px: float
    y_px: float
    size_px: float
    angle_rad: float = 0.0
    mirrored: bool = False

    def crop(
        self, image: Picture, side: int, low: float, high: float, *, brighten: bool = False
    ) -> NDArray[np.float32]:
        """The region as a network takes it.

        Args:
            image: uint8 [H, W, 3] blue-green-red.
            side: width and height of the result.
            low, high: what 0 and 255 become.
            brighten: raise a dark region to a usual exposure, as far as its noise allows.

        Returns:
            float32 [1, side, side, 3], red-green-blue; parts outside the picture are black.
        """
        rgb = self.pixels(image, side, brighten=brighten)
        tensor = np.multiply(rgb, np.float32((high - low) / 255.0), dtype=np.float32)
        if low:
            tensor += np.float32(low)
        return tensor[np.newaxis]

    def pixels(self, image: Picture, side: int, *, brighten: bool = False) -> Picture:
        """As ``crop``, as uint8 [side, side, 3] red-green-blue."""
        to_crop = cv2.invertAffineTransform(self._to_picture(side))
        pixels = cv2.warpAffine(image, to_crop, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        if brighten:
            pixels = brightened(pixels.astype(np.uint8, copy=False))
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)

    def to_picture(self, points: NDArray[np.float32], side: int) -> NDArray[np.float32]:
        """Points [N, 2 or 3] from the pixels of a ``side`` wide crop to picture pixels; depth keeps its proportion."""
        matrix = self._to_picture(side)
        moved = points.astype(np.float32, copy=True)
        moved[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        moved[:, 2:] *= self.size_px / side
        return moved

    def _to_picture(self, side: int) -> NDArray[np.float32]:
        """The affine map [2, 3] from crop pixels to picture pixels."""
        scale = self.size_px / side
        cos, sin = math.cos(self.angle_rad) * scale, math.sin(self.angle_rad) * scale
        flip = -1.0 if self.mirrored else 1.0
        middle = side / 2.0
        return np.array(
            [
                [cos * flip, -sin, self.x_px - cos * flip * middle + sin * middle],
                [sin * flip, cos, self.y_px - sin * flip * middle - cos * middle],
            ],
            dtype=np.float32,
        )


def brightened(pixels: Picture) -> Picture:
    """As ``pixels``, but with a mean of ``USUAL_GREY`` as far as ``MAX_GAIN`` takes a darker one there."""
    mean = sum(cv2.mean(pixels)[:3]) / 3.0
    if mean >= USUAL_GREY:
        return pixels
    return cv2.convertScaleAbs(pixels, alpha=min(MAX_GAIN, USUAL_GREY / max(mean, 1.0))).astype(np.uint8, copy=False)


def around(
    points: NDArray[np.float32],
    right: NDArray[np.float32],
    left: NDArray[np.float32],
    scale: float,
    mirrored: bool = False,
) -> Region:
    """The square that holds all points and lies along the line from ``right`` to ``left``, enlarged by ``scale``.

    Args:
        points: float32 [N, >=2] in picture pixels.
        right, left: float32 [>=2]; the two ends of the line that shall lie level (right: nearer the left picture edge).
    """
    angle = math.atan2(float(left[1] - right[1]), float(left[0] - right[0]))
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]], dtype=np.float32)
    # One row for each axis: extremes along rows take a fifth of the time of those down columns.
    level = turn @ points[:, :2].T
    (x_low, y_low), (x_high, y_high) = level.min(axis=1).tolist(), level.max(axis=1).tolist()
    x, y = (x_low + x_high) / 2.0, (y_low + y_high) / 2.0
    size = max(x_high - x_low, y_high - y_low)
    return Region(cos * x - sin * y, sin * x + cos * y, size * scale, angle, mirrored)


def whole(image: Picture, quarter: int = 0) -> Region:
    """The smallest square that holds the whole picture, turned clockwise by ``quarter`` times 90 degrees."""
    height, width = image.shape[:2]
    return Region(width / 2.0, height / 2.0, float(max(width, height)), quarter * math.pi / 2.0)
