"""Patches of eyes as one packed file, made by ``wakeful data build eyes``."""

from __future__ import annotations

import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import WakefulError
from wakeful.files import replace_file
from wakeful.frozen import dataclass

SPLITS = ("train", "valid", "test")
# Between these shares neither answer is wrong: such eyes are left out.
SEEN_BELOW, COVERED_ABOVE = 0.1, 0.85


class EyeDataError(WakefulError, ValueError):
    """A file that holds no patches of eyes."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """Patches of eyes.

    Attributes:
        grey: uint8 [N, 64, 64]; the eye is 24 pixels wide.
        covered: float32 [N], share of the eye that something lies before.
        closed: bool [N].
        split: one of ``SPLITS`` for each.
        source: where each face comes from.
    """

    grey: NDArray[np.uint8]
    covered: NDArray[np.float32]
    closed: NDArray[np.bool_]
    split: NDArray[Any]
    source: NDArray[Any]

    def __len__(self) -> int:
        return len(self.grey)

    def where(self, chosen: NDArray[np.bool_]) -> Eyes:
        """Those chosen."""
        return Eyes(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def clear(self, split: str) -> Eyes:
        """Those of a split that are either seen or covered."""
        sure = (self.covered <= SEEN_BELOW) | (self.covered >= COVERED_ABOVE)
        return self.where((self.split == split) & sure)


def save(file: Path, eyes: Eyes) -> None:
    """Write a packed file in one step."""

    def write(part: Path) -> None:
        with part.open("wb") as opened:
            np.savez_compressed(opened, **{field.name: getattr(eyes, field.name) for field in fields(eyes)})

    replace_file(file, write, private=False)


def load(file: Path) -> Eyes:
    """Read a packed file.

    Raises:
        EyeDataError: it is missing, or something else.
    """
    try:
        with np.load(file) as packed:
            eyes = Eyes(*(packed[field.name] for field in fields(Eyes)))
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, AttributeError):
        raise EyeDataError(f"{file} holds no patches of eyes: make it with `wakeful data build eyes`") from None
    if (
        eyes.grey.ndim != 3
        or eyes.grey.dtype != np.uint8
        or len({len(getattr(eyes, f.name)) for f in fields(eyes)}) != 1
    ):
        raise EyeDataError(f"{file} holds no patches of eyes: make it with `wakeful data build eyes`")
    return eyes
