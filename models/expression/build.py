"""Packs FER+ from its official sources: ``wakeful data build ferplus``.

The faces are those of Kaggle's ``fer2013.csv`` (columns emotion, pixels, Usage), or pictures named as in FER+
(``fer0000000.png``) somewhere under a folder; the votes are Microsoft's ``fer2013new.csv`` (columns Usage, Image name,
then the ten votes), whose rows are in the order of ``fer2013.csv``. Rows that FER+ gives no name are not faces, and
are left out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.files import replace_file
from wakeful.models.expression.data import VOTE_NAMES, DataError, Faces
from wakeful.models.expression.face import FER2013_CLASSES, SIZE_PX

SPLIT_OF_USAGE = {"Training": "train", "PublicTest": "valid", "PrivateTest": "test"}
FACE_COLUMNS = ("emotion", "pixels", "Usage")
VOTE_COLUMNS = ("Usage", "Image name", *VOTE_NAMES)
# pixels is one field of 2,304 numbers, longer than csv's default limit allows for some files.
csv.field_size_limit(1 << 20)


def build(faces: Path, votes: Path, out: Path) -> Faces:
    """Reads both sources, writes ``out`` (.npz) whole or not at all, and gives what it holds.

    Args:
        faces: ``fer2013.csv``, or a folder of pictures whose subfolders may be named as the FER2013 classes.
        votes: ``fer2013new.csv``.

    Raises:
        DataError: a source is missing, broken, or they do not belong together.
    """
    packed = _from_folder(faces, votes) if faces.is_dir() else _from_csv(faces, votes)

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.savez_compressed(
                file,
                images=packed.images,
                split=packed.split,
                name=packed.name,
                votes=packed.votes,
                vote_names=np.array(VOTE_NAMES),
                fer2013=packed.fer2013,
                fer2013_names=np.array(FER2013_CLASSES),
                fer2013_ambiguous=ambiguous(packed),
            )

    try:
        replace_file(out, write, private=False)
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror}") from None
    return packed


def ambiguous(faces: Faces) -> NDArray[np.bool_]:
    """Which faces [N] have an exact copy with another FER2013 label."""
    labels: dict[bytes, set[int]] = {}
    for image, label in zip(faces.images, faces.fer2013, strict=True):
        labels.setdefault(image.tobytes(), set()).add(int(label))
    return np.array([len(labels[image.tobytes()]) > 1 for image in faces.images])


def _from_csv(faces: Path, votes: Path) -> Faces:
    rows = list(_rows(faces, FACE_COLUMNS))
    voted = list(_rows(votes, VOTE_COLUMNS))
    if len(rows) != len(voted):
        raise DataError(f"{faces} has {len(rows)} rows and {votes} has {len(voted)}: they do not belong together")
    kept = []
    for number, (row, vote) in enumerate(zip(rows, voted, strict=True), start=2):
        if row["Usage"] != vote["Usage"]:
            raise DataError(f"line {number}: {faces} says {row['Usage']!r} and {votes} says {vote['Usage']!r}")
        if counts := _counts(vote, votes, number):
            kept.append((_pixels(row, faces, number), _label(row, faces, number), counts, vote))
    return _packed(kept, votes)


def _from_folder(folder: Path, votes: Path) -> Faces:
    from wakeful.sensors.opencv import cv2

    files = {file.name: file for file in sorted(folder.rglob("*")) if file.is_file()}
    kept = []
    for number, vote in enumerate(_rows(votes, VOTE_COLUMNS), start=2):
        counts = _counts(vote, votes, number)
        if not counts:
            continue
        file = files.get(vote["Image name"])
        if file is None:
            raise DataError(f"{folder} has no {vote['Image name']}, which line {number} of {votes} names")
        picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if picture is None or picture.shape != (SIZE_PX, SIZE_PX):
            raise DataError(f"{file} is not an image of {SIZE_PX}x{SIZE_PX} pixels")
        if file.parent.name not in FER2013_CLASSES:
            raise DataError(f"{file} lies in no folder of a FER2013 class ({', '.join(FER2013_CLASSES)})")
        kept.append((picture.astype(np.uint8), FER2013_CLASSES.index(file.parent.name), counts, vote))
    return _packed(kept, votes)


def _packed(kept: list[tuple[NDArray[np.uint8], int, list[int], dict[str, str]]], votes: Path) -> Faces:
    if not kept:
        raise DataError(f"{votes} names no faces")
    images, labels, counts, rows = zip(*kept, strict=True)
    return Faces(
        images=np.stack(images),
        votes=np.array(counts, np.int16),
        fer2013=np.array(labels, np.int8),
        split=np.array([SPLIT_OF_USAGE[row["Usage"]] for row in rows]),
        name=np.array([row["Image name"] for row in rows]),
    )


def _rows(file: Path, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            table = csv.DictReader(text)
            missing = [name for name in columns if name not in (table.fieldnames or ())]
            if missing:
                raise DataError(f"{file} has no column {missing[0]!r}; it needs {', '.join(columns)}")
            for row in table:
                if row["Usage"] not in SPLIT_OF_USAGE:
                    raise DataError(f"{file}, line {table.line_num}: unknown Usage {row['Usage']!r}")
                yield row
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise DataError(f"{file} is not a CSV file") from None


def _counts(vote: dict[str, str], file: Path, number: int) -> list[int]:
    """The ten votes; empty for a row without a name, which FER+ leaves out."""
    try:
        counts = [int(vote[name]) for name in VOTE_NAMES]
    except (TypeError, ValueError):
        raise DataError(f"{file}, line {number}: a vote is not a whole number") from None
    if min(counts) < 0:
        raise DataError(f"{file}, line {number}: a vote is negative")
    return counts if vote["Image name"].strip() else []


def _pixels(row: dict[str, str], file: Path, number: int) -> NDArray[np.uint8]:
    try:
        levels = np.array((row["pixels"] or "").split(), dtype=np.int64)
    except (ValueError, OverflowError):
        levels = np.empty(0, np.int64)
    if levels.size != SIZE_PX**2 or levels.min() < 0 or levels.max() > 255:
        raise DataError(f"{file}, line {number}: pixels are not {SIZE_PX**2} grey levels from 0 to 255")
    return levels.reshape(SIZE_PX, SIZE_PX).astype(np.uint8)


def _label(row: dict[str, str], file: Path, number: int) -> int:
    if row["emotion"] not in {str(label) for label in range(len(FER2013_CLASSES))}:
        raise DataError(f"{file}, line {number}: emotion {row['emotion']!r} is not 0 to {len(FER2013_CLASSES) - 1}")
    return int(row["emotion"])
