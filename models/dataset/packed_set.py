"""A set of packed arrays (.npz): pictures as one array or as files one after the other, and what is said of each."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wakeful.files import replace_file
from wakeful.models.dataset.items import Array, DataSetError, Item, Picture, PictureSet, Unused, Wish
from wakeful.models.dataset.tree import Folder, Tree, Zip, resolver
from wakeful.models.dataset.words import (
    FILES,
    LABEL_COLUMNS,
    PERSON_COLUMNS,
    PICTURE_ARRAYS,
    SPLIT_COLUMNS,
    plain,
    split_or_text,
)
from wakeful.sensors.image_folder import decode_image

CONTENT, OFFSET = "bytes", "offset"
MOST_CLASSES = 200
LEAST_PX = 8


class PackedSet(PictureSet):
    """The pictures of an .npz file; of one without pictures, those beside it that it describes.

    Beside ``faces_labels.npz`` these are the files in ``faces.bin`` (by ``offset``), beside ``points.npz`` those in
    ``points.zip`` or the folder ``points`` (by ``name``).
    """

    kind = "packed arrays"

    def __init__(self, source: Path, wish: Wish) -> None:
        self.source = source
        self._arrays, unused = _arrays(source)
        self._files: tuple[Tree, list[str]] | None = None
        self._content: Array | None = None
        self._images = self._whole_pictures()
        if self._images is None:
            self._find_encoded()
        count = self._count()
        names = self._of(FILES, count) or self._texts_of_their_own(count)
        self.notes = (self._pictures_note(count),)
        self.columns = self._label_columns(count, wish)
        said = [self._texts(column) for column in self.columns]
        split = self._split_column(count, wish)
        splits = [split_or_text(text) for text in self._texts(split)] if split else [""] * count
        person = self._of(PERSON_COLUMNS, count)
        people = self._texts(person) if person else [""] * count
        called = self._texts(names) if names else [""] * count
        if len(set(called)) < count:  # the row makes each name its own
            called = [f"{i}:{name}" if name else str(i) for i, name in enumerate(called)]
        self.items = tuple(Item(called[i], splits[i], people[i], tuple(one[i] for one in said)) for i in range(count))
        self.unused = tuple(unused)

    def picture(self, index: int) -> Picture | None:
        if self._images is not None:
            return np.asarray(self._images[index])
        data = self._encoded(index)
        return decode_image(data) if data else None

    def write(self, kept: Sequence[int], out: Path) -> None:
        chosen, count = np.asarray(kept, np.intp), len(self.items)
        packed: dict[str, Any] = {
            name: array[chosen] if array.ndim and len(array) == count else array
            for name, array in self._arrays.items()
            if name not in (CONTENT, OFFSET)
        }
        if self._images is None:
            parts = [self._encoded(index) for index in kept]
            packed[CONTENT] = np.frombuffer(b"".join(parts), np.uint8)
            packed[OFFSET] = np.cumsum([0, *map(len, parts)])

        def write(part: Path) -> None:
            with part.open("wb") as opened:
                np.savez_compressed(opened, **packed)

        replace_file(out / self.source.name, write, private=True)

    def _whole_pictures(self) -> Array | None:
        """The array of pictures, if there is one."""
        fits = [name for name, array in self._arrays.items() if _are_pictures(array)]
        order = {name: i for i, name in enumerate(PICTURE_ARRAYS)}
        best = min(fits, key=lambda name: order.get(plain(name), len(order)), default=None)
        if best is None:
            return None
        array = self._arrays[best]
        return array[..., 0] if array.ndim == 4 and array.shape[3] == 1 else array

    def _find_encoded(self) -> None:
        """Encoded pictures in the file itself, in a .bin, a .zip or a folder beside it."""
        stem = self.source.stem
        offset = self._arrays.get(OFFSET)
        if offset is not None and offset.ndim == 1 and len(offset) > 1 and np.issubdtype(offset.dtype, np.integer):
            self._content = self._arrays.get(CONTENT)
            beside = self.source.with_name(f"{stem.removesuffix('_labels')}.bin")
            if self._content is None and beside.is_file():
                self._content = np.memmap(beside, np.uint8, "r")
            if self._content is not None and self._content.dtype == np.uint8 and self._content.ndim == 1:
                return
        self._content = None
        names = next((name for name in self._arrays if plain(name) in FILES), None)
        packed, folder = self.source.with_name(f"{stem}.zip"), self.source.with_name(stem)
        tree: Tree | None = Zip(packed) if packed.is_file() else Folder(folder) if folder.is_dir() else None
        if tree is not None and names is not None:
            find = resolver(tree.pictures)
            self._files = (tree, [find("", text) or "" for text in self._texts(names)])
            return
        raise DataSetError(
            f"{self.source} holds no pictures: expected uint8 `images` [N, height, width], or `bytes` and `offset`, "
            f"not {', '.join(self._arrays) or 'nothing'}"
        )

    def _encoded(self, index: int) -> bytes:
        if self._files is not None:
            tree, names = self._files
            return (tree.read(names[index]) if names[index] else None) or b""
        assert self._content is not None
        start, end = (int(at) for at in self._arrays[OFFSET][index : index + 2])
        return np.asarray(self._content[start:end]).tobytes() if 0 <= start < end else b""

    def _count(self) -> int:
        if self._images is not None:
            return len(self._images)
        return len(self._files[1]) if self._files else len(self._arrays[OFFSET]) - 1

    def _pictures_note(self, count: int) -> str:
        if self._images is not None:
            return f"{count} pictures as an array"
        return f"{count} encoded pictures {'beside the file' if CONTENT not in self._arrays else 'in the file'}"

    def _rows(self, count: int) -> list[str]:
        """Arrays that say one thing of each picture."""
        return [name for name, array in self._arrays.items() if array.shape == (count,)]

    def _of(self, words: frozenset[str], count: int) -> str | None:
        return next((name for name in self._rows(count) if plain(name) in words), None)

    def _texts_of_their_own(self, count: int) -> str | None:
        """An array of texts of which nearly each is different: it names pictures, or what they are cut from."""
        texts = [name for name in self._rows(count) if self._arrays[name].dtype.kind == "U"]
        distinct = {name: len(np.unique(self._arrays[name])) for name in texts}
        best = max(texts, key=lambda name: distinct[name], default=None)
        return best if best is not None and distinct[best] > max(MOST_CLASSES, count // 4) else None

    def _split_column(self, count: int, wish: Wish) -> str | None:
        if wish.split is not None:
            return wish.split if wish.split in self._rows(count) else None
        return self._of(SPLIT_COLUMNS, count)

    def _label_columns(self, count: int, wish: Wish) -> tuple[str, ...]:
        rows = self._rows(count)
        if wish.label is not None:
            votes = self._votes(count)
            return (wish.label,) if wish.label in rows or wish.label in votes else ()
        known = [name for word in LABEL_COLUMNS for name in rows if plain(name) == word]
        named = [name for name in rows if f"{name}_names" in self._arrays and plain(name) not in PERSON_COLUMNS]
        few = [name for name in [*known, *named] if len(np.unique(self._arrays[name])) <= MOST_CLASSES]
        return tuple(dict.fromkeys([*few, *self._votes(count)]))

    def _votes(self, count: int) -> list[str]:
        """Arrays [N, K] of votes for K names, as ``votes`` with ``vote_names``: the name with the most is a label."""
        return [
            name
            for name, array in self._arrays.items()
            if array.ndim == 2
            and len(array) == count
            and np.issubdtype(array.dtype, np.integer)
            and self._names_of(name) is not None
            and len(self._names_of(name) or ()) == array.shape[1]
        ]

    def _names_of(self, column: str) -> list[str] | None:
        found = self._arrays.get(f"{column}_names", self._arrays.get(f"{column.removesuffix('s')}_names"))
        return None if found is None or found.ndim != 1 else [str(one) for one in found.tolist()]

    def _texts(self, column: str) -> list[str]:
        """A column as texts: numbers by their names where the file has names for them; -1 is unknown."""
        array = self._arrays[column]
        names = self._names_of(column)
        if array.ndim == 2:
            return [(names or [])[best] for best in array.argmax(axis=1).tolist()]
        if np.issubdtype(array.dtype, np.integer) and names is not None:
            return [names[value] if 0 <= value < len(names) else "" for value in array.tolist()]
        return [str(value) for value in array.tolist()]


def _arrays(source: Path) -> tuple[dict[str, Array], list[Unused]]:
    """All arrays of the file but those of objects, which would run what they hold."""
    found: dict[str, Array] = {}
    unused = []
    try:
        with np.load(source, allow_pickle=False) as packed:
            if not hasattr(packed, "files"):
                raise DataSetError(f"{source} is one bare array: pack it as `images` of an .npz, with its labels")
            for name in packed.files:
                try:
                    found[name] = packed[name]
                except ValueError:
                    unused.append(Unused(name, "an array of objects, or a damaged one"))
    except (OSError, zipfile.BadZipFile, EOFError, ValueError) as error:
        raise DataSetError(f"{source} cannot be read as packed arrays (.npz): {error}") from None
    return found, unused


def _are_pictures(array: Array) -> bool:
    colours = array.ndim == 3 or (array.ndim == 4 and array.shape[3] in (1, 3))
    return array.dtype == np.uint8 and colours and len(array) > 0 and min(array.shape[1:3]) >= LEAST_PX
