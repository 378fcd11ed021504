"""Grey pictures as the bytes of the kernel's formats, packed bit by bit as its documentation draws them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKED = {"Y10P": (10, 4), "Y12P": (12, 2), "Y14P": (14, 4)}
"""Bits of a pixel, and pixels of a group."""


def grey_bytes(letters: str, values: NDArray[Any], padding: int = 0) -> bytes:
    """The picture ``values`` [height, width], with so many bytes of padding at the end of each line."""
    lines = (_line(letters, [int(value) for value in line]) for line in values)
    return b"".join(line + b"\xee" * padding for line in lines)


def _line(letters: str, pixels: list[int]) -> bytes:
    if letters == "GREY":
        return bytes(pixels)
    if letters not in PACKED:
        return np.array(pixels, "<u2").tobytes()
    bits, group = PACKED[letters]
    low = bits - 8
    out = b""
    for begin in range(0, len(pixels), group):
        part = (pixels[begin : begin + group] + [0] * group)[:group]
        # The lowest bits of all, the first pixel's in the lowest place, follow the upper eight of each.
        rest = sum((value & ((1 << low) - 1)) << (low * place) for place, value in enumerate(part))
        out += bytes(value >> low for value in part) + rest.to_bytes(low * group // 8, "little")
    return out


def packed_ten(values: NDArray[np.uint16]) -> bytes:
    """Y10P, for whole films: the width is a multiple of four."""
    groups = values.reshape(-1, 4)
    low = (groups & 3) << np.array([0, 2, 4, 6], np.uint16)
    return np.column_stack([groups >> 2, low.sum(axis=1)]).astype(np.uint8).tobytes()
