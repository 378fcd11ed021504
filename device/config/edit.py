"""Writes single settings into a configuration file and leaves everything else in it as it is, comments too."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from wakeful.device.config.as_text import toml_value
from wakeful.device.config.errors import Table
from wakeful.device.config.layers import read_config
from wakeful.device.config.toml_lines import TomlLines
from wakeful.errors import ConfigError
from wakeful.files import write_file


def remember(file: Path, table: str, settings: Mapping[str, object]) -> None:
    """Sets keys of a table in a configuration file, which is made if there is none.

    Raises:
        ConfigError: the file cannot be read or written, or it is laid out so that only its author can change it.
    """
    text = read_config(file).text if file.exists() else ""
    for key, value in settings.items():
        changed = with_value(text, table, key, toml_value(value))
        if _tables(changed) != _merged(text, table, key, value):
            raise ConfigError(f"{file} cannot be changed safely: write {key} = {toml_value(value)} into its [{table}]")
        text = changed
    try:
        write_file(file, text, private=False)
    except OSError as error:
        raise ConfigError(f"cannot write {file}: {error.strerror}; name a file in a folder that exists") from error


def with_value(text: str, table: str, key: str, value: str) -> str:
    """The text with ``key = value`` in its table: in place of the old value, below the heading, or in a new table."""
    places, lines = TomlLines(text), text.splitlines()
    if (old := places.exactly((table, key))) is not None:
        name, _, rest = lines[old - 1].partition("=")
        comment = re.search(r"\s*#[^\"']*$", rest)
        lines[old - 1] = f"{name}= {value}{comment.group() if comment else ''}"
    elif (heading := places.exactly((table,))) is not None:
        lines.insert(heading, f"{key} = {value}")
    else:
        lines += [*([""] if lines else []), f"[{table}]", f"{key} = {value}"]
    return "\n".join(lines) + "\n"


def _tables(text: str) -> Table | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _merged(text: str, table: str, key: str, value: object) -> Table:
    tables = tomllib.loads(text)
    value = list(value) if isinstance(value, tuple) else value
    return tables | {table: tables.get(table, {}) | {key: value}}
