"""Varied crops of mouths with their lip points, as the monitor cuts them after the face network."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.face.build import PICTURES, Targets
from wakeful.models.face.points import LEFT_OUTER, MASK, RIGHT_OUTER
from wakeful.models.mouth.layout import COLUMNS, LIPS, ROWS, SPAN_PX
from wakeful.models.training.covers import Covers, lay_hand, lay_mask, lay_patch
from wakeful.models.training.geometry import Crop, cut
from wakeful.models.training.light import Light, standardise, varied
from wakeful.models.training.pictures import Pictures
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
MIDDLE = np.array([COLUMNS / 2.0, ROWS / 2.0])
CENTRE = [61, 291, 0, 17, 13, 14]
"""The crop's middle is the mean of these mesh points."""
UPPER, LOWER, CORNERS = [82, 13, 312], [87, 14, 317], (78, 308)
MASKED = "mask"


@dataclass(frozen=True, slots=True)
class Sample:
    """One crop.

    Attributes:
        crop: float32 [56, 64], standardised.
        points: float32 [40, 2], outer eye corner distances about the crop's middle.
        opening: NaN where the lips cannot be seen.
        covered: 1 something hides the mouth, 0 nothing does, NaN between.
    """

    crop: NDArray[np.float32]
    points: NDArray[np.float32]
    opening: float
    covered: float


def opening_of(mesh: Array) -> Array:
    """Inner lip gap over the inner lips' width, in depth too, of meshes [..., 478, 3] (the monitor's measure)."""
    width = np.linalg.norm(mesh[..., CORNERS[1], :] - mesh[..., CORNERS[0], :], axis=-1)
    gap = np.linalg.norm(mesh[..., LOWER, :] - mesh[..., UPPER, :], axis=-1).mean(axis=-1)
    opening: Array = gap / np.maximum(width, 1e-6)
    return opening


def mouth_crop(mesh: Array) -> Crop:
    """The crop of a mouth from a mesh [478, 3] in picture pixels: level with the eyes, scaled by their distance."""
    span = max(float(np.linalg.norm(mesh[LEFT_OUTER] - mesh[RIGHT_OUTER])), 1.0)
    along = mesh[LEFT_OUTER] - mesh[RIGHT_OUTER]
    x_px, y_px = mesh[CENTRE, :2].mean(axis=0)
    width = span * COLUMNS / SPAN_PX
    return Crop(float(x_px), float(y_px), width, math.atan2(along[1], along[0]), columns=COLUMNS, rows=ROWS)


class MouthSamples:
    """Mouths of one split."""

    def __init__(self, cache: Path, covers: Covers, split: str) -> None:
        self.targets = Targets.load(cache)
        self.pictures = Pictures.load(cache / PICTURES)
        self.covers = covers
        self.opening = opening_of(self.targets.points)
        self.chosen = np.flatnonzero((self.targets.split == split) & np.isfinite(self.opening))
        opening = self.opening[self.chosen]
        odds = np.where(opening > 0.5, 4.0, np.where(opening > 0.25, 1.5, np.where(opening < 0.04, 1.3, 1.0)))
        odds = odds * np.where(self.targets.source[self.chosen] == "ytf", 0.6, 1.0)
        self.odds = odds / odds.sum()
        self._flip = _flip(self.targets.flip)

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.intp]:
        """Indices of ``count`` faces; open mouths are drawn more often."""
        return rng.choice(self.chosen, count, p=self.odds)

    def plain(self, index: int) -> Sample:
        """A mouth as the monitor cuts it."""
        crop = mouth_crop(self.targets.points[index])
        grey = self._cut(index, crop, cv2.BORDER_REPLICATE)
        covered = float(self.targets.source[index] == MASKED)
        return Sample(standardise(grey), _unit(self._points(index, crop)), float(self.opening[index]), covered)

    def mouth(self, rng: np.random.Generator, index: int, light: Light) -> Sample:
        """A varied mouth; now and then a mask, a hand or a thing before it."""
        crop = shaken(rng, mouth_crop(self.targets.points[index]))
        mode = cv2.BORDER_REFLECT_101 if rng.random() < 0.5 else cv2.BORDER_REPLICATE
        grey, points = self._cut(index, crop, mode), self._points(index, crop)
        covered = 1.0 if self.targets.source[index] == MASKED else 0.0
        opening = float(self.opening[index])
        chance = rng.random()
        if covered:
            opening = math.nan
        elif chance < 0.06:
            outline = crop.points(self.targets.points[index][MASK, :2])
            grey, covered, opening = lay_mask(rng, grey, outline), 1.0, math.nan
        elif chance < 0.16:
            grey, covered = self._hidden(rng, grey, points)
            opening = math.nan if covered != 0.0 else opening
        return Sample(standardise(varied(rng, grey, light)), _unit(points), opening, covered)

    def _hidden(
        self, rng: np.random.Generator, grey: NDArray[np.uint8], points: Array
    ) -> tuple[NDArray[np.uint8], float]:
        area = np.zeros((ROWS, COLUMNS), np.uint8)
        cv2.fillConvexPoly(area, cv2.convexHull(np.round(points).astype(np.int32)), 1)
        aim = points[int(rng.integers(len(points)))] + rng.normal(0.0, 8.0, 2)
        lay = lay_hand if rng.random() < 0.6 else lay_patch
        grey, cover = lay(rng, grey, self.covers, aim, SPAN_PX * rng.uniform(1.0, 2.0))
        share = float(cover[area > 0].mean()) if area.any() else 0.0
        return grey, 0.0 if share < 0.15 else (1.0 if share > 0.6 else math.nan)

    def _cut(self, index: int, crop: Crop, mode: int) -> NDArray[np.uint8]:
        return cut(self.pictures[index], crop, mode)

    def _points(self, index: int, crop: Crop) -> Array:
        """Lips [40, 2] in crop pixels."""
        points = crop.points(self.targets.points[index][list(LIPS), :2])
        return points[self._flip] if crop.mirrored else points


def shaken(rng: np.random.Generator, crop: Crop) -> Crop:
    """The crop as the face network's usual error lays it; half of them mirrored."""
    along, down = rng.normal(0.0, 0.04, 2)
    moved = crop.moved(along, down, math.exp(rng.normal(0.0, 0.07)), rng.normal(0.0, 0.06))
    stretch = math.exp(rng.normal(0.0, 0.03))
    return Crop(
        moved.x_px, moved.y_px, moved.width_px, moved.angle_rad, bool(rng.random() < 0.5), stretch, COLUMNS, ROWS
    )


def _unit(points: Array) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = ((points - MIDDLE) / SPAN_PX).astype(np.float32)
    return unit


def _flip(flip: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each of ``LIPS`` the place of its twin among them."""
    place = {point: i for i, point in enumerate(LIPS)}
    return np.array([place[int(flip[point])] for point in LIPS])
