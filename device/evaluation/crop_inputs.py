"""The inputs of the networks ``face``, ``lids``, ``mouth`` and ``identity`` on real faces whose points are known.

The crops are laid around points that the folder holds, not around those of the face network, so that better weights are
calibrated and judged on the very same crops. The folder holds ``faces.bin`` (pictures, one after the other) and
``faces_labels.npz`` (``offset``; ``points`` in 1/32 px with ``point_index``; ``fold`` of each person),
``lid_labels.csv`` (lids labelled by people) and ``covers.npz`` (pictures without a face).
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.evaluation.network_inputs import SEED, InputSet, Purpose
from wakeful.device.perception.landmarks import LEFT_CORNERS, RIGHT_CORNERS
from wakeful.device.perception.landmarks_wakeful import FACE_PX, FACE_SCALE, LEAST_EYE_SPREAD, LEAST_SPREAD
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass
from wakeful.models.identity.crop import align, standardised
from wakeful.models.identity.people import LFW, TEST_FOLDS, THRESHOLD_FOLD
from wakeful.models.lids import layout as lids_layout
from wakeful.models.mouth import layout as mouth_layout
from wakeful.models.training.geometry import Crop, cut, level_square
from wakeful.models.training.light import Light, standardise, varied
from wakeful.models.training.pictures import Encoded
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]

LABELS = "faces_labels.npz"
POINT_UNIT = 32.0
MESH_POINTS = 478
JUDGED_FOLD = 0
MOUTH_CENTRE = np.array([61, 291, 0, 17, 13, 14])
"""The crop of the mouth lies about the mean of these points."""
STATES = {"o": 0, "l": 1, "s": 2, "c": 3}
"""Letters of ``lid_labels.csv`` and the places of the lid states that they mean."""
SCENES = 24
RARE = 0.2
"""Share of the faces that half of the calibration is taken from: those furthest from the usual pose or opening."""


@dataclass(frozen=True, slots=True)
class _Faces:
    """The pictures with their points, and how far each is from the usual pose or opening: a rank from 0 to 1."""

    pictures: Encoded
    points: Array
    index: NDArray[np.intp]
    fold: NDArray[np.intp]
    rarity: NDArray[np.float64]

    def grey(self, face: int) -> NDArray[np.uint8]:
        return self.pictures.read(face, cv2.IMREAD_GRAYSCALE)

    def mesh(self, face: int) -> Array:
        """Points float64 [478, 2] in the picture, NaN where not known."""
        mesh = np.full((MESH_POINTS, 2), np.nan)
        mesh[self.index] = self.points[face] / POINT_UNIT
        return mesh


def crop_inputs(folder: Path, purpose: Purpose, count: int) -> dict[str, InputSet]:
    """``count`` crops of each network: people of nine folds under varied light to calibrate, the tenth to judge.

    Raises:
        ConfigError: the folder holds no such faces.
    """
    faces = _read(folder)
    rng = np.random.default_rng(SEED)
    calibrates = purpose == "calibration"
    chosen = rng.permutation(np.flatnonzero((faces.fold != JUDGED_FOLD) == calibrates))
    if calibrates:
        # Turned heads and shut eyes are few, and drive the networks furthest.
        rare = chosen[faces.rarity[chosen] > np.quantile(faces.rarity[chosen], 1.0 - RARE)]
        chosen = np.concatenate([rare[: count // 2], np.setdiff1d(chosen, rare, assume_unique=True)[: count // 2]])
    chosen, light = chosen[:count], Light() if calibrates else None
    crops = [_crops(faces, int(face), rng, light) for face in chosen]
    tensors = {name: np.stack([one[name] for one in crops]) for name in ("face", "lids", "mouth")}
    if calibrates and (scenes := _scenes(folder)):
        # What is no face drives the presence elsewhere.
        tensors["face"] = np.concatenate([tensors["face"], np.stack(scenes)])
    return {name: InputSet(name, f"faces with known points, {purpose}", one) for name, one in tensors.items()}


def identity_inputs(folder: Path, purpose: Purpose, count: int) -> InputSet:
    """``count`` aligned faces: such as are learned, under varied light, or people of LFW who are not, with their names.

    Raises:
        ConfigError: the folder holds no such faces.
    """
    faces = _read(folder)
    with np.load(folder / LABELS, allow_pickle=False) as packed:
        lfw, person = packed["source_names"][packed["source"]] == LFW, packed["person"].astype(np.int64)
    rng = np.random.default_rng(SEED)
    name = f"aligned faces, {purpose}"
    if purpose == "calibration":
        learned = ~lfw | ~np.isin(faces.fold, (*TEST_FOLDS, THRESHOLD_FOLD))
        chosen = rng.permutation(np.flatnonzero(learned))[:count]
        crops = [varied(rng, align(faces.grey(int(face)), faces.mesh(int(face))), Light()) for face in chosen]
        return InputSet("identity", name, np.stack([standardised(crop)[np.newaxis] for crop in crops]))
    mine = np.flatnonzero(lfw & (person >= 0) & (faces.fold == JUDGED_FOLD))
    several = mine[np.bincount(person[mine])[person[mine]] > 1]
    chosen = several[np.argsort(person[several], kind="stable")][:count]
    crops = [align(faces.grey(int(face)), faces.mesh(int(face))) for face in chosen]
    tensors = np.stack([standardised(crop)[np.newaxis] for crop in crops])
    return InputSet("identity", name, tensors, person[chosen])


def labelled_lids(folder: Path) -> InputSet:
    """Both eyes of faces whose lids people called lowered, narrowed or closed; labels are places among the states."""
    faces = _read(folder)
    file = folder / "lid_labels.csv"
    if not file.is_file():
        raise ConfigError(f"{folder} has no {file.name}: lid states cannot be judged")
    with file.open(newline="", encoding="utf-8") as opened:
        rows = [row for row in csv.DictReader(opened) if row["label"] in STATES]
    rng = np.random.default_rng(SEED)
    eyes = np.stack([_crops(faces, int(row["face"]), rng, None)["lids"] for row in rows])
    return InputSet("lids", "lids labelled by hand", eyes, np.array([STATES[row["label"]] for row in rows]))


def _read(folder: Path) -> _Faces:
    if not (folder / LABELS).is_file() or not (folder / "faces.bin").is_file():
        raise ConfigError(f"{folder} has no faces with known points: it needs faces.bin and {LABELS}")
    with np.load(folder / LABELS, allow_pickle=False) as packed:
        content = np.memmap(folder / "faces.bin", np.uint8, "r")
        pictures = Encoded(content, packed["offset"])
        index, fold = (packed[name].astype(np.intp) for name in ("point_index", "fold"))
        turned = np.abs(packed["pose"].astype(np.float64) - np.median(packed["pose"], axis=0))
        shut = np.abs(packed["opening"].astype(np.float64).min(axis=1) - np.median(packed["opening"]))
        ranks = [one.argsort().argsort() / len(one) for one in (*turned.T, shut)]
        return _Faces(pictures, packed["points"], index, fold, np.max(ranks, axis=0))


def _crops(faces: _Faces, face: int, rng: np.random.Generator, light: Light | None) -> dict[str, NDArray[np.float32]]:
    """The three networks' crops of one face, a little beside their places, as tracking lays them."""
    grey, mesh = faces.grey(face), faces.mesh(face)
    right, left = mesh[RIGHT_CORNERS[0]], mesh[LEFT_CORNERS[0]]
    x_px, y_px, side, angle = level_square(mesh[faces.index], right, left)
    square = Crop(x_px, y_px, side * FACE_SCALE, angle, columns=FACE_PX, rows=FACE_PX)
    span = max(float(np.linalg.norm(left - right)), 1.0) * mouth_layout.COLUMNS / mouth_layout.SPAN_PX
    middle = mesh[MOUTH_CENTRE].mean(axis=0)
    mouth = Crop(float(middle[0]), float(middle[1]), span, angle, columns=mouth_layout.COLUMNS, rows=mouth_layout.ROWS)
    eyes = [
        _eye(mesh[corners[0]], mesh[corners[1]], mirrored)
        for corners, mirrored in ((RIGHT_CORNERS, False), (LEFT_CORNERS, True))
    ]

    def pixels(crop: Crop, border: int, least: float) -> NDArray[np.float32]:
        along, down = rng.normal(0.0, 0.015, 2)
        moved = crop.moved(along, down, math.exp(rng.normal(0.0, 0.03)), rng.normal(0.0, 0.03))
        levels = cut(grey, moved, border)
        return standardise(levels if light is None else varied(rng, levels, light), least)[np.newaxis]

    return {
        "face": pixels(square, cv2.BORDER_CONSTANT, LEAST_SPREAD),
        "lids": np.stack([pixels(eye, cv2.BORDER_REPLICATE, LEAST_EYE_SPREAD) for eye in eyes]),
        "mouth": pixels(mouth, cv2.BORDER_REPLICATE, LEAST_SPREAD),
    }


