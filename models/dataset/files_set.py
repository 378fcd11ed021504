"""A set that was delivered as files: pictures in folders or a zip, with or without tables that say more of them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path

from wakeful.files import PRIVATE_MODE, write_file
from wakeful.frozen import dataclass
from wakeful.models.dataset.items import Item, Picture, PictureSet, Unused, Wish
from wakeful.models.dataset.tables import Table, pixels_of, read_table
from wakeful.models.dataset.tree import Tree, resolver
from wakeful.models.dataset.words import labels_of_path, split_or_text
from wakeful.sensors.image_folder import decode_image

FOLDER = "folder"
"""The column of classes that folders are named after."""
INDEX = "pictures.csv"


@dataclass(slots=True)
class _Said:
    """What is said of one picture, by column."""

    labels: dict[str, str] = field(default_factory=dict)
    split: str = ""
    person: str = ""


class FileSet(PictureSet):
    """Pictures of a tree.

    Args:
        named_only: only pictures that a table names belong to the set.
    """

    def __init__(self, source: Path, kind: str, tree: Tree, wish: Wish, *, named_only: bool = False) -> None:
        self.source, self.kind, self._tree = source, kind, tree
        self._pixels: dict[str, Picture] = {}
        self._unused, self._notes = list(tree.unused), list[str]()
        self._columns: list[str] = []
        self._find = resolver(tree.pictures)
        said = {name: _Said() for name in ([] if named_only else tree.pictures)}
        for name in tree.tables:
            self._take_table(name, wish, said)
        if wish.label in (None, FOLDER):
            self._take_folders(said)
        self.columns = tuple(self._columns)
        self.items = tuple(
            Item(name, one.split, one.person, tuple(one.labels.get(column, "") for column in self.columns))
            for name, one in said.items()
        )
        self.unused, self.notes = tuple(self._unused), tuple(self._notes)

    def picture(self, index: int) -> Picture | None:
        name = self.items[index].name
        if name in self._pixels:
            return self._pixels[name]
        data = self._tree.read(name)
        return None if data is None else decode_image(data)

    def write(self, kept: Sequence[int], out: Path) -> None:
        rows = [("file", "split", "person", *self.columns)]
        for index in kept:
            item = self.items[index]
            target, data = self._file(item)
            path = out / target
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, data, private=True, durable=False)
            rows.append((target, item.split, item.person, *item.labels))
        with (out / INDEX).open("w", encoding="utf-8", newline="") as file:
            (out / INDEX).chmod(PRIVATE_MODE)
            csv.writer(file).writerows(rows)

    def _file(self, item: Item) -> tuple[str, bytes]:
        """Where a picture is written, and its bytes as they were delivered; pixels of a table become a PNG."""
        if item.name in self._pixels:
            from wakeful.sensors.opencv import cv2

            table, _, row = item.name.rpartition(":")
            name = f"{item.split or 'all'}/{Path(table).stem}-{row}.png"
            return name, cv2.imencode(".png", self._pixels[item.name])[1].tobytes()
        # An archive may name places outside of the folder that it is written to.
        safe = "/".join(part for part in item.name.split("/") if part not in ("", ".", ".."))
        return safe, self._tree.read(item.name) or b""

    def _take_folders(self, said: dict[str, _Said]) -> None:
        splits, classes = Counter[str](), Counter[str]()
        for name, one in said.items():
            split, label = labels_of_path(name)
            one.split = one.split or split
            splits[split] += 1
            classes[label] += 1
            if label:
                one.labels[FOLDER] = label
        if len(classes) > 1:
            self._columns.append(FOLDER)
            self._notes.append(f"classes by the names of {len(classes)} folders")
        if set(splits) - {""}:
            self._notes.append("splits by the names of folders")

    def _take_table(self, name: str, wish: Wish, said: dict[str, _Said]) -> None:
        with self._tree.open(name) as opened:
            table = read_table(opened, wish)
            if isinstance(table, Unused):
                self._unused.append(Unused(name, table.why))
            elif table.roles.pixels >= 0:
                self._take_pixels(name, table, said)
            elif table.roles.file >= 0:
                self._take_rows(name, table, said)
            else:
                self._unused.append(Unused(name, f"no column of files or pixels: {', '.join(table.columns)[:120]}"))

    def _take_pixels(self, name: str, table: Table, said: dict[str, _Said]) -> None:
        for number, row in table.rows:
            place = f"{name}:{number}"
            picture = pixels_of(table.value(row, table.roles.pixels))
            if picture is None:
                self._unused.append(Unused(place, "a row whose pixels are no square picture of levels 0 to 255"))
                continue
            self._pixels[place] = picture
            said[place] = _Said()
            self._note(said[place], table, row)
        self._name_columns(name, table, "pictures as text")

    def _take_rows(self, name: str, table: Table, said: dict[str, _Said]) -> None:
        folder, found = name.rpartition("/")[0], 0
        for number, row in table.rows:
            says = table.value(row, table.roles.file)
            picture = self._find(folder, says) if says else None
            if picture is None:
                self._unused.append(Unused(f"{name}:{number}", "a row whose picture is not there"))
                continue
            found += 1
            self._note(said.setdefault(picture, _Said()), table, row, f"{name}:{number}")
        if found:
            self._name_columns(name, table, f"{found} rows of pictures")

    def _note(self, one: _Said, table: Table, row: list[str], place: str = "") -> None:
        """Adds what a row says of a picture; of two rows the first counts."""
        roles = table.roles
        one.split = one.split or split_or_text(table.value(row, roles.split))
        one.person = one.person or table.value(row, roles.person)
        for column in roles.labels:
            label = table.value(row, column)
            before = one.labels.setdefault(table.columns[column], label)
            if before != label:
                self._unused.append(Unused(place, f"a second row of a picture with another {table.columns[column]}"))

    def _name_columns(self, name: str, table: Table, what: str) -> None:
        labels = [table.columns[one] for one in table.roles.labels]
        self._columns += [one for one in labels if one not in self._columns]
        ignored = f"; not used: {', '.join(table.roles.unknown)[:120]}" if table.roles.unknown else ""
        self._notes.append(f"{name}: {what}, labels {', '.join(labels) or 'none'}{ignored}")
