"""Which networks there are, where their files lie, and whether they are the right ones.

``path(name)`` is all that perception needs: the file, verified. The entries themselves are data, in ``registry.toml``
beside this file. Fetching them is the business of ``wakeful.models.pull``.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Any

from wakeful.errors import ModelError
from wakeful.frozen import dataclass

REGISTRY = Path(__file__).with_name("registry.toml")
WEIGHTS = Path(__file__).with_name("weights")
PULL = "wakeful models pull"


class ModelMissing(ModelError, FileNotFoundError):
    """The network's file is not in the cache."""


class ModelCorrupt(ModelError, ValueError):
    """The network's file is not the one the registry names."""


class ModelUnknown(ModelError, LookupError):
    """The registry has no network of that name."""


class State(StrEnum):
    """What the cache holds of a network."""

    PRESENT = "present"
    MISSING = "missing"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input or output of a network, float32.

    Attributes:
        range: smallest and largest value an input takes; None for outputs.
        classes: what each value of the last axis stands for, where it is one of a set of names.
    """

    name: str
    shape: tuple[int, ...]
    meaning: str
    range: tuple[float, float] | None = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where files of networks come from.

    Attributes:
        kind: ``package``: a wheel that pip downloads; ``folder``: an archive the user downloads; ``project``: committed
            under ``models/weights``.
        file: name of the wheel or archive.
        bytes: its size.
        requirement, python_version, platform: what pip is asked for (``package`` only).
        address, sha256: where the archive is published and its hash (``folder`` only).
    """

    name: str
    kind: str
    licence: str
    file: str = ""
    bytes: int = 0
    requirement: str = ""
    python_version: str = ""
    platform: str = ""
    address: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """One entry of the registry.

    Attributes:
        file: its name in the cache.
        sha256, bytes: of the file itself, not of what it was packed in.
        training_terms: the terms of the pictures it was trained on, which the licence of its file says nothing about.
        member: its path inside the wheel or archive it comes in, or its own name where it is not packed.
        readers: the landmark readers that need it.
        required: belongs to a complete installation.
        extra: the optional part of wakeful (``wakeful[mediapipe]``) that reads it; empty for all others.
        variant_of: the network that it was made from, whose inputs and outputs it has; empty for all others.
    """

    name: str
    about: str
    file: str
    sha256: str
    bytes: int
    licence: str
    training_terms: str
    origin: Origin
    member: str
    readers: tuple[str, ...]
    required: bool
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    extra: str = ""
    variant_of: str = ""

    @property
    def of_use(self) -> bool:
        """Whether what reads it is installed."""
        return not self.extra or importlib.util.find_spec(self.extra) is not None


def path(name: str, verify: bool = True) -> Path:
    """The file of network ``name``; reading and hashing the largest takes a few milliseconds.

    Raises:
        ModelUnknown: no such network.
        ModelMissing: its file is not in the cache.
        ModelCorrupt: its file has another sha256 than the registry says.
    """
    wanted = network(name)
    file = location(wanted)
    if not file.is_file():
        raise ModelMissing(f"the network {name} is missing from {file.parent}: {how_to_get(wanted)}")
    if verify and sha256_of(file) != wanted.sha256:
        raise ModelCorrupt(f"{file} is not the network {name} (wrong sha256): {how_to_get(wanted)}")
    return file


def available(name: str) -> bool:
    """Whether the file of network ``name`` is there; a corrupt one counts, so that loading it fails loudly."""
    return location(network(name)).is_file()


def state(name: str) -> State:
    """What the cache holds of network ``name``, checked by its sha256."""
    try:
        path(name)
    except ModelMissing:
        return State.MISSING
    except ModelCorrupt:
        return State.CORRUPT
    return State.PRESENT


def network(name: str) -> Network:
    """The entry of ``name``; ``ModelUnknown`` if there is none."""
    entries = networks()
    if name not in entries:
        raise ModelUnknown(f"no network is called {name!r}; the registry has: {', '.join(entries)}")
    return entries[name]


@functools.cache
def networks() -> dict[str, Network]:
    """All entries by name, in the order of ``registry.toml``."""
    tables = tomllib.loads(REGISTRY.read_text(encoding="utf-8"))
    origins = {name: Origin(name=name, **table) for name, table in tables["sources"].items()}
    entries = tables["networks"]
    return {name: _network(name, _base(table, entries) | table, origins) for name, table in entries.items()}


def location(wanted: Network) -> Path:
    """Where the file of a network has to lie."""
    folder = WEIGHTS if wanted.origin.kind == "project" else cache_folder()
    return folder / wanted.file


def cache_folder() -> Path:
    """``WAKEFUL_MODELS`` if set, else ``wakeful`` in the user's cache folder (``~/.cache``)."""
    if chosen := os.environ.get("WAKEFUL_MODELS"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "wakeful"


def how_to_get(wanted: Network) -> str:
    """How the user gets the right file of a network."""
    if wanted.origin.kind == "folder":
        return f"download {wanted.origin.address} into a folder, then run `{PULL} --from FOLDER`"
    if wanted.origin.kind == "project":
        return "install wakeful again"
    return f"run `{PULL}`"


def sha256_of(file: Path) -> str:
    """Hexadecimal sha256 of a file; ``ModelMissing`` if it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ModelMissing(f"{file} cannot be read: {error.strerror}") from None


def _base(table: dict[str, Any], entries: dict[str, Any]) -> dict[str, Any]:
    """What a variant has in common with the network that it was made from."""
    if "variant_of" not in table:
        return {}
    base = entries[table["variant_of"]]
    return {key: base[key] for key in ("licence", "training_terms", "inputs", "outputs")}


def _network(name: str, table: dict[str, Any], origins: dict[str, Origin]) -> Network:
    fields = dict(table)
    fields["origin"] = origins[fields.pop("source")]
    fields["readers"] = tuple(fields["readers"])
    fields["inputs"] = tuple(_tensor(entry) for entry in fields["inputs"])
    fields["outputs"] = tuple(_tensor(entry) for entry in fields["outputs"])
    return Network(name=name, **fields)


def _tensor(table: dict[str, Any]) -> Tensor:
    limits = table.get("range")
    return Tensor(
        name=table["name"],
        shape=tuple(table["shape"]),
        meaning=table["meaning"],
        range=(float(limits[0]), float(limits[1])) if limits else None,
        classes=tuple(table.get("classes", ())),
    )
