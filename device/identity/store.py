"""The enrolled people of this machine: one file each, readable by its owner alone, and really gone when forgotten."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wakeful.device.driver_store import forget_driver
from wakeful.device.drivers import is_driver_name
from wakeful.device.identity.template_file import (
    MAX_BYTES,
    MAX_LOOKS,
    Template,
    TemplateError,
    decoded,
    encoded,
    read_key,
)
from wakeful.errors import ConfigError, WakefulError
from wakeful.files import PRIVATE_MODE, write_file
from wakeful.frozen import dataclass

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

ENDING = ".face"
SALT = ".salt"
MAX_PEOPLE = 32
"""Each enrolled person is one more for whom a stranger can be taken."""


class StoreError(WakefulError, OSError):
    """The store cannot be read or written."""


def identities_folder() -> Path:
    """``WAKEFUL_IDENTITIES`` if set, else in the user's data folder."""
    if chosen := os.environ.get("WAKEFUL_IDENTITIES"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "wakeful" / "identities"


@dataclass(frozen=True, slots=True)
class Store:
    """The templates in a folder.

    Attributes:
        cipher: with which they are encrypted; None: they are not.
    """

    folder: Path
    cipher: Fernet | None = None

    def names(self) -> list[str]:
        """Everybody who is enrolled, also those whose file cannot be used."""
        try:
            found = [file.stem for file in self.folder.iterdir() if file.suffix == ENDING]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be read ({error.strerror}): set WAKEFUL_IDENTITIES") from None
        return sorted(name for name in found if is_driver_name(name))

    def load(self, name: str) -> Template:
        """One person.

        Raises:
            ConfigError: nobody is enrolled by this name, or the file cannot be used.
        """
        file = self.file(name)
        try:
            with file.open("rb") as opened:
                data = opened.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise ConfigError(f"nobody is enrolled as {name}{self._instead()}") from None
        except OSError as error:
            raise TemplateError(f"{file} cannot be read ({error.strerror})") from None
        template = decoded(data, file, self.cipher)
        if template.name != name:
            raise TemplateError(f"{file} is the template of {template.name}: `wakeful identity import` takes it in")
        return template

    def load_all(self) -> tuple[list[Template], list[str]]:
        """Everybody whose file can be used, and what is wrong with the others."""
        templates, problems = [], []
        for name in self.names():
            try:
                templates.append(self.load(name))
            except ConfigError as error:
                problems.append(str(error))
        return templates, problems

    def save(self, template: Template) -> None:
        """Keep a person; an older template of the same name stays until the new one is complete.

        Raises:
            ConfigError: the store is full.
            StoreError: it cannot be written.
        """
        file = self.file(template.name)
        if not file.exists() and len(self.names()) >= MAX_PEOPLE:
            raise ConfigError(f"{MAX_PEOPLE} people are enrolled, which is the most: `wakeful identity forget` one")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_file(file, encoded(template, self.cipher), private=True)
        except OSError as error:
            raise StoreError(f"{file} cannot be written ({error.strerror}); nothing was changed") from None

    def forget(self, name: str) -> list[Path]:
        """Remove all that is kept of a person, what was learned of their eyes too; gives the files that are gone.

        The bytes are overwritten first, and what a write that was cut short left behind goes as well.

        Raises:
            ConfigError: there is nothing of that name.
            StoreError: a file cannot be removed.
        """
        file = self.file(name)
        try:
            gone = [*(one for one in (file, *self._remains()) if remove(one)), *forget_driver(name)]
        except OSError as error:
            raise StoreError(f"{error.filename or file} cannot be removed ({error.strerror}): remove it") from None
        if not gone:
            raise ConfigError(f"nobody is enrolled as {name}{self._instead()}")
        return gone

    def file(self, name: str) -> Path:
        """Raises: ConfigError: nobody can be called so."""
        if not is_driver_name(name):
            raise ConfigError(
                f"{name!r} is not a driver name: use up to 64 letters, digits, dots, dashes and underscores, "
                "but not auto or unknown"
            )
        return self.folder / f"{name}{ENDING}"

    def state(self) -> tuple[tuple[str, int, int], ...]:
        """Differs when somebody was enrolled, changed or forgotten."""
        try:
            with os.scandir(self.folder) as entries:
                found = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(ENDING)]
        except OSError:
            return ()
        return tuple(sorted((name, status.st_mtime_ns, status.st_size) for name, status in found))

    def salt(self) -> bytes:
        """What names are hashed with: random, of this machine, and made when it is first needed.

        Raises:
            StoreError: it cannot be written.
        """
        file = self.folder / SALT
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not file.exists():
                write_file(file, os.urandom(32), private=True)
            return file.read_bytes()
        except OSError as error:
            raise StoreError(f"{file} cannot be written ({error.strerror}): set WAKEFUL_IDENTITIES") from None

    def _remains(self) -> list[Path]:
        return sorted(self.folder.glob(f".part-*{ENDING}"))

    def _instead(self) -> str:
        return f"; there are {', '.join(names)}" if (names := self.names()) else ""


def store_for(key: str | None) -> Store:
    """The store of this user, with the key file of ``[driver] key``. Raises: ConfigError: the key cannot be used."""
    return Store(identities_folder(), read_key(Path(key).expanduser()) if key else None)


def joined(before: Template, more: Template) -> Template:
    """One person with further looks; the newest are kept."""
    return replace(more, looks=np.concatenate([before.looks, more.looks])[-MAX_LOOKS:])


def remove(file: Path) -> bool:
    """Overwrite a file and remove it; False if there was none."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_MODE)
    except FileNotFoundError:
        return False
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(bytes(os.fstat(descriptor).st_size))
        opened.flush()
        os.fsync(descriptor)
    file.unlink()
    return True


def without_foreign(templates: Sequence[Template], network: str) -> tuple[list[Template], list[str]]:
    """The templates of this network, and the names of those of another."""
    return [one for one in templates if one.network == network], [
        one.name for one in templates if one.network != network
    ]
