"""Lids drawn over open eyes, and the light and lenses behind which no lid can be read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.lids.layout import COLUMNS, EYE_PX, READABLE, ROWS
from wakeful.models.training.covers import Covers, lay_hand, lay_patch, lay_spectacles
from wakeful.models.training.light import noise
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
Levels = NDArray[np.uint8]

IRIS_PX = 0.2 * EYE_PX
"""Radius of the iris: 11.7 mm across, in an eye of 30 mm."""
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
    out *= _lashes(rng, now, inside, fade) * _shaded_lid(rng, brow, now, fade)
    fold = now * 0.35 + brow * 0.65
    out *= 1.0 - rng.uniform(0.0, 0.25) * np.exp(-(((_Y - fold) / 1.5) ** 2)) * fade
    return np.clip(out, 0, 255).astype(np.uint8), moved


def _lashes(rng: np.random.Generator, edge: Array, inside: Array, fade: Array) -> Array:
    """The factor [48, 64] by which lashes darken the crop: they hang from the lid's edge, thick or hardly seen.

    On shut lids in press photographs their line is often as high as a tenth of the eye's width, and shorter than it.
    """
    above, below = rng.uniform(0.7, 2.5), rng.uniform(0.8, 2.0) if rng.random() < 0.5 else rng.uniform(1.5, 5.0)
    depth = rng.uniform(0.1, 0.7) if rng.random() < 0.5 else rng.uniform(0.5, 0.95)
    along = np.cumsum(inside) / max(float(inside.sum()), 1.0)
    middle, reach = rng.uniform(0.35, 0.65), rng.uniform(0.3, 1.2)
    taper = np.exp(-(((along - middle) / reach) ** 4)).astype(np.float32)
    off = _Y - edge
    line = np.exp(-((off / np.where(off < 0.0, above, below * np.maximum(taper, 0.3))) ** 2))
    dark: Array = 1.0 - depth * line * fade * taper
    return dark


def _shaded_lid(rng: np.random.Generator, brow: Array, edge: Array, fade: Array) -> Array:
    """The factor [48, 64] by which the lid is darker or lighter than the skin around it: shadow, paint, a gleam."""
    if rng.random() < 0.6:
        return np.ones((1, 1))
    across = np.clip((_Y - brow) / np.maximum(edge - brow, 1.0), 0.0, 1.0) * (edge > _Y)
    shade: Array = 1.0 + rng.uniform(-0.45, 0.25) * np.sin(across * np.pi) ** 2 * fade
    return shade


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


def cover_eye(rng: np.random.Generator, grey: Levels, eye: EyeArea, covers: Covers) -> tuple[Levels, int | None, bool]:
    """A hand or a thing over the crop; gives the readability (None: neither) and whether the points still hold."""
    aim = np.array([COLUMNS, ROWS]) / 2.0 + rng.normal(0.0, 1.0, 2) * np.array([14.0, 12.0])
    lay = lay_hand if rng.random() < 0.6 else lay_patch
    out, cover = lay(rng, grey, covers, aim, EYE_PX * rng.uniform(2.0, 5.0))
    return out, *_judged(eye.hidden(cover), "covered")


def glaze_eye(rng: np.random.Generator, grey: Levels, eye: EyeArea, covers: Covers) -> tuple[Levels, int | None, bool]:
    """Spectacles before the eye: clear, dark or mirroring, some with a veil of light; gives what ``cover_eye`` does."""
    span = EYE_PX * rng.uniform(1.9, 2.3)
    middle = np.array([COLUMNS, ROWS]) / 2.0 + rng.normal(0.0, 1.5, 2)
    eyes = np.array([middle, middle + np.array([span, rng.normal(0.0, 3.0)])])
    kind = rng.random()
    dark = rng.uniform(0.2, 0.99) if kind < 0.35 else 0.0
    mirror = rng.uniform(0.1, 1.3) if kind > 0.45 or rng.random() < 0.3 else 0.0
    rim = 1.0 if rng.random() < 0.8 else 0.0
    veil = rng.uniform(0.2, 0.95) if mirror and rng.random() < 0.4 else 0.0
    before: Array = grey.astype(np.float32) * (1.0 - veil) + veil * rng.uniform(60, 190)
    veiled = before.astype(np.uint8)
    out, lens = lay_spectacles(rng, veiled, covers, eyes, dark=dark, reflection=mirror, rim=rim)
    out = np.where(np.maximum(lens, out != veiled) > 0.3, out, grey).astype(np.uint8)
    contrast = float(before[eye.whole].std()) * (1.0 - dark)
    if contrast < 5.0:
        return out, READABLE.index("reflection" if veil else "dark_lens"), False
    lit = out.astype(np.float32) - before * (1.0 - dark * lens)
    hidden = eye.hidden(np.abs(lit) > 1.5 * contrast)
    if contrast < 9.0 and hidden < 0.5:
        return out, None, True
    return out, *_judged(hidden, "reflection")


def _judged(hidden: float, reason: str) -> tuple[int | None, bool]:
    if hidden < 0.15:
        return CLEAR, True
    if hidden > 0.6:
        return READABLE.index(reason), False
    return None, hidden < 0.35


@dataclass(frozen=True, slots=True)
class EyeArea:
    """Where the eye lies in a crop, open or not: bool [48, 64].

    Attributes:
        whole: an ellipse about corners and lids.
        core: a disk as large as the iris, where it is. Who sees the rim of an eye alone cannot read it.
    """

    whole: Array
    core: Array

    @staticmethod
    def of(points: Array) -> EyeArea:
        """From points [21, 2] in crop pixels: contour and iris."""
        middle = points[:16].mean(axis=0)
        half = (float(np.ptp(points[:16, 0])) / 2.0, max(float(np.ptp(points[:16, 1])) / 2.0, 0.18 * EYE_PX))
        return EyeArea(_ellipse(middle, half), _ellipse(points[16], (IRIS_PX, IRIS_PX)))

    def hidden(self, cover: Array) -> float:
        """Share of the eye, or of its core if that is more, that ``cover`` [48, 64] takes."""
        return max(float(cover[self.whole].mean()), float(cover[self.core].mean()))


def _ellipse(middle: Array, half: tuple[float, float]) -> Array:
    area = np.zeros((ROWS, COLUMNS), np.uint8)
    cv2.ellipse(area, (middle.tolist(), (2 * half[0], 2 * half[1]), 0.0), 1, -1)
    found: Array = area > 0
    return found if found.any() else np.ones_like(found)
