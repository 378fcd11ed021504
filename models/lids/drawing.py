"""Lids drawn over open eyes, and the light and lenses behind which no lid can be read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.models.lids.layout import COLUMNS, EYE_PX, READABLE, ROWS
from wakeful.models.training.covers import Covers, lay_hand, lay_patch, lay_spectacles
from wakeful.models.training.light import noise
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
Levels = NDArray[np.uint8]

CLEAR = READABLE.index("clear")
_Y = np.arange(ROWS, dtype=np.float32)[:, None]
_X = np.arange(COLUMNS, dtype=np.float32)
_COLUMNS_OF = np.repeat(_X[None], ROWS, axis=0)


def draw_lid(rng: np.random.Generator, grey: Levels, points: Array, share: float) -> tuple[Levels, Array]:
    """The upper lid drawn down to ``share`` of its opening, as skin pulled over the eye with a line of lashes.

    Args:
        grey: uint8 [48, 64], a level crop.
        points: [21, 2] in crop pixels: contour and iris.

    Returns:
        The crop and the points as they are then; the iris keeps its place.
    """
    lower, upper = points[1:8], points[9:16]
    moved = points.copy()
    rise = rng.uniform(0.0, 0.15) * (1.0 - share)
    moved[1:8] = lower + (upper - lower) * rise
    moved[9:16] = moved[1:8] + (upper - lower) * share
    across = np.r_[points[0, 0], (lower[:, 0] + upper[:, 0]) / 2.0, points[8, 0]]
    if np.any(np.diff(across) <= 0.0):
        return grey, points
    edges = [
        np.interp(_X, across, np.r_[points[0, 1], line[:, 1], points[8, 1]]).astype(np.float32)
        for line in (upper, moved[9:16])
    ]
    was, now = edges
    inside = ((across[0] < _X) & (across[-1] > _X)).astype(np.float32)
    fade = np.maximum(cv2.GaussianBlur(inside[None], (0, 0), 3.0)[0], inside * 0.5)
    brow = was - np.float32(rng.uniform(0.25, 0.45) * EYE_PX)
    skin = was - np.float32(0.05 * EYE_PX)
    reach = np.clip((_Y - brow) / np.maximum(now - brow, 1.0), 0.0, 1.0)
    source = np.where((now > _Y) & (brow <= _Y), brow + reach * (skin - brow), _Y)
    source = (_Y + (source - _Y) * fade).astype(np.float32)
    out = cv2.remap(grey, _COLUMNS_OF, source, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    thick, depth = rng.uniform(0.7, 2.6), rng.uniform(0.1, 0.7)
    out *= 1.0 - depth * np.exp(-(((_Y - now) / thick) ** 2)) * fade
    fold = now * 0.35 + brow * 0.65
    out *= 1.0 - rng.uniform(0.0, 0.25) * np.exp(-(((_Y - fold) / 1.5) ** 2)) * fade
    return np.clip(out, 0, 255).astype(np.uint8), moved


def unreadable_light(rng: np.random.Generator, grey: Levels) -> tuple[Levels, int]:
    """The crop in the dark, in glare or out of focus, so far that no lid can be read; and which of these."""
    kind = rng.choice(["dark", "glare", "blur"])
    levels: Array = grey.astype(np.float32)
    if kind == "dark":
        spread = max(float(levels.std()), 1.0)
        levels = (levels - levels.mean()) * (rng.uniform(0.2, 2.0) / spread) + rng.uniform(1, 15)
        levels = levels + noise(rng, levels.shape, rng.uniform(1.5, 6.0))
    elif kind == "glare":
        middle = np.array([COLUMNS, ROWS]) * rng.uniform(0.35, 0.65, 2)
        reach = rng.uniform(18, 60)
        spot = np.exp(-((_X - middle[0]) ** 2 + (_Y - middle[1]) ** 2) / (2 * reach**2))
        levels = levels * rng.uniform(0.5, 1.5) + spot * rng.uniform(330, 700)
    else:
        wide = rng.uniform(5.0, 9.0)
        narrow = wide * rng.uniform(0.7, 1.0)
        soft: Any = cv2.GaussianBlur(levels, (0, 0), wide, sigmaY=narrow)
        levels = soft + noise(rng, levels.shape, rng.uniform(0.5, 4))
    return np.clip(levels, 0, 255).astype(np.uint8), READABLE.index(str(kind))


def cover_eye(rng: np.random.Generator, grey: Levels, eye: Array, covers: Covers) -> tuple[Levels, int | None, bool]:
    """A hand or a thing over the crop; gives the readability (None: neither) and whether the points still hold.

    Args:
        eye: bool [48, 64], the area of the open eye.
    """
    aim = np.array([COLUMNS, ROWS]) / 2.0 + rng.normal(0.0, 1.0, 2) * np.array([14.0, 12.0])
    lay = lay_hand if rng.random() < 0.6 else lay_patch
    out, cover = lay(rng, grey, covers, aim, EYE_PX * rng.uniform(2.0, 5.0))
    return out, *_judged(float(cover[eye].mean()), "covered")


def glaze_eye(rng: np.random.Generator, grey: Levels, eye: Array, covers: Covers) -> tuple[Levels, int | None, bool]:
    """Spectacles before the eye: clear, dark or mirroring; gives what ``cover_eye`` does."""
    span = EYE_PX * rng.uniform(1.9, 2.3)
    middle = np.array([COLUMNS, ROWS]) / 2.0 + rng.normal(0.0, 1.5, 2)
    eyes = np.array([middle, middle + np.array([span, rng.normal(0.0, 3.0)])])
    kind = rng.random()
    dark = rng.uniform(0.2, 0.99) if kind < 0.35 else 0.0
    mirror = rng.uniform(0.1, 1.3) if kind > 0.45 or rng.random() < 0.3 else 0.0
    rim = 1.0 if rng.random() < 0.8 else 0.0
    before = grey.astype(np.float32)
    out, lens = lay_spectacles(rng, grey, covers, eyes, dark=dark, reflection=mirror, rim=rim)
    contrast = float(before[eye].std()) * (1.0 - dark)
    if contrast < 2.0:
        return out, READABLE.index("dark_lens"), False
    lit = out.astype(np.float32) - before * (1.0 - dark * lens)
    hidden = float((np.abs(lit[eye]) > 2.5 * contrast).mean())
    if contrast < 5.0 and hidden < 0.5:
        return out, None, True
    return out, *_judged(hidden, "reflection")


def _judged(hidden: float, reason: str) -> tuple[int | None, bool]:
    if hidden < 0.15:
        return CLEAR, True
    if hidden > 0.75:
        return READABLE.index(reason), False
    return None, hidden < 0.4


def eye_area(points: Array) -> Array:
    """bool [48, 64], where the eye lies: an ellipse about its corners and lids, open or not."""
    area = np.zeros((ROWS, COLUMNS), np.uint8)
    middle = points[:16].mean(axis=0)
    half = (float(np.ptp(points[:16, 0])) / 2.0, max(float(np.ptp(points[:16, 1])) / 2.0, 0.18 * EYE_PX))
    cv2.ellipse(area, (middle.tolist(), (2 * half[0], 2 * half[1]), 0.0), 1, -1)
    found: Array = area > 0
    return found if found.any() else np.ones_like(found)
