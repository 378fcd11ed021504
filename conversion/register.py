"""Writes the hash and size of a converted file into the registry, where its entry already exists."""

from __future__ import annotations

import re
from pathlib import Path

from wakeful.errors import ConfigError
from wakeful.files import write_file
from wakeful.models import registry


def register(entry: str, file: Path, toml: Path = registry.REGISTRY) -> None:
    """Changes ``sha256`` and ``bytes`` of ``[networks.ENTRY]``; everything else, comments too, stays as it is.

    Raises:
        ConfigError: there is no such entry.
    """
    text = toml.read_text(encoding="utf-8")
    found = re.search(rf"^\[networks\.{re.escape(entry)}\]\n(?:(?!\[).*\n?)*", text, re.MULTILINE)
    if not found:
        raise ConfigError(f"{toml.name} has no entry [networks.{entry}]: add one, as CONTRIBUTING.md says")
    table = re.sub(r'^sha256 = ".*"$', f'sha256 = "{registry.sha256_of(file)}"', found[0], flags=re.MULTILINE)
    table = re.sub(r"^bytes = .*$", f"bytes = {file.stat().st_size:_}", table, flags=re.MULTILINE)
    write_file(toml, text[: found.start()] + table + text[found.end() :], private=False)
    registry.networks.cache_clear()
