"""The sets that judge who is recognised: ORL, Yale, and the people of LFW whom no training has seen.

Faces are found and their landmarks read by the monitor's own reader, as in a camera's image; a picture in which it
finds no face counts as not recognised.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.one_image import look_at
from wakeful.device.perception.pipeline import Perception
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass
from wakeful.models.identity.crop import align
from wakeful.models.identity.layout import CROP_PX
from wakeful.models.identity.people import LABELS, LFW
from wakeful.models.training.pictures import Encoded
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
Picture = NDArray[np.uint8]

ORL, YALE, FACES = "orl_faces.npz", "yalefaces.npz", "faces.bin"
ENLARGED, MARGIN = 3, 0.5
"""Portraits that the face fills are shown to the detector so much larger, with so much of their shorter side repeated
around them."""


@dataclass(frozen=True, slots=True)
class Faces:
    """Aligned faces of one set.

    Attributes:
        crops: uint8 [N, 112, 112], black where no face was found.
        found: bool [N].
        person: [N], whose they are.
        condition: [N], what the set says of the picture, "" if nothing.
        meshes: float32 [N, 468, 2] in ``pictures``; NaN where no face was found.
        pictures: as the set has them, grey or blue-green-red.
    """

    name: str
    crops: Array
    found: Array
    person: Array
    condition: Array
    meshes: Array
    pictures: list[Picture]

    def chosen(self, which: Array) -> Faces:
        """Some of them, by bool or place."""
        places = np.arange(len(self.person))[which]
        return Faces(
            self.name,
            self.crops[places],
            self.found[places],
            self.person[places],
            self.condition[places],
            self.meshes[places],
            [self.pictures[place] for place in places.tolist()],
        )


def orl(data: Path, perception: Perception) -> Faces:
    """40 people, ten pictures each."""
    packed = _packed(data / ORL)
    return _read("ORL", list(packed["images"]), packed["person"], None, perception, enlarged=ENLARGED)


def yale(data: Path, perception: Perception) -> Faces:
    """15 people, each in eleven conditions."""
    packed = _packed(data / YALE)
    encoded = Encoded(packed["bytes"], packed["offset"])
    pictures = [encoded.read(i, cv2.IMREAD_GRAYSCALE) for i in range(len(encoded))]
    return _read("Yale", pictures, packed["person"], packed["condition"], perception)


def lfw(data: Path, perception: Perception, folds: Iterable[int]) -> Faces:
    """The people of some folds of LFW."""
    labels = _packed(data / LABELS)
    if not (data / FACES).is_file():
        raise ConfigError(f"{data} has no {FACES}")
    encoded = Encoded(np.memmap(data / FACES, np.uint8, "r"), labels["offset"])
    mine = (labels["source_names"][labels["source"]] == LFW) & np.isin(labels["fold"], list(folds))
    rows = np.flatnonzero(mine & (labels["person"] >= 0))
    pictures = [encoded.read(int(row)) for row in rows]
    return _read("LFW", pictures, labels["person"][rows], None, perception)


def _packed(file: Path) -> dict[str, Array]:
    if not file.is_file():
        raise ConfigError(f"{file.parent} has no {file.name}")
    with np.load(file, allow_pickle=False) as packed:
        return dict(packed)


def _read(
    name: str,
    pictures: list[Picture],
    person: Array,
    condition: Array | None,
    perception: Perception,
    enlarged: int = 1,
) -> Faces:
    crops = np.zeros((len(pictures), CROP_PX, CROP_PX), np.uint8)
    meshes = np.full((len(pictures), 468, 2), np.nan, np.float32)
    for i, picture in enumerate(pictures):
        mesh = mesh_of(picture, perception, enlarged)
        if mesh is not None:
            meshes[i] = mesh
            crops[i] = align(picture if picture.ndim == 2 else _grey(picture), mesh)
    found = np.isfinite(meshes[:, 0, 0])
    known = np.full(len(pictures), "") if condition is None else condition
    return Faces(name, crops, found, person, known, meshes, pictures)


def mesh_of(picture: Picture, perception: Perception, enlarged: int = 1) -> Array | None:
    """Points [468, 2] of the largest face, in pixels of ``picture``; None without one."""
    colour = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) if picture.ndim == 2 else picture
    margin = round(min(colour.shape[:2]) * MARGIN) if enlarged > 1 else 0
    shown = cv2.copyMakeBorder(colour, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    if enlarged > 1:
        shown = cv2.resize(shown, None, fx=enlarged, fy=enlarged, interpolation=cv2.INTER_CUBIC)
    points = look_at(np.asarray(shown, np.uint8), perception.fork()).landmarks
    if points is None:
        return None
    # From the middles of enlarged pixels to those of the picture's own.
    mesh: Array = (points[:, :2] + 0.5) / enlarged - 0.5 - margin
    return mesh


def _grey(picture: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
