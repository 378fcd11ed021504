"""Made-up faces for the tests of training: what matters is in them, nobody is."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from wakeful.models.expression.data import Faces
from wakeful.models.expression.face import SIZE_PX

ROOT = Path(__file__).resolve().parents[3]


def made_up(count: int, split: str = "train", seed: int = 0) -> Faces:
    """Random pictures with a bright bar whose height in the picture gives the class, so that there is something to
    learn; three in four of ten people agree on it."""
    draw = np.random.default_rng(seed)
    label = draw.integers(0, 7, count)
    images = draw.integers(60, 140, (count, SIZE_PX, SIZE_PX))
    for image, row in zip(images, label, strict=True):
        image[6 * row + 2 : 6 * row + 7, 8:40] += 90
    votes = np.zeros((count, 10), np.int16)
    votes[np.arange(count), label] = 8
    votes[np.arange(count), (label + 1) % 8] = 2
    return Faces(
        images=images.astype(np.uint8),
        votes=votes,
        fer2013=label.astype(np.int8),
        split=np.full(count, split),
        name=np.array([f"fer{i:07}.png" for i in range(count)]),
    )


def together(*parts: Faces) -> Faces:
    """Several splits as one."""
    fields = ("images", "votes", "fer2013", "split", "name")
    return Faces(*(np.concatenate([getattr(part, field) for part in parts]) for field in fields))


def write(faces: Faces, file: Path) -> Path:
    """Packs faces as ``wakeful data build`` does."""
    np.savez(file, images=faces.images, votes=faces.votes, fer2013=faces.fer2013, split=faces.split, name=faces.name)
    return file


def real_faces() -> Path:
    """The packed file of real faces; skips where it is not at hand. It is no part of the project."""
    file = Path(os.environ.get("WAKEFUL_FERPLUS") or ROOT.parent / "shared" / "data" / "ferplus.npz")
    if not file.is_file():
        pytest.skip("the faces of FER+ are not at hand: set WAKEFUL_FERPLUS to the packed file")
    return file
