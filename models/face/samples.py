"""Crops of faces as the monitor's tracking cuts them, varied, with their points; and crops without a face."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.face.build import PICTURES, TURNED_PICTURES, TURNED_TARGETS, Targets
from wakeful.models.face.mined import MINED, middle
from wakeful.models.face.points import IBUG68_FLIP, MASK, SCALE, SIZE_PX
from wakeful.models.training.covers import Covers, lay_hand, lay_mask, lay_patch, lay_spectacles
from wakeful.models.training.geometry import Crop, cut, cut_over
from wakeful.models.training.light import Light, noise, standardise, varied
from wakeful.models.training.pictures import Pictures
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
HALF = SIZE_PX / 2.0
CUT_TIGHT = frozenset({"utk"})
"""Sources whose pictures end where the face ends: never padded with black, or the network learns that edge."""
SHARES = {"helen-train": 2.0, "ytf": 1.0, "car": 1.0, "london": 2.0, "yawdd": 2.0, "turned": 1.5}
"""How often pictures of a source are drawn beside others."""
BLANKS, MINED_SHARE, SCENES, RESIDUES = 0.15, 0.4, 0.55, 0.12
"""Of the crops without a face: even ones with noise. Of the rest: answers of the detector, these and scenes, residues;
others are cut beside a face."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One crop and what is true of it.

    Attributes:
        crop: float32 [112, 112], standardised.
        points: float32 [478, 3] in half crop sides about the middle; NaN where not known.
        human: float32 [68, 2]; NaN where not known.
        present: 1 a face, 0 none.
        place: where in the picture it was cut.
    """

    crop: NDArray[np.float32]
    points: NDArray[np.float32]
    human: NDArray[np.float32]
    present: float
    place: Crop


class FaceSamples:
    """Faces of one split.

    Args:
        cache: folder that ``wakeful.models.face.build``, then ``turned`` and ``mined`` beside it have filled.
        covers: what is drawn before faces and behind them.
    """

    def __init__(self, cache: Path, covers: Covers, split: str) -> None:
        self.targets = Targets.load(cache).followed_by(Targets.load(cache, TURNED_TARGETS))
        self.pictures = Pictures.load(cache / PICTURES).followed_by(Pictures.load(cache / TURNED_PICTURES))
        self.mined = Pictures.load(cache / MINED)
        self.covers = covers
        self.chosen = np.flatnonzero(self.targets.split == split)
        odds = np.array([SHARES.get(str(source), 1.0) for source in self.targets.source[self.chosen]])
        self.odds = odds / odds.sum()

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.intp]:
        """Indices of ``count`` pictures."""
        return rng.choice(self.chosen, count, p=self.odds)

    def square(self, index: int) -> Crop:
        """The crop of a face as it is tracked without any error."""
        x_px, y_px, side, angle = (float(value) for value in self.targets.box[index])
        return Crop(x_px, y_px, side * SCALE, angle)

    def plain(self, index: int) -> Sample:
        """A face as tracked, unchanged."""
        place = self.square(index)
        return Sample(standardise(cut(self.pictures[index], place)), *self._known(index, place), 1.0, place)

    def face(self, rng: np.random.Generator, index: int, light: Light, near: Crop | None = None) -> Sample:
        """A varied crop of a face; ``near``: hardly moved from that crop."""
        place = tracked(rng, self.square(index)) if near is None else shaken(rng, near)
        grey = self._cut(rng, index, place)
        points, human = self._known(index, place)
        if near is None and np.isfinite(points[0, 0]):
            grey = self._covered(rng, grey, points[:, :2] * HALF + HALF)
        return Sample(standardise(varied(rng, grey, light)), points, human, 1.0, place)

    def no_face(self, rng: np.random.Generator, index: int, light: Light) -> Sample:
        """A scene, a hand, or a face that is not where or not as large as tracking would have it."""
        kind, place = rng.random(), self.square(index)
        if rng.random() < BLANKS:
            return self._nothing(standardise(blank(rng)), place)
        if kind < MINED_SHARE:
            grey = self._mined(rng)
        elif kind < SCENES:
            grey = self.covers.scene(rng, SIZE_PX, SIZE_PX)
            if rng.random() < 0.25:
                grey, _ = lay_hand(rng, grey, self.covers, rng.uniform(0.2, 0.8, 2) * SIZE_PX, rng.uniform(40, 120))
        elif kind < SCENES + RESIDUES:
            return self._nothing(standardise(residue(rng, self._cut(rng, index, place))), place)
        else:
            grey = self._cut(rng, index, misplaced(rng, place))
        return self._nothing(standardise(varied(rng, grey, light)), place)

    def _mined(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """What the detector took for a face, as tracking would lay it."""
        picture = self.mined[int(rng.integers(len(self.mined)))]
        return cut(picture, tracked(rng, middle()), cv2.BORDER_REFLECT_101)

    def _nothing(self, crop: NDArray[np.float32], place: Crop) -> Sample:
        nothing = np.full((478, 3), np.nan, np.float32)
        return Sample(crop, nothing, np.full((68, 2), np.nan, np.float32), 0.0, place)

    def _cut(self, rng: np.random.Generator, index: int, place: Crop) -> NDArray[np.uint8]:
        """The crop from the picture; what lies beyond its edge is another scene, the mirrored picture, or black."""
        picture, kind = self.pictures[index], rng.random()
        if kind < 0.4:
            return cut_over(picture, place, self.covers.scene(rng, SIZE_PX, SIZE_PX).copy())
        mode = cv2.BORDER_REFLECT_101 if kind < 0.65 else cv2.BORDER_REPLICATE
        if kind > 0.8 and str(self.targets.source[index]) not in CUT_TIGHT:
            mode = cv2.BORDER_CONSTANT
        return cut(picture, place, mode)

    def _known(self, index: int, place: Crop) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        points = place.points(self.targets.points[index])
        human = place.points(self.targets.human[index])
        if place.mirrored:
            points, human = points[self.targets.flip], human[IBUG68_FLIP]
        points[:, :2] -= HALF
        return (points / HALF).astype(np.float32), ((human - HALF) / HALF).astype(np.float32)

    def _covered(self, rng: np.random.Generator, grey: NDArray[np.uint8], points: Array) -> NDArray[np.uint8]:
        """Now and then something before the face. ``points``: [478, 2] in crop pixels."""
        span = float(np.ptp(points[:, 0]))
        chance = rng.random(4)
        if chance[0] < 0.12:
            dark = rng.uniform(0.5, 0.95) if rng.random() < 0.35 else 0.0
            eyes = np.array([points[[33, 133]].mean(axis=0), points[[362, 263]].mean(axis=0)])
            mirror = rng.uniform(0.2, 0.9) if rng.random() < 0.4 else 0.0
            grey, _ = lay_spectacles(rng, grey, self.covers, eyes, dark=dark, reflection=mirror)
        if chance[1] < 0.05:
            grey = lay_mask(rng, grey, points[MASK])
        if chance[2] < 0.1:
            grey, _ = lay_hand(rng, grey, self.covers, points[int(rng.integers(468))], span)
        if chance[3] < 0.12:
            grey, _ = lay_patch(rng, grey, self.covers, points[int(rng.integers(468))], span)
        return grey


def tracked(rng: np.random.Generator, square: Crop) -> Crop:
    """A crop as tracking or the detector lays it: near the true one, sometimes well beside; half of them mirrored."""
    wide = 2.2 if rng.random() < 0.3 else 1.0
    along, down = rng.normal(0.0, 0.022 * wide, 2)
    moved = square.moved(along, down, math.exp(rng.normal(0.0, 0.05 * wide)), rng.normal(0.0, 0.06 * wide))
    return Crop(
        moved.x_px,
        moved.y_px,
        moved.width_px,
        moved.angle_rad,
        bool(rng.random() < 0.5),
        math.exp(rng.normal(0.0, 0.02)),
    )


def residue(rng: np.random.Generator, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What a decoder shows of a face after its reference pictures are lost: the edges alone, on an even ground."""
    levels: Any = grey.astype(np.float32)
    edges = (levels - cv2.GaussianBlur(levels, (0, 0), rng.uniform(1.5, 3.0))) * rng.uniform(0.2, 0.7)
    if rng.random() < 0.6:
        # Parts that did not change since are missing altogether.
        rows, columns = (side // 8 for side in grey.shape)
        kept: Any = (rng.random((rows, columns)) < rng.uniform(0.2, 0.8)).astype(np.float32)
        edges = edges * cv2.resize(kept, grey.shape[::-1], interpolation=cv2.INTER_NEAREST)
    ground = rng.uniform(40.0, 180.0) + np.linspace(0.0, rng.uniform(-40.0, 40.0), grey.shape[1], dtype=np.float32)
    shown: NDArray[np.uint8] = np.clip(ground + edges + noise(rng, grey.shape, rng.uniform(0.5, 3.0)), 0, 255).astype(
        np.uint8
    )
    return shown


def shaken(rng: np.random.Generator, crop: Crop) -> Crop:
    """The crop of the same face in a next frame, hardly moved."""
    along, down = rng.normal(0.0, 0.008, 2)
    return crop.moved(along, down, math.exp(rng.normal(0.0, 0.01)), rng.normal(0.0, 0.01))


def blank(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A covered or burnt out lens, or a sensor without light: one level or a slope, and noise."""
    level, slope = rng.choice([0.0, 255.0, rng.uniform(0.0, 255.0)]), rng.choice([0.0, rng.uniform(0.0, 60.0)])
    ramp = np.linspace(-slope, slope, SIZE_PX)[:, None] if rng.random() < 0.5 else np.linspace(-slope, slope, SIZE_PX)
    spread = rng.choice([0.0, math.exp(rng.uniform(-1.0, 4.3))])
    levels = level + ramp + noise(rng, (SIZE_PX, SIZE_PX), spread)
    out: NDArray[np.uint8] = np.clip(levels, 0, 255).astype(np.uint8)
    return out


def misplaced(rng: np.random.Generator, square: Crop) -> Crop:
    """A crop that holds a part of the face, or a far too small or turned one."""
    kind = rng.random()
    turn = rng.uniform(0.0, 2.0 * math.pi)
    if kind < 0.45:
        off = rng.uniform(0.55, 0.9)
        return square.moved(off * math.cos(turn), off * math.sin(turn), rng.uniform(0.6, 1.3))
    if kind < 0.6:
        along, down = rng.normal(0.0, 0.2, 2)
        return square.moved(along, down, rng.uniform(0.2, 0.4))
    if kind < 0.75:
        return square.moved(rng.normal(0.0, 0.1), rng.normal(0.0, 0.1), rng.uniform(2.4, 4.0))
    return square.moved(0.0, 0.0, 1.0, float(rng.choice([-1.0, 1.0])) * rng.uniform(1.2, math.pi))
