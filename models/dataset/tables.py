"""Tables of pictures as the world writes them: with or without a head, any separator, pixels or names of files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import chain
from typing import IO

import numpy as np

from wakeful.frozen import dataclass
from wakeful.models.dataset.items import Picture, Unused, Wish
from wakeful.models.dataset.words import FILES, LABEL_COLUMNS, PERSON_COLUMNS, PIXELS, SPLIT_COLUMNS, plain
from wakeful.sensors.image_folder import IMAGE_SUFFIXES

SEPARATORS = ",;\t|"
MAX_FIELD_BYTES = 4_000_000
"""A picture of a thousand by a thousand pixels as text."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column of a table says what; -1: none.

    Attributes:
        labels: columns of labels, the most important first.
        unknown: names of columns that were not understood.
    """

    pixels: int
    file: int
    split: int
    person: int
    labels: tuple[int, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The head of a table and an iterator over its rows, each with its number from 1."""

    columns: tuple[str, ...]
    roles: Roles
    rows: Iterator[tuple[int, list[str]]]

    def value(self, row: list[str], column: int) -> str:
        """What a row says in a column; "" where it is too short."""
        return row[column].strip() if 0 <= column < len(row) else ""


def read_table(opened: IO[bytes], wish: Wish) -> Table | Unused:
    """Begins to read a table; ``Unused`` says why it cannot be used."""
    csv.field_size_limit(MAX_FIELD_BYTES)
    text = io.TextIOWrapper(opened, encoding=_encoding(opened), errors="replace", newline="")
    first = text.readline()
    if not first.strip():
        return Unused("", "empty table")
    separator = max(SEPARATORS, key=first.count)
    rows = csv.reader(chain([first], text), delimiter=separator)
    try:
        head = next(rows)
    except (csv.Error, StopIteration):
        return Unused("", "a first line that is no line of a table")
    columns = tuple(one.strip() or f"column {i + 1}" for i, one in enumerate(head))
    named_file = next((i for i, one in enumerate(head) if _is_picture(one)), None)
    if named_file is not None:  # no head: the first line is already about a picture
        columns = tuple("file" if i == named_file else f"column {i + 1}" for i in range(len(head)))
        others = tuple(i for i in range(len(head)) if i != named_file)
        roles = Roles(-1, named_file, -1, -1, others[:1], tuple(columns[i] for i in others[1:]))
        return Table(columns, roles, _numbered(chain([head], rows)))
    return Table(columns, roles_of(columns, wish), _numbered(rows))


def roles_of(columns: tuple[str, ...], wish: Wish) -> Roles:
    """What the columns are by their names."""
    names = [plain(one) for one in columns]

    def first(words: frozenset[str]) -> int:
        return next((i for i, name in enumerate(names) if name in words), -1)

    pixels, file, split, person = first(PIXELS), first(FILES), first(SPLIT_COLUMNS), first(PERSON_COLUMNS)
    if wish.split is not None:
        split = names.index(plain(wish.split)) if plain(wish.split) in names else -1
    words = LABEL_COLUMNS if wish.label is None else [plain(wish.label)]
    labels = tuple(names.index(word) for word in words if word in names)
    used = {pixels, file, split, person, *labels}
    return Roles(pixels, file, split, person, labels, tuple(one for i, one in enumerate(columns) if i not in used))


def pixels_of(text: str) -> Picture | None:
    """A square grey picture from its levels as text; None for what is none."""
    try:
        levels = np.array(text.split(), np.int64)
    except (ValueError, OverflowError):
        return None
    side = round(len(levels) ** 0.5)
    if len(levels) < 64 or side * side != len(levels) or levels.min() < 0 or levels.max() > 255:
        return None
    return levels.astype(np.uint8).reshape(side, side)


def _numbered(rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty; a row that cannot be read is an empty list."""
    number = 0
    while True:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield number, []
            continue
        if row:
            yield number, row


def _encoding(opened: IO[bytes]) -> str:
    """UTF-8 with or without its mark, else the one of western Windows, by the first part."""
    start = opened.read(65536)
    opened.seek(0)
    try:
        start.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "utf-8-sig" if error.start > len(start) - 4 else "cp1252"
    return "utf-8-sig"


def _is_picture(text: str) -> bool:
    return any(text.strip().lower().endswith(suffix) for suffix in IMAGE_SUFFIXES)
