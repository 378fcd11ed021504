"""How a camera is mounted, as numbers: what ``wakeful.sensors.mounted`` does to each picture.

A camera may be fixed on its side or upside down, may look into a mirror, or may see more than the seat; one field of
an analogue camera has half of the lines.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

ROTATIONS = (0, 90, 180, 270)
WHOLE = (0.0, 0.0, 1.0, 1.0)
ASPECTS = (0.2, 5.0)
"""Width over height of a picture: beyond these no camera is known, so the number is a mistake."""
LEAST_CROP = 0.05
"""Share of the width and of the height; a smaller part holds no readable face."""
SAME_ASPECT = 0.01
"""A picture that differs from the wanted aspect by less than this share is left as it is."""

Crop = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Cut:
    """The whole picture that a part was cut from: a lens is centred on that one, and as long as its field of view says.

    Attributes:
        left_px, top_px: of the part in the whole picture.
        width_px, height_px: size of the whole picture.
    """

    left_px: int
    top_px: int
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Mounting:
    """What is done to each picture, in this order.

    Attributes:
        aspect: width over height that the source's whole picture should have; it is stretched to it. None: as it is.
        rotate: degrees by which it is turned clockwise: 0, 90, 180, 270.
        mirror: left and right are exchanged.
        crop: the part that is kept of the picture so far: left, top, right, bottom, 0 to 1.

    Raises:
        ConfigError: a value that is none of these.
    """

    rotate: int = 0
    mirror: bool = False
    crop: Crop | None = None
    aspect: float | None = None

    def __post_init__(self) -> None:
        if self.rotate not in ROTATIONS:
            raise ConfigError(f"a picture is rotated by 0, 90, 180 or 270 degrees clockwise, not {self.rotate}")
        for name, value, check in (("crop", self.crop, as_crop), ("aspect", self.aspect, as_aspect)):
            try:
                _ = value is None or check(value)
            except ConfigError as error:
                raise ConfigError(f"{name} = {value}: it {error}") from None

    @property
    def changes(self) -> bool:
        """Whether it does anything."""
        return bool(self.rotate) or self.mirror or self.crop not in (None, WHOLE) or self.aspect is not None

    def turned(self, degrees: int) -> Mounting:
        """As this one, for pictures that have to be turned clockwise by so many degrees more."""
        # A mirrored picture was turned before it was mirrored, so the other way.
        more = -degrees if self.mirror else degrees
        return replace(self, rotate=(self.rotate + more) % 360)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height that a picture of this size gets."""
        x0, y0, x1, y1 = self.part(width, height)
        wide, high = self.stretched(width, height, x1 - x0, y1 - y0)
        return (high, wide) if self.rotate in (90, 270) else (wide, high)

    def cut(self, width: int, height: int) -> Cut | None:
        """Where what is kept of a picture of this size lies in the corrected whole one; None if all of it is kept."""
        if self.crop in (None, WHOLE):
            return None
        wide, high = replace(self, crop=None).size(width, height)
        left, top = (self.crop or WHOLE)[:2]
        return Cut(round(left * wide), round(top * high), wide, high)

    def part(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The crop in pixels of the picture as it comes: cut first, so that only what is kept is moved."""
        x0, y0, x1, y1 = self.crop or WHOLE
        if self.mirror:
            x0, x1 = 1.0 - x1, 1.0 - x0
        for _ in range(self.rotate // 90):
            # One turn back: what is at (x, y) of a picture turned clockwise was at (y, 1 - x).
            x0, y0, x1, y1 = y0, 1.0 - x1, y1, 1.0 - x0
        left, top = min(round(x0 * width), width - 1), min(round(y0 * height), height - 1)
        return left, top, max(round(x1 * width), left + 1), max(round(y1 * height), top + 1)

    def stretched(self, width: int, height: int, part_width: int, part_height: int) -> tuple[int, int]:
        """The size of a part once the whole has the wanted aspect. Only ever larger: nothing seen is lost."""
        more = self.aspect * height / width if self.aspect is not None else 1.0
        if abs(more - 1.0) < SAME_ASPECT:
            return part_width, part_height
        return (round(part_width * more), part_height) if more > 1.0 else (part_width, round(part_height / more))


def as_crop(given: Any) -> Crop:
    """Four numbers of a list, or of a text as in ``0.5,0,1,1``.

    Raises:
        ConfigError: they are not the left, top, right and bottom edge of a part of the picture.
    """
    try:
        x0, y0, x1, y1 = (float(one) for one in (given.split(",") if isinstance(given, str) else given))
    except (TypeError, ValueError):
        x0 = y0 = x1 = y1 = math.nan
    if not (0.0 <= x0 <= x1 - LEAST_CROP <= 1.0 - LEAST_CROP and 0.0 <= y0 <= y1 - LEAST_CROP <= 1.0 - LEAST_CROP):
        raise ConfigError(
            "should be left, top, right and bottom edge of a part, as shares of the picture from 0 to 1, as in "
            "0.5,0,1,1 for its right half"
        )
    return x0, y0, x1, y1


def as_aspect(given: Any) -> float:
    """A number, or a text as in ``4:3``.

    Raises:
        ConfigError: it is no width over height of a picture.
    """
    try:
        wide, _, high = given.partition(":") if isinstance(given, str) else (given, "", "")
        aspect = float(wide) / float(high or 1.0)
    except (TypeError, ValueError, ZeroDivisionError):
        aspect = math.nan
    if isinstance(given, bool) or not ASPECTS[0] <= aspect <= ASPECTS[1]:
        raise ConfigError("should be the width over the height of the whole picture, as in 4:3, 16:9 or 1.33")
    return aspect
