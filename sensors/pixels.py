"""One kind of picture for all that follows: uint8 BGR, whatever the camera or the file had."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import SourceError
from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2

log = logging.getLogger("wakeful.pixels")

FULL_RANGE_BITS = 16
CONVERSIONS = {1: cv2.COLOR_GRAY2BGR, 4: cv2.COLOR_BGRA2BGR}


@dataclass(frozen=True, slots=True)
class GreyLayout:
    """How a grey format of the kernel lays out a line: so many pixels in a group of bytes, little-endian words if none.

    Attributes:
        bits: of a pixel.
        group_bytes, group_pixels: of packed formats, whose groups begin with the upper eight bits of each pixel.
    """

    bits: int
    group_bytes: int = 2
    group_pixels: int = 1

    def line_bytes(self, width: int) -> int:
        """The least that a line of so many pixels takes."""
        return -(-width // self.group_pixels) * self.group_bytes


GREY_LAYOUTS = {
    "GREY": GreyLayout(8, 1),
    "Y10": GreyLayout(10),
    "Y12": GreyLayout(12),
    "Y14": GreyLayout(14),
    "Y16": GreyLayout(16),
    "Y10P": GreyLayout(10, 5, 4),
    "Y12P": GreyLayout(12, 3, 2),
    "Y14P": GreyLayout(14, 7, 4),
}
"""By the letters of V4L2 (kernel documentation, "Luma-Only Formats")."""


class Depth:
    """How many low bits of the 16-bit pictures of a source are used: as the format says, else learned, and then said.

    Sensors of ten and twelve bits are often declared as 16 bits, and would look black. What was learned only rises, so
    that the brightness changes at most twice: where a first, dark picture had no value that told the full range.
    """

    def __init__(self, name: str, bits: int = FULL_RANGE_BITS) -> None:
        self._name = name
        self._said = bits
        self._bits = 0 if bits == FULL_RANGE_BITS else bits

    def of(self, image: NDArray[Any]) -> int:
        """For ``to_bgr8``."""
        if image.dtype != np.uint16 or self._said != FULL_RANGE_BITS or self._bits == FULL_RANGE_BITS:
            return self._said
        brightest = int(image.max(initial=0))
        if brightest == 0:
            return self._bits or FULL_RANGE_BITS
        bits = max(self._bits, 10 if brightest < 1 << 10 else 12 if brightest < 1 << 12 else FULL_RANGE_BITS)
        if bits != self._bits and bits != FULL_RANGE_BITS:
            log.warning("%s: 16-bit images with values below %d: read as %d bits", self._name, 1 << bits, bits)
        self._bits = bits
        return bits


def unpacked(data: memoryview, layout: GreyLayout, width: int, height: int, stride: int) -> NDArray[Any]:
    """The picture, [height, width], in a buffer of ``height`` lines of ``stride`` bytes; a view where that is possible.

    uint16 for words; uint8 for bytes and for packed formats, of whose pixels the upper eight bits are kept.
    """
    lines = np.frombuffer(data, np.uint8, stride * height).reshape(height, stride)[:, : layout.line_bytes(width)]
    if layout.group_pixels == 1:
        return lines.view("<u2") if layout.group_bytes == 2 else lines
    groups = lines.reshape(height, -1, layout.group_bytes)[:, :, : layout.group_pixels]
    return groups.reshape(height, -1)[:, :width]


def to_bgr8(image: NDArray[Any], *, bits: int = FULL_RANGE_BITS) -> NDArray[np.uint8]:
    """Bring a picture to uint8 [height, width, 3], blue-green-red, contiguous; not copied if it is so already.

    Args:
        image: grey [height, width] or [height, width, 1], BGR [height, width, 3], or BGRA [height, width, 4], whose
            alpha is left out; uint8 or uint16.
        bits: how many low bits of a uint16 picture are used, see ``Depth``. 16 (full range) keeps the upper byte.

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
    image = np.ascontiguousarray(image)
    if channels == 3:
        return image
    if channels in CONVERSIONS:
        return np.asarray(cv2.cvtColor(image, CONVERSIONS[channels]), dtype=np.uint8)
    raise SourceError(f"a picture of {channels} channels cannot be used: convert it to grey, BGR or BGRA")


def letters_of(pixel_format: str | None) -> str:
    """A pixel format as V4L2 writes it; ``Y8``, as many data sheets have it, is ``GREY``."""
    letters = (pixel_format or "").strip().upper()
    return "GREY" if letters == "Y8" else letters


def bits_of(pixel_format: str | None) -> int:
    """How many bits of a uint16 picture a pixel format uses; full range where the format does not say."""
    layout = GREY_LAYOUTS.get(letters_of(pixel_format))
    return layout.bits if layout and layout.bits > 8 else FULL_RANGE_BITS
