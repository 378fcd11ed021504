"""Opens whatever a data set was delivered as."""

from __future__ import annotations

import zipfile
from pathlib import Path

from wakeful.models.dataset.files_set import FileSet
from wakeful.models.dataset.items import MAX_PICTURES, DataSetError, PictureSet, Wish
from wakeful.models.dataset.packed_set import PackedSet
from wakeful.models.dataset.tree import TABLES, Folder, Zip


def open_set(source: Path, wish: Wish | None = None) -> PictureSet:
    """A folder of pictures, a zip of one, a table of pixels or file names (.csv, .tsv), or packed arrays (.npz).

    Raises:
        DataSetError: it is none of these, holds no pictures or too many, or has no column of a name that was wished.
    """
    wish = wish or Wish()
    found = _opened(source, wish)
    if not found.items:
        unused = f"; {len(found.unused)} files or rows are none: {found.unused[0].why}" if found.unused else ""
        raise DataSetError(f"{source} holds no pictures{unused}")
    if len(found.items) > MAX_PICTURES:
        raise DataSetError(f"{source} holds {len(found.items)} pictures: give at most {MAX_PICTURES}, a part at a time")
    if wish.label is not None and wish.label.lower() not in [one.lower() for one in found.columns]:
        there = ", ".join(_opened(source, Wish(split=wish.split)).columns) or "none"
        raise DataSetError(f"{source} has no labels {wish.label!r}; without --label it has {there}")
    if wish.split is not None and not any(item.split for item in found.items):
        raise DataSetError(f"{source} has no column {wish.split!r} that says train or test: leave --split out")
    return found


def _opened(source: Path, wish: Wish) -> PictureSet:
    suffix = source.suffix.lower()
    try:
        if source.is_dir():
            return _folder(source, wish)
        if not source.is_file():
            raise DataSetError(f"{source}: there is no such file or folder")
        if suffix == ".npz":
            return PackedSet(source, wish)
        if suffix in TABLES:
            return FileSet(source, "table", _Beside(source), wish, named_only=True)
        if zipfile.is_zipfile(source):
            return FileSet(source, "zip", Zip(source), wish)
    except OSError as error:
        if isinstance(error, DataSetError):
            raise
        raise DataSetError(f"{source} cannot be read: {error.strerror or error}") from None
    raise DataSetError(
        f"{source} is none of a folder, a .zip, a table (.csv, .tsv) and packed arrays (.npz): unpack or export it"
    )


def _folder(source: Path, wish: Wish) -> PictureSet:
    """A folder; of one with nothing but an archive in it, as they are downloaded, that archive."""
    tree = Folder(source)
    if not tree.pictures and not tree.tables:
        inside = [one for one in source.iterdir() if one.suffix.lower() in (".npz", ".zip") and one.is_file()]
        if len(inside) == 1:
            return _opened(inside[0], wish)
    return FileSet(source, "folder", tree, wish)


class _Beside(Folder):
    """The folder of a table, with that table alone."""

    def __init__(self, table: Path) -> None:
        super().__init__(table.parent)
        self.tables, self.unused = [table.name], []
