"""Varied crops of faces with the teacher's direction and the person's number."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.models.face.build import PICTURES, Targets
from wakeful.models.face.points import MASK
from wakeful.models.identity import people
from wakeful.models.identity import teacher as teaching
from wakeful.models.identity.crop import PLACES, anchors, cut, placement, similarity, standardised
from wakeful.models.identity.layout import CROP_PX
from wakeful.models.training.covers import Covers, lay_hand, lay_mask, lay_patch, lay_spectacles
from wakeful.models.training.light import Light, varied
from wakeful.models.training.pictures import Pictures

Array = NDArray[Any]
Levels = NDArray[np.uint8]

OFF = 0.025
"""Error of each of the five places as the monitor's reader finds them, in distances of the eyes."""
GLASSES, HAND, PATCH, MASKED = 0.15, 0.04, 0.04, 0.03
NAMED = 0.35
"""Share of a batch that is drawn from people with several pictures, each person as often as any other."""


class IdentitySamples:
    """The pictures that are learned, and those of the people who choose the threshold.

    Args:
        cache: folder that ``wakeful.models.face.build`` and ``wakeful.models.identity.teacher`` have filled.

    Attributes:
        chosen: rows that are learned; valid: those of the people who choose the threshold.
        count: people with several pictures, whose numbers ``number`` [N] has (-1 for others).
    """

    def __init__(self, data: Path, cache: Path, covers: Covers) -> None:
        self.targets = Targets.load(cache)
        self.pictures = Pictures.load(cache / PICTURES)
        self.covers = covers
        split = people.splits(self.targets, data)
        numbers = teaching.load(cache)
        self.direction = teaching.directions(numbers, (split == "train") & np.isfinite(numbers[:, 0]))
        known = np.isfinite(self.direction[:, 0])
        self.chosen, self.valid = (np.flatnonzero((split == name) & known) for name in ("train", "valid"))
        self.number = people.numbered(self.targets, split)
        named = np.flatnonzero((self.number >= 0) & known)
        self.count = int(self.number.max()) + 1
        self.of_person = [rows for one in range(self.count) if len(rows := named[self.number[named] == one])]

    def draw(self, rng: np.random.Generator, size: int, named: float) -> NDArray[np.intp]:
        """Rows of ``size`` pictures; the share ``named`` of people with several, two of each."""
        pairs = int(size * named) // 2
        drawn = rng.choice(len(self.of_person), pairs, replace=False)
        twos = [rng.choice(self.of_person[one], 2, replace=len(self.of_person[one]) < 2) for one in drawn]
        return np.concatenate([*twos, rng.choice(self.chosen, size - 2 * pairs)]).astype(np.intp)

    def plain(self, row: int) -> NDArray[np.float32]:
        """A face as aligned, float32 [112, 112]."""
        return standardised(cut(self.pictures[row], placement(self.targets.points[row])))

    def face(self, rng: np.random.Generator, row: int, light: Light) -> NDArray[np.float32]:
        """A varied face."""
        points = self.targets.points[row]
        matrix = shaken(rng, anchors(points))
        grey = self._covered(rng, cut(self.pictures[row], matrix), points[:, :2] @ matrix[:, :2].T + matrix[:, 2])
        if rng.random() < 0.5:
            grey = np.ascontiguousarray(grey[:, ::-1])
        return standardised(varied(rng, grey, light))

    def _covered(self, rng: np.random.Generator, grey: Levels, points: Array) -> Levels:
        """Now and then something before the face. ``points``: [478, 2] in crop pixels."""
        chance = rng.random(4)
        span = float(np.ptp(points[:, 0]))
        if chance[0] < GLASSES:
            dark = rng.uniform(0.4, 0.95) if rng.random() < 0.3 else 0.0
            mirror = rng.uniform(0.2, 0.9) if rng.random() < 0.3 else 0.0
            eyes = np.array([points[[33, 133]].mean(axis=0), points[[362, 263]].mean(axis=0)])
            grey, _ = lay_spectacles(rng, grey, self.covers, eyes, dark=dark, reflection=mirror)
        if chance[1] < MASKED:
            grey = lay_mask(rng, grey, points[MASK])
        if chance[2] < HAND:
            grey, _ = lay_hand(rng, grey, self.covers, points[int(rng.integers(468))], span)
        if chance[3] < PATCH:
            grey, _ = lay_patch(rng, grey, self.covers, points[int(rng.integers(468))], span)
        return grey


def shaken(rng: np.random.Generator, places: Array) -> Array:
    """The map from picture to crop pixels as the reader's usual error lays it, a little wider now and then."""
    span = float(np.hypot(*(places[1] - places[0])))
    matrix = similarity(places + rng.normal(0.0, OFF * span, places.shape), PLACES)
    scale, turn = math.exp(rng.normal(0.0, 0.03)), rng.normal(0.0, 0.03)
    moved = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]) * scale
    middle = np.full(2, CROP_PX / 2.0)
    placed = moved @ matrix
    placed[:, 2] += middle - moved @ middle + rng.normal(0.0, 1.0, 2)
    return placed
