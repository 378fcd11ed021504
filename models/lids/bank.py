"""The eyes that the lids network learns from and is validated with, from the faces' pictures and the sharp eyes."""

from __future__ import annotations

import csv
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.face.build import PICTURES, Targets
from wakeful.models.face.points import LEFT_EYE, LEFT_IRIS, RIGHT_EYE, RIGHT_IRIS, lid_gap
from wakeful.models.training.pictures import Encoded, Pictures, cached
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]

MAX_DOUBT = 0.07
"""Plain and mirrored readings of the teacher that differ by more in opening are not learned."""
MIN_EYE_PX = 8.0
HUMAN_LIDS = np.array([0, 11, 13, 8, 5, 3])
"""Contour points nearest to the six that people set: outer corner, upper lid, inner corner, lower lid back."""
RIGHT_HUMAN, LEFT_HUMAN = np.arange(36, 42), np.array([45, 44, 43, 42, 47, 46])
"""Places among the 68, both from the outer corner over the upper lid."""
_RIM_FLIP = np.array([0, 3, 2, 1, 4])
"""The teacher orders the rim right, top, left, bottom in the picture: in a mirrored eye right and left change."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """Eyes in pictures.

    Attributes:
        sharp: whether ``picture`` counts among the sharp eyes, else among the faces.
        picture: index of the picture.
        contour: float32 [N, 16, 2], picture pixels, from the outer corner along the lower lid.
        iris: float32 [N, 5, 2], in the order of an eye whose outer corner lies to the left.
        human: float32 [N, 6, 2], as ``HUMAN_LIDS``; NaN where people set none.
        mirrored: left eyes: their crops are flipped.
        opening: float32 [N], lid gap over width by the teacher's points.
        face: index into the faces' labels, -1 for others.
    """

    sharp: NDArray[np.bool_]
    picture: NDArray[np.intp]
    contour: NDArray[np.float32]
    iris: NDArray[np.float32]
    human: NDArray[np.float32]
    mirrored: NDArray[np.bool_]
    opening: NDArray[np.float32]
    face: NDArray[np.intp]
    source: NDArray[np.str_]
    split: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.picture)

    def where(self, chosen: Array) -> Eyes:
        """Those chosen."""
        return Eyes(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def joined(self, other: Eyes) -> Eyes:
        """These and the others."""
        return Eyes(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Bank:
    """Eyes with their pictures; ``targets`` are those of the faces' pictures."""

    eyes: Eyes
    faces: Pictures
    sharp: Pictures
    targets: Targets

    def picture(self, index: int) -> NDArray[np.uint8]:
        """The grey picture of one eye."""
        return (self.sharp if self.eyes.sharp[index] else self.faces)[int(self.eyes.picture[index])]


def load_bank(data: Path, cache: Path) -> Bank:
    """All eyes, each with the split it belongs to for the lids network.

    Out of training stay: faces of the lid labels, pictures of people who occur in CEW, and what the face network
    leaves out too.
    """
    targets = Targets.load(cache)
    labels = dict(np.load(data / "faces_labels.npz"))
    split = targets.split.copy()
    split[np.isin(targets.person, list(cew_people(data))) & (split != "test")] = "out"
    split[labelled_faces(data)] = "out"
    eyes = _of_faces(targets, labels, split).joined(_sharp(data, split))
    packed = np.load(data / "eyes64.npz")
    encoded = Encoded(packed["bytes"], packed["offset"])
    sharp = cached(cache / "eyes64.npz", (encoded.read(i, cv2.IMREAD_GRAYSCALE) for i in range(len(encoded))))
    return Bank(eyes, Pictures.load(cache / PICTURES), sharp, targets)


def cew_people(data: Path) -> set[str]:
    """Names of the LFW people in Closed Eyes in the Wild."""
    packed = np.load(data / "cew_eyes.npz")
    return {str(face).rsplit("_", 1)[0] for face in packed["face"][packed["open"] == 1]}


def labelled_faces(data: Path) -> NDArray[np.intp]:
    """Indices of the faces whose lids were labelled by hand."""
    with (data / "lid_labels.csv").open(newline="") as opened:
        return np.array([int(row["face"]) for row in csv.DictReader(opened)])


def _of_faces(targets: Targets, labels: dict[str, Array], split: NDArray[np.str_]) -> Eyes:
    known = np.isfinite(targets.points[:, 0, 0])
    parts = []
    for mirrored, lids, iris, human in (
        (False, RIGHT_EYE, RIGHT_IRIS, RIGHT_HUMAN),
        (True, LEFT_EYE, LEFT_IRIS[_RIM_FLIP], LEFT_HUMAN),
    ):
        contour = targets.points[:, lids, :2]
        width = np.linalg.norm(contour[:, 8] - contour[:, 0], axis=1)
        sure = np.ones(len(known), bool)
        count = len(labels["lid_doubt"])
        sure[:count] = labels["lid_doubt"][:, int(mirrored)] <= MAX_DOUBT
        chosen = np.flatnonzero(known & sure & (width >= MIN_EYE_PX))
        parts.append(
            Eyes(
                sharp=np.zeros(len(chosen), bool),
                picture=chosen,
                contour=contour[chosen],
                iris=targets.points[chosen][:, iris, :2],
                human=targets.human[chosen][:, human],
                mirrored=np.full(len(chosen), mirrored),
                opening=lid_gap(contour[chosen]).astype(np.float32),
                face=np.where(chosen < count, chosen, -1),
                source=targets.source[chosen],
                split=split[chosen],
            )
        )
    return parts[0].joined(parts[1])


def _sharp(data: Path, split: NDArray[np.str_]) -> Eyes:
    packed = dict(np.load(data / "eyes64.npz"))
    chosen = np.flatnonzero(packed["lid_doubt"] <= MAX_DOUBT)
    contour, iris = packed["contour"][chosen] / np.float32(32.0), packed["iris"][chosen] / np.float32(32.0)
    mirrored = packed["left"][chosen].astype(bool)
    iris[mirrored] = iris[mirrored][:, _RIM_FLIP]
    face = packed["face"][chosen].astype(np.intp)
    return Eyes(
        sharp=np.ones(len(chosen), bool),
        picture=chosen,
        contour=contour,
        iris=iris,
        human=np.full((len(chosen), 6, 2), np.nan, np.float32),
        mirrored=mirrored,
        opening=lid_gap(contour).astype(np.float32),
        face=face,
        source=np.full(len(chosen), "sharp"),
        split=split[face],
    )


def human_gap(human: Array) -> Array:
    """Mean of two lid gaps over the eye's width of points [..., 6, 2] in the order of ``HUMAN_LIDS``."""
    along = human[..., 3, :] - human[..., 0, :]
    width = np.maximum(np.hypot(along[..., 0], along[..., 1]), 1e-6)
    gaps = np.stack([human[..., 5, :] - human[..., 1, :], human[..., 4, :] - human[..., 2, :]], axis=-2)
    across = along[..., None, 0] * gaps[..., 1] - along[..., None, 1] * gaps[..., 0]
    gap: Array = np.abs(across).mean(axis=-1) / np.square(width)
    return gap
