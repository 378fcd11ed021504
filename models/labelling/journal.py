"""Every press of a key, on disk before it is answered: a file to which lines are only ever added.

A line is JSON: first what is labelled and how, then a label, or that one is taken back. Each has the number its page
gave it, so that one which a page sends twice, because it did not hear the answer, counts once. A line that was cut off
by a power failure was never answered; it is removed when the file is opened again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections import defaultdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

from wakeful.errors import ConfigError
from wakeful.files import PRIVATE_MODE
from wakeful.frozen import dataclass
from wakeful.models.dataset.items import PictureSet
from wakeful.models.labelling.scheme import Scheme

FORMAT = 1


class JournalError(ConfigError):
    """A journal that cannot be used, or belongs to another set."""


@dataclass(frozen=True, slots=True)
class Look:
    """One label.

    Attributes:
        id: as the page numbered it.
        row: which picture.
        label: the key.
        sure: pressed without doubt.
        who: the person, where named.
    """

    id: str
    row: int
    label: str
    sure: bool
    who: str = ""


class Journal:
    """The labels of one set. One process has it open at a time.

    Raises:
        JournalError: it cannot be read or written, is of another set or scheme, or is in use.
    """

    def __init__(self, file: Path, pictures: PictureSet, scheme: Scheme) -> None:
        self.file = file
        self._looks: dict[str, Look] = {}
        self._seen: set[str] = set()
        head = {
            "wakeful_labels": FORMAT,
            "source": pictures.source.name,
            "pictures": len(pictures.items),
            "digest": digest_of(pictures),
            "keys": scheme.names,
        }
        try:
            self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE_MODE)
        except OSError as error:
            raise JournalError(f"{file} cannot be opened: {error.strerror}; name another with --out") from None
        try:
            self._lock()
            self._read(head)
        except BaseException:
            os.close(self._descriptor)
            raise

    def add(self, look: Look, number: int) -> None:
        """Writes a label; on return the disk has it.

        Args:
            number: which look of this picture it is, from 1.

        Raises:
            OSError: it could not be written; the file is as it was.
        """
        if look.id in self._seen:
            return
        said = {"id": look.id, "row": look.row, "label": look.label, "sure": int(look.sure), "look": number}
        self._append(said | ({"who": look.who} if look.who else {}) | {"t": round(time.time(), 3)})
        self._take(look)

    def undo(self, id_: str, of: str) -> None:
        """Takes a label back; on return the disk has it. Raises ``OSError`` as ``add`` does."""
        if id_ in self._seen:
            return
        self._append({"id": id_, "undo": of, "t": round(time.time(), 3)})
        self._take_back(id_, of)

    def looks(self) -> dict[int, list[Look]]:
        """The labels of each picture in the order in which they were given, without those that were taken back."""
        found: dict[int, list[Look]] = defaultdict(list)
        for look in list(self._looks.values()):
            found[look.row].append(look)
        return dict(found)

    def close(self) -> None:
        """Another process may have it."""
        os.close(self._descriptor)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise JournalError(f"{self.file} is in use by another `wakeful data label`: end that one first") from None

    def _read(self, head: dict[str, Any]) -> None:
        size = os.fstat(self._descriptor).st_size
        content = os.pread(self._descriptor, size, 0)
        whole = content[: content.rfind(b"\n") + 1]
        if not whole:
            os.ftruncate(self._descriptor, 0)
            self._append(head)
            _sync_folder(self.file.parent)
            return
        if len(whole) < size:
            os.ftruncate(self._descriptor, len(whole))
        lines = whole.decode("utf-8", errors="replace").splitlines()
        try:
            self._check(json.loads(lines[0]), head)
            for line in lines[1:]:
                self._replay(json.loads(line))
        except JournalError:
            raise
        except (ValueError, KeyError, TypeError):
            raise JournalError(f"{self.file} is not a journal of labels: name another file with --out") from None

    def _check(self, found: Any, head: dict[str, Any]) -> None:
        if not isinstance(found, dict) or found.get("wakeful_labels") != FORMAT:
            raise JournalError(f"{self.file} is not a journal of labels that this version reads: name another file")
        if found.get("digest") != head["digest"]:
            raise JournalError(
                f"{self.file} has labels of {found.get('source')!r}, which has other pictures: name another file"
            )
        if found.get("keys") != head["keys"]:
            keys = ",".join(f"{key}={name}" for key, name in dict(found.get("keys", {})).items())
            raise JournalError(f"{self.file} was labelled with other keys: use --keys {keys}")

    def _replay(self, line: dict[str, Any]) -> None:
        if "undo" in line:
            self._take_back(str(line["id"]), str(line["undo"]))
        else:
            self._take(
                Look(str(line["id"]), int(line["row"]), str(line["label"]), bool(line["sure"]), line.get("who", ""))
            )

    def _take(self, look: Look) -> None:
        self._seen.add(look.id)
        self._looks[look.id] = look

    def _take_back(self, id_: str, of: str) -> None:
        self._seen.add(id_)
        self._looks.pop(of, None)

    def _append(self, said: dict[str, Any]) -> None:
        size = os.fstat(self._descriptor).st_size
        line = json.dumps(said, separators=(",", ":")).encode() + b"\n"
        try:
            if os.write(self._descriptor, line) != len(line):
                raise OSError(28, "No space left on device")
            os.fsync(self._descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, size)
            raise


def digest_of(pictures: PictureSet) -> str:
    """Tells sets of other pictures apart, by the names of the pictures."""
    hashed = blake2b(digest_size=12)
    for item in pictures.items:
        hashed.update(item.name.encode("utf-8", "surrogateescape") + b"\0")
    return hashed.hexdigest()


def _sync_folder(folder: Path) -> None:
    """A new file survives a power failure once its folder is on disk."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
