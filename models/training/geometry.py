"""Level square or rectangular crops of a picture, as similarity maps between picture and crop pixels.

The middle of the first pixel is (0, 0) in pictures; crops follow ``device.perception.region``: the crop's coordinate
``side / 2`` is the region's centre.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Crop:
    """A rectangle of the picture, ``width_px`` wide, that a network sees as ``columns`` x ``rows`` pixels.

    Attributes:
        x_px, y_px: its centre in the picture.
        width_px: its width in the picture.
        angle_rad: how far it is turned, clockwise in the picture (y down).
        mirrored: flipped from left to right after that.
        stretch: its height over what its width says, 1 for none.
    """

    x_px: float
    y_px: float
    width_px: float
    angle_rad: float = 0.0
    mirrored: bool = False
    stretch: float = 1.0
    columns: int = 112
    rows: int = 112

    @property
    def scale(self) -> float:
        """Crop pixels per picture pixel, along the width."""
        return self.columns / self.width_px

    def matrix(self) -> Array:
        """float64 [2, 3], picture pixels to crop pixels."""
        cos, sin = math.cos(self.angle_rad) * self.scale, math.sin(self.angle_rad) * self.scale
        turn = np.array([[cos, sin], [-sin, cos]])
        turn[1] /= self.stretch
        if self.mirrored:
            turn[0] = -turn[0]
        middle = np.array([self.columns / 2.0, self.rows / 2.0])
        return np.hstack([turn, (middle - turn @ np.array([self.x_px, self.y_px]))[:, None]])

    def points(self, points: Array) -> Array:
        """Picture points [..., 2 or 3] in crop pixels; depth is scaled with the width."""
        matrix = self.matrix()
        moved = np.empty(points.shape, np.float64)
        moved[..., :2] = points[..., :2] @ matrix[:, :2].T + matrix[:, 2]
        moved[..., 2:] = points[..., 2:] * self.scale
        return moved

    def back(self, points: Array) -> Array:
        """Crop points [..., 2 or 3] in picture pixels."""
        matrix = self.matrix()
        moved = np.empty(points.shape, np.float64)
        moved[..., :2] = (points[..., :2] - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
        moved[..., 2:] = points[..., 2:] / self.scale
        return moved

    def moved(self, along: float, down: float, scale: float = 1.0, angle_rad: float = 0.0) -> Crop:
        """The crop shifted by shares of its width in the picture's axes, enlarged and turned."""
        return replace(
            self,
            x_px=self.x_px + along * self.width_px,
            y_px=self.y_px + down * self.width_px,
            width_px=self.width_px * scale,
            angle_rad=self.angle_rad + angle_rad,
        )


def cut(picture: NDArray[np.uint8], crop: Crop, border: int = cv2.BORDER_CONSTANT) -> NDArray[np.uint8]:
    """The pixels of a crop, uint8 [rows, columns] of a grey picture; ``border`` says what lies beyond its edge."""
    size = (crop.columns, crop.rows)
    pixels: Any = cv2.warpAffine(picture, crop.matrix(), size, flags=cv2.INTER_LINEAR, borderMode=border)
    out: NDArray[np.uint8] = pixels
    return out


def cut_over(picture: NDArray[np.uint8], crop: Crop, under: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """As ``cut``; beyond the picture's edge ``under`` is left, which is overwritten."""
    size = (crop.columns, crop.rows)
    pixels: Any = cv2.warpAffine(picture, crop.matrix(), size, under, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    out: NDArray[np.uint8] = pixels
    return out


def level_square(points: Array, right: Array, left: Array) -> tuple[float, float, float, float]:
    """Centre x, y, side and angle of the smallest square along the line ``right`` to ``left`` that holds all points.

    Args:
        points: [N, >=2], picture pixels.
        right, left: [>=2], ends of the line that lies level in the square.
    """
    angle = math.atan2(float(left[1] - right[1]), float(left[0] - right[0]))
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    level = points[:, :2] @ turn
    low, high = level.min(axis=0), level.max(axis=0)
    x_px, y_px = turn @ ((low + high) / 2.0)
    return float(x_px), float(y_px), float((high - low).max()), angle
