"""A set of pictures as somebody delivered it: what each is called, what is said of it, and what could not be used."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import SourceError
from wakeful.frozen import dataclass

Picture = NDArray[np.uint8]
"""Grey levels [height, width], or blue-green-red [height, width, 3]."""
Array = NDArray[Any]

MAX_FILE_BYTES = 128_000_000
"""Larger members are not read: a small archive can hold a file that fills the memory."""
MAX_PICTURES = 200_000
"""What is kept of each for the comparison with all others takes 2.3 kB."""


class DataSetError(SourceError):
    """A data set that cannot be opened, or holds no pictures."""


@dataclass(frozen=True, slots=True)
class Item:
    """One picture.

    Attributes:
        name: its place in the set: a path with slashes, or a name and a row.
        split: ``train``, ``valid``, ``test`` or as delivered; "" unknown.
        person: whom it shows; "" unknown.
        labels: one for each of the set's columns; "" unknown.
    """

    name: str
    split: str = ""
    person: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unused:
    """What was delivered and could not be used."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Wish:
    """Columns that the user names; None: they are found by their names."""

    label: str | None = None
    split: str | None = None


class PictureSet(ABC):
    """Pictures that are decoded one at a time.

    Attributes:
        source: the file or folder.
        kind: what it is: a folder, a zip, a table, packed arrays.
        columns: names of the labels, the most important first.
        items: the pictures in a fixed order.
        unused: files, rows and columns that could not be used.
        notes: how it was understood, one line each.
    """

    source: Path
    kind: str
    columns: tuple[str, ...]
    items: tuple[Item, ...]
    unused: tuple[Unused, ...]
    notes: tuple[str, ...]

    @abstractmethod
    def picture(self, index: int) -> Picture | None:
        """One picture; None for what cannot be decoded."""

    @abstractmethod
    def write(self, kept: Sequence[int], out: Path) -> None:
        """Writes the kept pictures with all that is said of them into the new folder ``out``, in the form they had.

        Raises:
            OSError: it cannot be written.
        """
