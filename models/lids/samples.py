"""Varied crops of eyes with what is true of them, as the monitor cuts them after the face network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.face.points import LEFT_EYE, RIGHT_EYE, lid_gap
from wakeful.models.lids.bank import Bank, human_gap
from wakeful.models.lids.drawing import CLEAR, EyeArea, cover_eye, draw_lid, glaze_eye, unreadable_light
from wakeful.models.lids.layout import COLUMNS, EYE_PX, READABLE, ROWS
from wakeful.models.training.covers import Covers
from wakeful.models.training.geometry import Crop, cut
from wakeful.models.training.light import Light, noisy, standardise, varied
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
MIDDLE = np.array([COLUMNS / 2.0, ROWS / 2.0])
LEAST_SPREAD = 6.0
"""Grey levels; a crop with a smaller deviation is not stretched any further."""
LOOSE = 2.2
"""How much worse than the face network's the places of published eye patches are."""
OPEN_ABOVE, SHUT_BELOW = 0.16, 0.035
"""Lid gaps over the width: a real eye over the first is open, a drawn one under the second is shut."""

SHUT_ODDS = 3.0
"""How much more often a real eye is drawn that is known to be shut: there are few."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One crop.

    Attributes:
        crop: float32 [48, 64], standardised.
        points: float32 [21, 2], eye widths about the middle; weight ``known`` says how far they hold.
        opening: lid gap over width, NaN where not known.
        shut: 1 the lids meet, 0 they do not, NaN not known.
        reason: index into ``READABLE``, -1 where neither is right.
    """

    crop: NDArray[np.float32]
    points: NDArray[np.float32]
    known: float
    opening: float
    shut: float
    reason: int


NO_POINTS = np.zeros((21, 2), np.float32)


def eye_crop(outer: Array, inner: Array, mirrored: bool) -> Crop:
    """The crop of an eye from its corners [2] in picture pixels; ``mirrored`` for left eyes."""
    along = inner - outer
    width = max(float(np.hypot(*along)), 1.0)
    angle = math.atan2(along[1], along[0])
    if mirrored:  # in the picture the outer corner of a left eye lies to the right
        angle = math.atan2(-along[1], -along[0])
    x_px, y_px = (outer + inner) / 2.0
    return Crop(float(x_px), float(y_px), width * COLUMNS / EYE_PX, angle, mirrored, columns=COLUMNS, rows=ROWS)


