"""The teacher: dlib's embedding of a face (public domain weights), as 128 numbers that distance tells people apart by.

``python -m wakeful.models.identity.teacher --data FOLDER --cache FOLDER`` after ``wakeful.models.face.build`` reads
every picture once and keeps its numbers in the cache; interrupted, it goes on where it was. Needs ``dlib-bin`` and
``face-recognition-models`` of the extra ``[teacher]``.
"""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.extras import need
from wakeful.files import replace_file
from wakeful.models.face.build import Targets, everything, options
from wakeful.models.identity.layout import EMBEDDING_SIZE
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]

FILE = "identity_teacher.npz"
WEIGHTS = "models/dlib_face_recognition_resnet_model_v1.dat"
CHIP_PX, MARGIN = 150, 0.25
SAVED_EVERY = 2048
# Mesh points nearest to the 68 of iBUG, in their order; dlib aligns by those of eyes, nose and upper lip.
IBUG68 = (
    "162 234 93 58 172 136 149 148 152 377 378 365 397 288 323 454 389 71 63 105 66 107 336 296 334 293 "
    "301 168 197 5 4 75 97 2 326 305 33 160 158 133 153 144 362 385 387 263 373 380 61 39 37 0 "
    "267 269 291 405 314 17 84 181 78 82 13 312 308 317 14 87"
)
MESH68 = np.array([int(point) for point in IBUG68.split()])


class Teacher:
    """dlib's network; dlib itself lays the faces into their chips.

    Raises:
        ConfigError: its packages are not installed.
    """

    def __init__(self) -> None:
        need("teacher", "dlib", "face_recognition_models")
        need("train", "torch")
        import dlib

        from wakeful.models.identity.dlib_network import DlibNetwork

        found = find_spec("face_recognition_models")
        assert found is not None and found.submodule_search_locations
        self._dlib = dlib
        self._network = DlibNetwork(Path(found.submodule_search_locations[0]) / WEIGHTS)

    def chip(self, picture: NDArray[np.uint8], mesh: Array) -> NDArray[np.uint8]:
        """The face as dlib lays it, uint8 [150, 150, 3] red-green-blue.

        Args:
            picture: grey, or blue-green-red.
            mesh: points [468 or more, >=2] in picture pixels.
        """
        kind = cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB
        points = [self._dlib.point(*pair) for pair in np.round(mesh[MESH68, :2]).astype(int).tolist()]
        (x0, y0), (x1, y1) = (edge.astype(int).tolist() for edge in (mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)))
        face = self._dlib.full_object_detection(self._dlib.rectangle(x0, y0, x1, y1), points)
        chip = self._dlib.get_face_chip(cv2.cvtColor(picture, kind), face, size=CHIP_PX, padding=MARGIN)
        return np.asarray(chip, np.uint8)

    def embed(self, chips: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """float32 [N, 128] of chips."""
        return self._network(chips)


def load(cache: Path) -> NDArray[np.float32]:
    """What ``main`` left: float32 [N, 128], NaN for pictures without points."""
    with np.load(cache / FILE) as packed:
        numbers: NDArray[np.float32] = packed["embedding"]
    return numbers


def directions(numbers: NDArray[np.float32], learned: Array) -> NDArray[np.float32]:
    """Embeddings less the mean of those that are learned, of length 1: what they have in common tells nobody apart.

    Args:
        learned: bool [N].
    """
    mean = np.nanmean(numbers[learned], axis=0)
    centred = numbers - mean
    out: NDArray[np.float32] = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return out


def read_all(data: Path, cache: Path) -> None:
    """Writes ``FILE``, in steps that a later run goes on from."""
    teacher, targets = Teacher(), Targets.load(cache)
    numbers = np.full((len(targets.source), EMBEDDING_SIZE), np.nan, np.float32)
    done = 0
    if (cache / FILE).is_file():
        with np.load(cache / FILE) as packed:
            numbers, done = packed["embedding"], int(packed["done"])
    chips: list[NDArray[np.uint8]] = []
    rows: list[int] = []
    for row, item in enumerate(everything(data)):
        if row < done:
            continue
        if np.isfinite(targets.points[row, 0, 0]):
            chips.append(teacher.chip(item.picture, targets.points[row]))
            rows.append(row)
        if len(chips) == SAVED_EVERY or row == len(numbers) - 1:
            numbers[rows] = teacher.embed(chips)
            _save(cache / FILE, numbers, row + 1)
            print(row + 1, "of", len(numbers), flush=True)
            chips, rows = [], []


def _save(file: Path, numbers: NDArray[np.float32], done: int) -> None:
    def write(part: Path) -> None:
        with part.open("wb") as opened:
            np.savez(opened, embedding=numbers, done=done)

    replace_file(file, write, private=True)


def main() -> None:
    """The command."""
    parser: argparse.ArgumentParser = options(__doc__)
    given = parser.parse_args()
    read_all(given.data, given.cache)


if __name__ == "__main__":
    main()
