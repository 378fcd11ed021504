"""What each picture is, in a few numbers, and small enough to be compared with all others."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.dataset.items import Picture, PictureSet
from wakeful.sensors.opencv import cv2

SMALL_PX = 48
"""Side of the small pictures by which near copies are found; faces of FER2013 are compared as they are."""
MEASURED_PX = 256
"""Light and sharpness are measured with the longer side at most this."""
DARK, BRIGHT = 16, 240
"""Levels below and above which little is to be seen."""
FIGURES = ("width", "height", "colour", "light", "contrast", "dark", "bright", "sharpness", "margin")
EVEN = 2.0
"""Deviation in levels up to which an edge of a picture is one even colour, as of a frame or padding."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of N pictures; those that could not be decoded are not ``readable``, and their figures are NaN.

    Attributes:
        readable: bool [N].
        digest: uint64 [N, 2], of the pixels, whatever the file's format: equal for exact copies.
        small: uint8 [N, 48, 48], grey, squeezed.
        figures: float32 [N] each: ``width`` and ``height`` in pixels, ``colour`` 0 or 1, mean ``light`` and its
            deviation ``contrast`` in levels of 0 to 255, shares of ``dark`` and ``bright`` pixels, ``sharpness``, the
            deviation of what a blur of 1.2 pixels takes away over the contrast, and ``margin``, the share of its four
            edges that are even.
    """

    readable: NDArray[np.bool_]
    digest: NDArray[np.uint64]
    small: NDArray[np.uint8]
    figures: dict[str, NDArray[np.float32]]

    def __len__(self) -> int:
        return len(self.readable)


def measure(pictures: PictureSet, stepped: Callable[[int], None] = lambda done: None) -> Measured:
    """Decodes every picture once; ``stepped`` is called with how many are done."""
    count = len(pictures.items)
    found = Measured(
        np.zeros(count, bool),
        np.zeros((count, 2), np.uint64),
        np.zeros((count, SMALL_PX, SMALL_PX), np.uint8),
        {name: np.full(count, np.nan, np.float32) for name in FIGURES},
    )
    for index in range(count):
        picture = pictures.picture(index)
        if picture is not None and picture.size:
            _take(found, index, picture)
        stepped(index + 1)
    return found


def grey_of(picture: Picture) -> Picture:
    """Grey levels [height, width]."""
    if picture.ndim == 2:
        return picture
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


def _take(found: Measured, index: int, picture: Picture) -> None:
    picture = np.ascontiguousarray(picture)
    if picture.ndim == 3 and (picture == picture[..., :1]).all():
        picture = np.ascontiguousarray(picture[..., 0])
    hashed = blake2b(repr(picture.shape).encode(), digest_size=16)
    hashed.update(picture.data)
    found.digest[index] = np.frombuffer(hashed.digest(), np.uint64)
    grey = grey_of(picture)
    found.small[index] = cv2.resize(grey, (SMALL_PX, SMALL_PX), interpolation=cv2.INTER_AREA)
    height, width = grey.shape
    scale = MEASURED_PX / max(height, width)
    if scale < 1.0:
        to = (max(1, round(width * scale)), max(1, round(height * scale)))
        grey = np.asarray(cv2.resize(grey, to, interpolation=cv2.INTER_AREA), np.uint8)
    levels = grey.astype(np.float32)
    contrast = float(levels.std())
    fine = float((levels - cv2.GaussianBlur(levels, (0, 0), 1.2)).std())
    taken = {
        "width": width,
        "height": height,
        "colour": picture.ndim == 3,
        "light": levels.mean(),
        "contrast": contrast,
        "dark": (grey < DARK).mean(),
        "bright": (grey > BRIGHT).mean(),
        "sharpness": fine / max(contrast, 1.0),
        "margin": np.mean([edge.std() <= EVEN for edge in (levels[0], levels[-1], levels[:, 0], levels[:, -1])]),
    }
    for name, value in taken.items():
        found.figures[name][index] = value
    found.readable[index] = True
