"""Makes what the face network is trained with: grey pictures, the teacher's 478 points and who may be learned from.

``python -m wakeful.models.face.build --data FOLDER --cache FOLDER --teacher FILE``. The data folder is described by
its own README: faces with 126 teacher points, faces with 68 human points (HELEN, YouTube Faces), car frames.
"""

from __future__ import annotations

import argparse
import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.files import replace_file
from wakeful.frozen import dataclass
from wakeful.models.face.teacher import POINTS, Network, Reading, around, open_teacher, read, twins
from wakeful.models.training.geometry import Crop, level_square
from wakeful.models.training.pictures import Encoded, Pictures
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]

PICTURES, TARGETS = "face_pictures.npz", "face_targets.npz"
TURNED_PICTURES, TURNED_TARGETS = "turned_pictures.npz", "turned_targets.npz"
"""Of ``wakeful.models.face.turned``."""
VALID_FOLD, YTF_TEST_FOLD = 0, 1
CAR_TEST_EVERY = 5
"""Drivers whose number is divisible by this are left out of every training: 23 people, 97 car frames, 185 faces."""
MIN_PRESENCE = 2.2
"""Logit; a reading of the teacher under it (presence 0.9) gives no points."""
MAX_OFF = 0.15
"""A reading that lies further from the known points, as a share of the face's width, is of something else."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What is known of each picture.

    Attributes:
        points: float32 [N, 478, 3] in picture pixels, depth in the same unit; NaN where the teacher gave none.
        human: float32 [N, 68, 2], points set by people; NaN where there are none.
        box: float32 [N, 4], centre, side and angle of the level square around the mesh.
        source: which set each is from.
        person: name of the person, "" where unknown.
        split: ``train``, ``valid``, ``test`` or ``out`` (of people that a test is about).
        flip: [478], twin of each point in a mirrored picture.
    """

    points: NDArray[np.float32]
    human: NDArray[np.float32]
    box: NDArray[np.float32]
    source: NDArray[np.str_]
    person: NDArray[np.str_]
    split: NDArray[np.str_]
    flip: NDArray[np.intp]

    def still(self, faces: int = 60) -> NDArray[np.intp]:
        """Numbers of validation faces, spread over all sets, that jitter is measured on."""
        chosen = np.flatnonzero((self.split == "valid") & (self.source != "utk") & (self.source != "car"))
        return chosen[:: max(1, len(chosen) // faces)][:faces]

    @classmethod
    def load(cls, folder: Path, name: str = TARGETS) -> Targets:
        """What ``build`` left in ``folder``."""
        with np.load(folder / name) as packed:
            return cls(*(packed[field.name] for field in fields(cls)))

    def save(self, file: Path) -> None:
        """Writes ``file``."""
        replace_file(file, lambda part: _save(part, vars_of(self)), private=False)

    def followed_by(self, others: Targets) -> Targets:
        """These and, after them, others of the same mesh."""
        mine, theirs = vars_of(self), vars_of(others)
        joined = {name: np.concatenate([mine[name], theirs[name]]) for name in mine if name != "flip"}
        return Targets(**joined, flip=self.flip)


@dataclass(frozen=True, slots=True)
class Item:
    """One picture (uint8 [h, w, 3]) of a data set before the teacher has read it.

    Attributes:
        start: where the face is, roughly; ``known``: teacher points [n, 2] from the label file, if any.
    """

    picture: NDArray[np.uint8]
    start: Crop
    known: Array | None
    human: Array | None
    source: str
    person: str
    split: str


def build(data: Path, cache: Path, teacher: Path, every: int = 1) -> None:
    """Reads every ``every``-th picture of all sets and writes ``PICTURES`` and ``TARGETS`` into ``cache``."""
    network = open_teacher(teacher)
    index = np.load(data / "faces_labels.npz")["point_index"].astype(np.intp)
    flip = twins(_first_meshes(data, network))
    greys: list[NDArray[np.uint8]] = []
    rows: dict[str, list[Any]] = {name: [] for name in ("points", "human", "box", "source", "person", "split")}
    for number, item in enumerate(everything(data)):
        if number % every:
            continue
        mesh = _settled(read(network, item.picture, item.start, flip, sure=item.known is not None), item, index)
        box = item.start if mesh is None else around(mesh, 1.0)
        greys.append(_grey(item.picture))
        rows["points"].append(np.full((POINTS, 3), np.nan) if mesh is None else mesh)
        rows["human"].append(np.full((68, 2), np.nan) if item.human is None else item.human)
        rows["box"].append([box.x_px, box.y_px, box.width_px, box.angle_rad])
        for name in ("source", "person", "split"):
            rows[name].append(getattr(item, name))
        if number % 2000 == 0:
            print(number, item.source, flush=True)
    cache.mkdir(parents=True, exist_ok=True)
    Pictures.of(greys).save(cache / PICTURES)
    arrays: dict[str, Array] = {
        name: np.array(values, np.float32 if name in ("points", "human", "box") else np.str_)
        for name, values in rows.items()
    }
    Targets(**arrays, flip=flip).save(cache / TARGETS)


def vars_of(targets: Targets) -> dict[str, Array]:
    """The arrays by name."""
    return {field.name: getattr(targets, field.name) for field in fields(targets)}


def _save(part: Path, arrays: dict[str, Array]) -> None:
    with part.open("wb") as opened:
        np.savez(opened, **arrays)  # type: ignore[arg-type]


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    levels: Any = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return np.asarray(levels, np.uint8)


def _settled(reading: Reading, item: Item, index: NDArray[np.intp]) -> Array | None:
    """The mesh [478, 3] to learn, or None where the teacher is unsure or read another face.

    The known points keep their places: they were read at the source's full resolution.
    """
    if item.known is None:
        return reading.points if reading.presence > MIN_PRESENCE else None
    mesh = reading.points.copy()
    off = np.linalg.norm(mesh[index, :2] - item.known, axis=1).mean()
    if off > MAX_OFF * item.start.width_px:
        return None
    mesh[index, :2] = item.known
    return mesh


def _first_meshes(data: Path, network: Network) -> list[Array]:
    """Plain readings of some faces, to find the twins of points with."""
    meshes: list[Array] = []
    for number, item in enumerate(_faces(data)):
        if number % 5 == 0:
            meshes.append(read(network, item.picture, item.start, None).points)
        if len(meshes) == 200:
            break
    return meshes


def everything(data: Path) -> Iterator[Item]:
    """The pictures of all sets, in the order of ``Targets``."""
    yield from _faces(data)
    yield from _keypoints(data)
    yield from _cars(data)


def _faces(data: Path) -> Iterator[Item]:
    labels = dict(np.load(data / "faces_labels.npz"))
    pictures = Encoded(np.memmap(data / "faces.bin", np.uint8, "r"), labels["offset"])
    ytf_test = {name for name, fold in _ytf_folds(data).items() if fold == YTF_TEST_FOLD}
    right, left = (int(labels[side][0]) for side in ("right_eye", "left_eye"))
    for i in range(len(pictures)):
        points = labels["points"][i] / 32.0
        x_px, y_px, side, angle = level_square(points, points[right], points[left])
        source = str(labels["source_names"][labels["source"][i]])
        person = str(labels["person_names"][labels["person"][i]]) if labels["person"][i] >= 0 else ""
        if (source == "yawdd" and int(person.split("_")[1]) % CAR_TEST_EVERY == 0) or person in ytf_test:
            split = "out"
        else:
            split = "valid" if labels["fold"][i] == VALID_FOLD else "train"
        yield Item(pictures.read(i), Crop(x_px, y_px, side, angle), points, None, source, person, split)


def _keypoints(data: Path) -> Iterator[Item]:
    labels = dict(np.load(data / "keypoints68.npz"))
    folds = _ytf_folds(data)
    with zipfile.ZipFile(data / "keypoints68.zip") as images:
        for name, origin, subject, points in zip(
            labels["name"], labels["set"], labels["subject"], labels["points"], strict=True
        ):
            content = np.frombuffer(images.read(f"images/{name}.jpg"), np.uint8)
            x_px, y_px, side, angle = level_square(points, points[36], points[45])
            if origin == "helen-train":
                split = "valid" if _digest(str(name)) % 10 == 0 else "train"
            elif origin == "helen-test":
                split = "test"
            else:
                split = {VALID_FOLD: "valid", YTF_TEST_FOLD: "test"}.get(folds[str(subject)], "train")
            start = Crop(x_px, y_px, side * 1.1, angle)
            picture = Encoded(content, np.array([0, len(content)])).read(0)
            yield Item(picture, start, None, points, str(origin), str(subject), split)


def _cars(data: Path) -> Iterator[Item]:
    labels = dict(np.load(data / "car_frames.npz"))
    pictures = Encoded(labels["bytes"], labels["offset"])
    for i in range(len(pictures)):
        x0, y0, x1, y1 = labels["box"][i]
        right, left = labels["keypoints"][i][:2]
        corners = np.array([[x0, y0], [x1, y1]])
        angle = level_square(corners, right, left)[3]
        start = Crop((x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0), angle)
        split = "test" if labels["person"][i] % CAR_TEST_EVERY == 0 else "train"
        yield Item(pictures.read(i), start, None, None, "car", f"yawdd_{labels['person'][i]}", split)


def _ytf_folds(data: Path) -> dict[str, int]:
    """Fold of each YouTube Faces person: that of the same name among the faces, else by a digest of the name."""
    labels = np.load(data / "faces_labels.npz")
    named = labels["person"] >= 0
    folds = dict(zip(labels["person_names"][labels["person"][named]].tolist(), labels["fold"][named], strict=True))
    points = np.load(data / "keypoints68.npz")
    people = {str(name) for name in points["subject"][points["set"] == "ytf"]}
    return {name: int(folds.get(name, _digest(name) % 10)) for name in people}


def _digest(name: str) -> int:
    return int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(), 16)


def options(description: str | None) -> argparse.ArgumentParser:
    """Options of all commands that fill the cache."""
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    return parser


def main() -> None:
    """The command."""
    parser = options(__doc__)
    parser.add_argument("--teacher", type=Path, required=True, help="face_landmarks_detector.tflite")
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    build(given.data, given.cache, given.teacher, given.every)


if __name__ == "__main__":
    main()
