"""The faces and labels that the expression network is trained and evaluated with: FER2013 with the votes of FER+.

Both are packed into one file. ``load`` reads it and says in one line what is wrong with a broken one.
"""

from __future__ import annotations

import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import WakefulError
from wakeful.frozen import dataclass
from wakeful.models.expression.face import FER2013_CLASSES, FERPLUS_CLASSES, SIZE_PX

SPLITS = ("train", "valid", "test")
VOTE_NAMES = (*FERPLUS_CLASSES, "unknown", "NF")


class DataError(WakefulError, ValueError):
    """A data file or folder is not what it should be."""


@dataclass(frozen=True, slots=True)
class Faces:
    """Labelled faces of one or more splits.

    Attributes:
        images: [N, 48, 48] uint8 grey levels.
        votes: [N, 10] int16, how many of ten people saw each of ``VOTE_NAMES``.
        fer2013: [N] int8, index into ``FER2013_CLASSES``.
        split: [N] of ``SPLITS``.
        name: [N], file name in FER+.
    """

    images: NDArray[np.uint8]
    votes: NDArray[np.int16]
    fer2013: NDArray[np.int8]
    split: NDArray[np.str_]
    name: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.images)

    def of(self, split: str) -> Faces:
        """The faces of one split."""
        return self.where(self.split == split)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Faces:
        """The chosen faces."""
        return Faces(*(getattr(self, field.name)[chosen] for field in fields(self)))


def load(file: Path) -> Faces:
    """Reads a packed file.

    Raises:
        DataError: it cannot be read, something is missing, or it holds it in another shape.
    """
    try:
        with np.load(file, allow_pickle=False) as packed:
            missing = {"images", "votes", "fer2013", "split", "name"} - set(packed.files)
            if missing:
                absent = ", ".join(sorted(missing))
                raise DataError(f"{file} has no {absent}: make it with `wakeful data build ferplus`")
            faces = Faces(*(packed[key] for key in ("images", "votes", "fer2013", "split", "name")))
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, ValueError, EOFError, TypeError, AttributeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{file} is not a file of packed faces (.npz)") from None
    _check(file, faces)
    return faces


def _check(file: Path, faces: Faces) -> None:
    count = faces.images.shape[0] if faces.images.ndim else 0
    wanted: dict[str, tuple[NDArray[Any], tuple[int, ...], type]] = {
        "images": (faces.images, (count, SIZE_PX, SIZE_PX), np.uint8),
        "votes": (faces.votes, (count, len(VOTE_NAMES)), np.integer),
        "fer2013": (faces.fer2013, (count,), np.integer),
        "split": (faces.split, (count,), np.str_),
        "name": (faces.name, (count,), np.str_),
    }
    for key, (array, shape, kind) in wanted.items():
        if array.shape != shape or not np.issubdtype(array.dtype, kind):
            raise DataError(f"{file}: {key} is {array.dtype} {list(array.shape)}, not {kind.__name__} {list(shape)}")
    if count == 0:
        raise DataError(f"{file} holds no faces")
    if faces.votes.min() < 0 or not 0 <= faces.fer2013.min() <= faces.fer2013.max() < len(FER2013_CLASSES):
        raise DataError(f"{file}: a label is out of range")
    if strange := set(faces.split.tolist()) - set(SPLITS):
        raise DataError(f"{file}: unknown split {sorted(strange)[0]!r}, not one of {', '.join(SPLITS)}")


def without_single_votes(votes: NDArray[np.int16]) -> NDArray[np.int16]:
    """As the code of the FER+ paper cleans votes: what one person alone saw is dropped."""
    return np.where(votes > 1, votes, 0).astype(np.int16)


def distributions(votes: NDArray[np.int16]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Soft targets [N, 8] over the emotions and weights [N]: the share of votes that went to an emotion.

    Faces without an emotion that two people agree on have weight 0.
    """
    cleaned = without_single_votes(votes).astype(np.float32)
    emotions = cleaned[:, : len(FERPLUS_CLASSES)]
    total = emotions.sum(axis=1)
    targets = emotions / np.maximum(total, 1.0)[:, None]
    return targets, total / np.maximum(cleaned.sum(axis=1), 1.0)


def paper_labels(votes: NDArray[np.int16]) -> NDArray[np.int64]:
    """Labels [N] of the FER+ paper's majority protocol, -1 for faces that it leaves out.

    Single votes are dropped; the class with more than half of the votes left is the label, if it is an emotion.
    """
    cleaned = without_single_votes(votes)
    best = cleaned.argmax(axis=1)
    clear = 2 * cleaned.max(axis=1) > cleaned.sum(axis=1)
    return np.where(clear & (best < len(FERPLUS_CLASSES)), best, -1).astype(np.int64)


def plain_labels(votes: NDArray[np.int16]) -> NDArray[np.int64]:
    """Labels [N]: the emotion with most votes (the first of equals)."""
    return np.asarray(votes[:, : len(FERPLUS_CLASSES)].argmax(axis=1), np.int64)


def load_folder(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64], tuple[str, ...]]:
    """Grey faces [N, 48, 48], labels [N] and the class names of a folder with one subfolder of face pictures per class.

    The subfolders are named as in FER+ or as in FER2013; pictures are cropped faces of any size.

    Raises:
        DataError: no subfolders, one with an unknown name, or a picture that cannot be read.
    """
    from wakeful.sensors.opencv import cv2

    names = sorted(part.name for part in folder.iterdir() if part.is_dir())
    known = next((set_ for set_ in (FERPLUS_CLASSES, FER2013_CLASSES) if set(names) <= set(set_)), None)
    if not names:
        raise DataError(f"{folder} has no subfolders: it needs one for each class, such as {folder / 'happiness'}")
    if known is None:
        strange = next(name for name in names if name not in FERPLUS_CLASSES)
        raise DataError(
            f"{folder}: {strange!r} together with the others is not a known set of classes; FER+ has "
            f"{', '.join(FERPLUS_CLASSES)}, FER2013 has {', '.join(FER2013_CLASSES)}"
        )
    classes = tuple(name for name in known if name in names)
    images, labels = [], []
    for label, name in enumerate(classes):
        for file in sorted(part for part in (folder / name).iterdir() if part.is_file()):
            picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
            if picture is None:
                raise DataError(f"{file} is not an image that can be read")
            images.append(cv2.resize(picture, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA))
            labels.append(label)
    if not images:
        raise DataError(f"{folder} holds no pictures")
    return np.stack(images).astype(np.uint8), np.array(labels, np.int64), classes