def _eye(outer: Array, inner: Array, mirrored: bool) -> Crop:
    along = inner - outer
    sign = -1.0 if mirrored else 1.0
    angle = math.atan2(sign * float(along[1]), sign * float(along[0]))
    width = max(float(np.hypot(*along)), 1.0) * lids_layout.COLUMNS / lids_layout.EYE_PX
    x_px, y_px = (outer + inner) / 2.0
    return Crop(float(x_px), float(y_px), width, angle, mirrored, columns=lids_layout.COLUMNS, rows=lids_layout.ROWS)


def _scenes(folder: Path) -> list[NDArray[np.float32]]:
    """Some pictures without a face, as large as a face's crop."""
    file = folder / "covers.npz"
    if not file.is_file():
        return []
    with np.load(file, allow_pickle=False) as packed:
        encoded = Encoded(packed["bytes"], packed["offset"])
        names = [str(name) for name in packed["kind_names"]]
        kind = packed["kind"]
    scenes = np.flatnonzero(np.isin(kind, [i for i, name in enumerate(names) if name == "negative"]))
    found = []
    for i in scenes[:: max(1, len(scenes) // SCENES)][:SCENES]:
        grey = cv2.resize(encoded.read(int(i), cv2.IMREAD_GRAYSCALE), (FACE_PX, FACE_PX), interpolation=cv2.INTER_AREA)
        found.append(standardise(np.asarray(grey, np.uint8), LEAST_SPREAD)[np.newaxis])
    return found
