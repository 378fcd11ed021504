"""Curves for the report's page: whole numbers in steps that the eye cannot tell apart, compressed.

A drive of many hours is put together into cells of some frames, each with its lowest and its highest value, so that no
blink and no peak gets lost. The page makes coarser levels of them itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass

UNKNOWN = 65535
MAX_CELLS = 160_000
"""One and a half hours frame by frame at 30 a second."""

STEPS = {
    "eye_open_left": (0.0, 0.005),
    "eye_open_right": (0.0, 0.005),
    "mouth_open": (0.0, 0.01),
    "perclos_60s": (0.0, 0.001),
    "perclos_180s": (0.0, 0.001),
    "perclos_coverage": (0.0, 0.01),
    "sleepiness": (0.0, 0.01),
    "sleepiness_coverage": (0.0, 0.01),
    "yaw_deg": (-180.0, 0.5),
    "pitch_deg": (-180.0, 0.5),
    "gaze_yaw_deg": (-180.0, 0.5),
    "gaze_pitch_deg": (-180.0, 0.5),
    "speed_kmh": (0.0, 0.5),
}
"""Lowest value and step of each curve that the page shows."""


MAX_STEP_MS = (1 << 32) - 1
"""A gap of fifty days; a hostile log may claim a longer one."""


@dataclass
class Columns:
    """Columns joined into one block of bytes.

    Attributes:
        index: by name: ``at`` (byte), ``count``, ``bytes`` of a number, ``low``, ``step``.
    """

    index: dict[str, dict[str, Any]] = field(default_factory=dict)
    _parts: list[bytes] = field(default_factory=list)
    _size: int = 0

    def add(self, name: str, values: NDArray[np.unsignedinteger[Any]], low: float = 0.0, step: float = 1.0) -> None:
        """Appends whole numbers, little-endian."""
        data = values.astype(values.dtype.newbyteorder("<")).tobytes()
        self.index[name] = {
            "at": self._size,
            "count": len(values),
            "bytes": values.dtype.itemsize,
            "low": low,
            "step": step,
        }
        self._parts.append(data)
        self._size += len(data)

    def compressed(self) -> bytes:
        """All of it in the zlib format."""
        return zlib.compress(b"".join(self._parts), 9)


def columns(t_s: NDArray[np.float64], curves: Mapping[str, NDArray[np.float32]]) -> Columns:
    """The curves of ``STEPS`` over their times, in at most ``MAX_CELLS`` cells.

    ``t`` is the time of each cell's first frame, in ms from the first of all, as the difference to the one before.
    Where cells hold one frame there is ``NAME``; else ``NAME`` is the lowest and ``NAME/high`` the highest.
    """
    group = max(1, -(-len(t_s) // MAX_CELLS))
    starts = np.arange(0, len(t_s), group)
    made = Columns()
    ms = np.round((t_s[starts] - (t_s[0] if len(t_s) else 0.0)) * 1000.0)
    made.add("t", np.diff(ms, prepend=0.0).clip(0, MAX_STEP_MS).astype(np.uint32))
    for name, (low, step) in STEPS.items():
        whole = quantised(curves[name], low, step)
        if group == 1:
            made.add(name, whole, low, step)
            continue
        # Unknown is the largest number: it loses against every known one, unless the whole cell is unknown.
        made.add(name, np.minimum.reduceat(whole, starts), low, step)
        known = np.where(whole == UNKNOWN, 0, whole)
        highest = np.maximum.reduceat(known, starts).astype(np.uint16)
        made.add(f"{name}/high", np.where(np.minimum.reduceat(whole, starts) == UNKNOWN, UNKNOWN, highest), low, step)
    return made


def quantised(values: NDArray[np.float32], low: float, step: float) -> NDArray[np.uint16]:
    """Steps above ``low``, uint16; what is not finite is ``UNKNOWN``, what exceeds the range its end."""
    steps = np.round((values.astype(np.float64) - low) / step)
    known = np.clip(np.nan_to_num(steps, nan=0.0, posinf=0.0, neginf=0.0), 0, UNKNOWN - 1)
    return np.where(np.isfinite(steps), known, UNKNOWN).astype(np.uint16)