class EyeSamples:
    """Eyes of one split of the bank.

    Attributes:
        human_scale: slope and intercept that turn a gap between points set by people into the teacher's measure.
        shut: float [N], what is known of real eyes that are nearly shut; see ``self_labels``.
    """

    def __init__(self, bank: Bank, covers: Covers, split: str) -> None:
        self.bank, self.covers = bank, covers
        self.chosen = np.flatnonzero(bank.eyes.split == split)
        self.odds = _odds(bank, self.chosen)
        self._of_faces = self.chosen[~bank.eyes.sharp[self.chosen]]
        self.human_scale = _human_scale(bank)
        self.shut: NDArray[np.float32] = np.full(len(bank.eyes), np.nan, np.float32)

    def learn_shut(self, labels: NDArray[np.float32]) -> None:
        """Takes 1, 0 or NaN for every eye of the bank; those known to be shut are drawn more often."""
        self.shut = labels
        odds = self.odds * np.where(labels[self.chosen] == 1.0, SHUT_ODDS, 1.0)
        self.odds = odds / odds.sum()

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.intp]:
        """Indices of ``count`` eyes; small openings and points set by people are drawn more often."""
        return rng.choice(self.chosen, count, p=self.odds)

    def square(self, index: int) -> Crop:
        """The crop of an eye as its corners lay it."""
        contour = self.bank.eyes.contour[index]
        return eye_crop(contour[0], contour[8], bool(self.bank.eyes.mirrored[index]))

    def plain(self, index: int) -> Sample:
        """An eye as the monitor cuts it."""
        crop = self.square(index)
        grey = self._cut(index, crop, cv2.BORDER_REPLICATE)
        points = self._points(index, crop)
        return Sample(standardise(grey, LEAST_SPREAD), _unit(points), 1.0, self._opening(index), math.nan, CLEAR)

    def recut(self, rng: np.random.Generator, index: int) -> NDArray[np.float32]:
        """The standardised crop of an eye as in another frame."""
        grey = self._cut(index, shaken(rng, self.square(index), 0.5), cv2.BORDER_REPLICATE)
        return standardise(grey, LEAST_SPREAD)

    def eye(self, rng: np.random.Generator, index: int, light: Light) -> Sample:
        """A varied eye: lids drawn down, spectacles, hands, light."""
        tight = rng.random() < 0.2
        crop = shaken(rng, self.square(index), LOOSE if tight else 1.0)
        mode = cv2.BORDER_REPLICATE if rng.random() < 0.8 else cv2.BORDER_REFLECT_101
        grey, points = self._cut(index, crop, mode), self._points(index, crop)
        opening, chance = self._opening(index), rng.random(3)
        shut = self._shut(index, opening)
        if opening > OPEN_ABOVE and chance[0] < 0.3:
            grey, points, opening, shut = _lowered(rng, grey, points, opening)
        if tight:
            grey = _tight(rng, grey)
        if chance[1] < 0.06:
            grey, reason = unreadable_light(rng, grey)
            return Sample(standardise(grey, LEAST_SPREAD), NO_POINTS, 0.0, math.nan, math.nan, reason)
        reason_or_none: int | None = CLEAR
        holds = True
        if chance[2] < 0.22:
            grey, reason_or_none, holds = glaze_eye(rng, grey, EyeArea.of(points), self.covers)
        elif chance[2] < 0.3:
            grey, reason_or_none, holds = cover_eye(rng, grey, EyeArea.of(points), self.covers)
        grey = varied(rng, grey, light)
        reason = -1 if reason_or_none is None else reason_or_none
        if not holds:
            return Sample(standardise(grey, LEAST_SPREAD), _unit(points), 0.1, math.nan, math.nan, reason)
        return Sample(standardise(grey, LEAST_SPREAD), _unit(points), 1.0, opening, shut, reason)

    def pair(self, rng: np.random.Generator, index: int, light: Light) -> tuple[Sample, Sample]:
        """An eye in two frames of a still face: moved as little as points waver, with other noise."""
        crop = shaken(rng, self.square(index))
        seed = int(rng.integers(1 << 31))
        along, down = rng.normal(0.0, 0.006, 2)
        near = crop.moved(along, down, math.exp(rng.normal(0.0, 0.012)))
        return self._in_frame(rng, index, crop, light, seed), self._in_frame(rng, index, near, light, seed)

    def _in_frame(self, rng: np.random.Generator, index: int, crop: Crop, light: Light, seed: int) -> Sample:
        grey = self._cut(index, crop, cv2.BORDER_REPLICATE)
        grey = noisy(rng, varied(np.random.default_rng(seed), grey, light), rng.uniform(1.0, 6.0))
        opening = self._opening(index)
        shut = self._shut(index, opening)
        points = _unit(self._points(index, crop))
        return Sample(standardise(grey, LEAST_SPREAD), points, 1.0, opening, shut, CLEAR)

    def no_eye(self, rng: np.random.Generator, light: Light) -> Sample:
        """Another part of a face, or a scene, where an eye should be: covered."""
        covered = READABLE.index("covered")
        grey = self.covers.scene(rng, ROWS, COLUMNS) if rng.random() < 0.4 else self._elsewhere(rng)
        grey = varied(rng, grey, light)
        return Sample(standardise(grey, LEAST_SPREAD), NO_POINTS, 0.0, math.nan, math.nan, covered)

    def _elsewhere(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        while True:
            face = int(self.bank.eyes.picture[rng.choice(self._of_faces)])
            points = self.bank.targets.points[face, :, :2]
            width = float(np.linalg.norm(points[RIGHT_EYE[8]] - points[RIGHT_EYE[0]]))
            at = points[int(rng.integers(468))] + rng.normal(0.0, 0.3, 2) * width
            off = min(float(np.linalg.norm(points[eye].mean(axis=0) - at)) for eye in (RIGHT_EYE, LEFT_EYE))
            if off > 0.9 * width:
                break
        place = Crop(
            float(at[0]),
            float(at[1]),
            max(width, 6.0) * COLUMNS / EYE_PX * math.exp(rng.normal(0.0, 0.25)),
            rng.normal(0.0, 0.3),
            columns=COLUMNS,
            rows=ROWS,
        )
        picture = self.bank.faces[face]
        return cut(picture, place, cv2.BORDER_REFLECT_101)

    def _cut(self, index: int, crop: Crop, mode: int) -> NDArray[np.uint8]:
        return cut(self.bank.picture(index), crop, mode)

    def _points(self, index: int, crop: Crop) -> Array:
        eyes = self.bank.eyes
        return crop.points(np.concatenate([eyes.contour[index], eyes.iris[index]]))

    def _shut(self, index: int, opening: float) -> float:
        return 0.0 if opening > OPEN_ABOVE else float(self.shut[index])

    def _opening(self, index: int) -> float:
        """By people where they set points, else by the teacher."""
        human = self.bank.eyes.human[index]
        if np.isfinite(human[0, 0]):
            slope, intercept = self.human_scale
            return max(float(slope * human_gap(human) + intercept), 0.0)
        return float(self.bank.eyes.opening[index])


def shaken(rng: np.random.Generator, crop: Crop, much: float = 1.0) -> Crop:
    """The crop as corners laid it that the face network read with ``much`` times its usual error."""
    along, down = rng.normal(0.0, 0.035 * much, 2)
    moved = crop.moved(along, down, math.exp(rng.normal(0.0, 0.09 * much)), rng.normal(0.0, 0.08 * much))
    return Crop(
        moved.x_px,
        moved.y_px,
        moved.width_px,
        moved.angle_rad,
        moved.mirrored,
        math.exp(rng.normal(0.0, 0.04)),
        COLUMNS,
        ROWS,
    )


def _unit(points: Array) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = ((points - MIDDLE) / EYE_PX).astype(np.float32)
    return unit


def _lowered(
    rng: np.random.Generator, grey: NDArray[np.uint8], points: Array, opening: float
) -> tuple[NDArray[np.uint8], Array, float, float]:
    """The eye with its lid drawn down: crop, points, opening, shut."""
    share = rng.uniform(0.0, 0.1) if rng.random() < 0.45 else rng.uniform(0.1, 1.0)
    grey, moved = draw_lid(rng, grey, points, share)
    if moved is points:
        return grey, points, opening, 0.0
    now = float(lid_gap(moved[:16]))
    left = opening * now / max(float(lid_gap(points[:16])), 1e-3)
    shut = 1.0 if left < SHUT_BELOW else (0.0 if share > 0.4 else math.nan)
    return grey, moved, left, shut


def _tight(rng: np.random.Generator, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """As little around the eye as at the edge of a picture or in published patches, mostly as coarse."""
    side = int(rng.uniform(0.05, 0.3) * EYE_PX)
    x0, x1 = max(int(COLUMNS / 2 - EYE_PX / 2) - side, 0), min(int(COLUMNS / 2 + EYE_PX / 2) + side, COLUMNS)
    high = int(rng.uniform(0.35, 0.66) * EYE_PX)
    y0, y1 = max(ROWS // 2 - high, 0), min(ROWS // 2 + high, ROWS)
    inside: Any = grey[y0:y1, x0:x1]
    if rng.random() < 0.6:
        share = rng.uniform(0.4, 0.7)
        coarse = cv2.resize(inside, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        inside = cv2.resize(coarse, (x1 - x0, y1 - y0))
    framed: Any = cv2.copyMakeBorder(inside, y0, ROWS - y1, x0, COLUMNS - x1, cv2.BORDER_REPLICATE)
    return np.asarray(framed, np.uint8)


def _odds(bank: Bank, chosen: NDArray[np.intp]) -> Array:
    eyes = bank.eyes
    opening = eyes.opening[chosen]
    odds = np.where(opening < 0.1, 5.0, np.where(opening < 0.18, 2.0, 1.0))
    odds = odds * np.where(eyes.sharp[chosen], 2.0, 1.0)
    odds = odds * np.where(eyes.source[chosen] == "helen-train", 5.0, 1.0)
    odds = odds * np.where(eyes.source[chosen] == "yawdd", 2.0, 1.0)
    odds = odds * np.where(eyes.source[chosen] == "lfw", 0.6, 1.0)
    odds = odds * np.where(eyes.source[chosen] == "ytf", 0.5, 1.0)
    out: Array = odds / odds.sum()
    return out


def _human_scale(bank: Bank) -> tuple[float, float]:
    """Slope and intercept from the gaps between points set by people to the teacher's, on HELEN's training faces."""
    eyes = bank.eyes
    chosen = (eyes.source == "helen-train") & (eyes.split == "train") & np.isfinite(eyes.human[:, 0, 0])
    if chosen.sum() < 10:
        return 1.0, 0.0
    slope, intercept = np.polyfit(human_gap(eyes.human[chosen]), eyes.opening[chosen], 1)
    return float(slope), float(intercept)
