"""Files below a folder or inside a zip, read where they lie: nothing is unpacked."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import IO

from wakeful.models.dataset.items import MAX_FILE_BYTES, DataSetError, Unused
from wakeful.sensors.image_folder import IMAGE_SUFFIXES

TABLES = (".csv", ".tsv")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
PACKED = (".npz", ".npy", ".mat", ".h5", ".hdf5", ".parquet", ".tfrecord", ".pkl", ".pickle", ".lmdb")
VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".gif", ".m4v", ".wmv", ".mcap")
LEFT_BY_SYSTEMS = ("thumbs.db", "desktop.ini", ".ds_store")


class Tree(ABC):
    """Named files.

    Attributes:
        pictures, tables: their names, paths with slashes, in order.
        unused: all other files.
    """

    def __init__(self, found: list[tuple[str, int]]) -> None:
        self.pictures: list[str] = []
        self.tables: list[str] = []
        self.unused: list[Unused] = []
        for name, size in sorted(found):
            self._sort_in(name, size)

    def _sort_in(self, name: str, size: int) -> None:
        last = name.rpartition("/")[2]
        suffix = Path(last).suffix.lower()
        if last.lower() in LEFT_BY_SYSTEMS or last.startswith(".") or "__MACOSX/" in f"/{name}":
            return
        if suffix in TABLES:
            self.tables.append(name)
        elif suffix not in IMAGE_SUFFIXES:
            self.unused.append(Unused(name, _why_not(suffix)))
        elif size == 0:
            self.unused.append(Unused(name, "empty file"))
        elif size > MAX_FILE_BYTES:
            self.unused.append(Unused(name, f"larger than {MAX_FILE_BYTES // 1_000_000} MB"))
        else:
            self.pictures.append(name)

    @abstractmethod
    def read(self, name: str) -> bytes | None:
        """Its content; None where it cannot be read."""

    @abstractmethod
    def open(self, name: str) -> IO[bytes]:
        """A table, to be read from its start."""


class Folder(Tree):
    """All files below a folder; links to folders are not followed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        refused: list[OSError] = []
        found = []
        for folder, inside, files in os.walk(root, onerror=refused.append):
            inside[:] = sorted(one for one in inside if not one.startswith("."))
            for file in files:
                path = Path(folder, file)
                try:
                    entry = path.stat()
                except OSError:
                    continue
                if stat.S_ISREG(entry.st_mode):
                    found.append((path.relative_to(root).as_posix(), entry.st_size))
        super().__init__(found)
        self.unused += [Unused(str(one.filename), f"folder cannot be read: {one.strerror}") for one in refused]

    def read(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except OSError:
            return None

    def open(self, name: str) -> IO[bytes]:
        return (self.root / name).open("rb")


class Zip(Tree):
    """The members of a zip."""

    def __init__(self, file: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (OSError, zipfile.BadZipFile, ValueError) as error:
            raise DataSetError(f"{file} cannot be read as a zip: {error}; copy it again") from None
        members = [one for one in self._zip.infolist() if not one.is_dir()]
        locked = [one for one in members if one.flag_bits & 1]
        super().__init__([(one.filename, one.file_size) for one in members if not one.flag_bits & 1])
        self.unused += [Unused(one.filename, "encrypted") for one in locked]

    def read(self, name: str) -> bytes | None:
        try:
            with self._zip.open(name) as opened:
                return opened.read(MAX_FILE_BYTES)
        except (OSError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError):
            return None

    def open(self, name: str) -> IO[bytes]:
        return self._zip.open(name)


def resolver(names: list[str]) -> Callable[[str, str], str | None]:
    """Finds the picture that a table means: ``find(folder of the table, what it says)``, None where there is none.

    Tables say paths from their own folder, from the root, from some other machine, or a bare name with or without its
    suffix: the name counts where just one picture has it.
    """
    known = set(names)
    by_last: dict[str, list[str]] = defaultdict(list)
    for name in names:
        last = name.rpartition("/")[2]
        by_last[last].append(name)
        by_last[last.rpartition(".")[0]].append(name)

    def find(folder: str, says: str) -> str | None:
        says = says.strip().replace("\\", "/").removeprefix("./")
        for name in (f"{folder}/{says}" if folder else says, says):
            if name in known:
                return name
        parts = says.split("/")
        for candidate in (by_last.get(parts[-1], []), by_last.get(says, [])):
            ending = [name for name in candidate if f"/{name}".endswith(f"/{says}")]
            for one in (ending, [name for name in candidate if name.rpartition(".")[0].endswith(says)], candidate):
                if len(one) == 1:
                    return one[0]
        return None

    return find


def _why_not(suffix: str) -> str:
    if suffix in ARCHIVES:
        return "an archive inside: unpack it, or give it itself"
    if suffix in PACKED:
        return "packed arrays inside: give the file itself if it is an .npz"
    if suffix in VIDEOS:
        return "a video: `wakeful data label` takes logs"
    return f"neither a picture nor a table ({suffix or 'no suffix'})"
