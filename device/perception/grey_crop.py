"""Crops as the networks of this project take them: grey, level, at their own scale, with mean 0 and deviation 1.

The part of a frame that holds a face is turned to grey once, and each network's crop is then one warp of it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.region import Region
from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2

Grey = NDArray[np.uint8]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a crop lies in the picture: crop x = a x + b y + c, crop y = d x + e y + f; a similarity, flipped or not.

    Plain numbers, not a matrix: for so few of them numpy takes ten times as long.

    Attributes:
        x, y: a, b, c and d, e, f; picture pixels to crop pixels.
        scale: crop pixels per picture pixel.
        columns, rows: of the crop.
    """

    x: tuple[float, float, float]
    y: tuple[float, float, float]
    scale: float
    columns: int
    rows: int

    @staticmethod
    def of(
        x_px: float, y_px: float, scale: float, angle_rad: float, columns: int, rows: int, mirrored: bool = False
    ) -> Placed:
        """A crop whose middle is at ``x_px``, ``y_px``, turned clockwise by ``angle_rad`` and then flipped or not."""
        cos, sin = math.cos(angle_rad) * scale, math.sin(angle_rad) * scale
        a, b = (-cos, -sin) if mirrored else (cos, sin)
        return Placed(
            (a, b, columns / 2.0 - a * x_px - b * y_px),
            (-sin, cos, rows / 2.0 + sin * x_px - cos * y_px),
            scale,
            columns,
            rows,
        )

    @property
    def matrix(self) -> NDArray[np.float64]:
        """float64 [2, 3], picture pixels to crop pixels."""
        return np.array((self.x, self.y))

    @property
    def middle_px(self) -> tuple[float, float]:
        """The crop's middle in the picture."""
        (a, b, c), (d, e, f), less = self.x, self.y, self.scale**-2
        right, down = self.columns / 2.0 - c, self.rows / 2.0 - f
        # The inverse of a similarity is its transpose over the square of its scale.
        return (a * right + d * down) * less, (b * right + e * down) * less

    @property
    def square(self) -> Region:
        """The crop in the picture; of one that is not square, the square around it."""
        (d, e, _), (x_px, y_px) = self.y, self.middle_px
        return Region(x_px, y_px, max(self.columns, self.rows) / self.scale, math.atan2(-d, e))

    def finer(self, by: int) -> Placed:
        """The same crop with ``by`` times as many pixels across; pixels are counted from their middles."""
        half = (by - 1) / 2.0
        (a, b, c), (d, e, f) = self.x, self.y
        x, y = (a * by, b * by, c * by + half), (d * by, e * by, f * by + half)
        return Placed(x, y, self.scale * by, self.columns * by, self.rows * by)

    def to_picture(self, points: Points, unit_px: float) -> Points:
        """Points [N, 2], or [N, 3] with depth, in picture pixels.

        Args:
            points: about the crop's middle, in units of ``unit_px`` crop pixels.
        """
        (a, b, _), (d, e, _), out = self.x, self.y, unit_px * self.scale**-2
        x, y = (a * out, d * out), (b * out, e * out)
        shift: tuple[float, ...] = self.middle_px
        if points.shape[1] == 2:
            placed: Points = points @ np.array((x, y), np.float32).T
        else:
            depth = (0.0, 0.0, unit_px / self.scale)
            placed = points @ np.array(((*x, 0.0), (*y, 0.0), depth), np.float32).T
            shift = (*shift, 0.0)
        placed += np.array(shift, np.float32)
        return placed


@dataclass(frozen=True, slots=True)
class GreyPart:
    """The part of a frame in which a face lies, in grey levels.

    Attributes:
        pixels: uint8 [height, width].
        x_px, y_px: of its first pixel in the picture.
    """

    pixels: Grey
    x_px: int
    y_px: int

    @staticmethod
    def around(image: NDArray[np.uint8], square: Region) -> GreyPart:
        """The upright rectangle that holds ``square``, as far as it lies in the blue-green-red ``image``."""
        rows, columns = _around(square, *image.shape[:2])
        grey = cv2.cvtColor(image[rows, columns], cv2.COLOR_BGR2GRAY)
        return GreyPart(grey, columns.start, rows.start)  # type: ignore[arg-type]

    @staticmethod
    def within(grey: Grey, square: Region) -> GreyPart:
        """The same of a picture in grey levels, without a copy."""
        rows, columns = _around(square, *grey.shape[:2])
        return GreyPart(grey[rows, columns], columns.start, rows.start)

    def cut(self, place: Placed, border: int) -> Grey:
        """The pixels of a crop; ``border`` says what lies beyond the part."""
        (a, b, c), (d, e, f) = place.x, place.y
        pixels, shrink = self.pixels, int(1.0 / place.scale)
        x, y = float(self.x_px), float(self.y_px)
        if shrink > 1:
            # Sampling every second pixel or fewer would turn noise and lashes into speckles.
            pixels = shrunk(pixels, shrink)
            a, b, d, e = a * shrink, b * shrink, d * shrink, e * shrink
            x, y = (x + (shrink - 1) / 2.0) / shrink, (y + (shrink - 1) / 2.0) / shrink
        matrix = np.array(((a, b, c + a * x + b * y), (d, e, f + d * x + e * y)))
        cut: Grey = cv2.warpAffine(  # type: ignore[assignment]
            pixels, matrix, (place.columns, place.rows), flags=cv2.INTER_LINEAR, borderMode=border
        )
        return cut


def shrunk(pixels: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    """Means of ``by`` x ``by`` pixels; what is left over at the right and the lower edge is dropped."""
    height, width = (max(length // by, 1) for length in pixels.shape[:2])
    whole = pixels[: height * by, : width * by]
    return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def standardise(grey: Grey, least: float, into: Points) -> None:
    """Writes the grey levels with mean 0 and deviation 1 to float32 [rows, columns].

    Args:
        least: grey levels; a crop with a smaller deviation is not stretched any further.
    """
    mean, spread = cv2.meanStdDev(grey)
    into[:] = grey
    into -= np.float32(mean.item(0))
    into *= np.float32(1.0 / max(spread.item(0), least))


def standardised(grey: Grey, least: float) -> Points:
    """As ``standardise``, in a new array [1, rows, columns]."""
    levels = np.empty((1, *grey.shape), np.float32)
    standardise(grey, least, levels[0])
    return levels


def _around(square: Region, height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns of the upright rectangle that holds ``square``, as far as it lies in a picture of that size."""
    reach = square.size_px / 2.0 * (abs(math.cos(square.angle_rad)) + abs(math.sin(square.angle_rad))) + 1.0
    rows = _bounded(square.y_px - reach, square.y_px + reach, height)
    return rows, _bounded(square.x_px - reach, square.x_px + reach, width)


def _bounded(low: float, high: float, length: int) -> slice:
    """Whole numbers around ``low`` to ``high`` within 0 to ``length``, at least one apart."""
    start = min(max(math.floor(low), 0), length - 1)
    return slice(start, max(min(math.ceil(high), length), start + 1))
