"""The settings as text: TOML that explains itself, and the JSON schema for editors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

from wakeful.device.config.descriptions import add_descriptions, descriptions
from wakeful.device.config.layers import Effective
from wakeful.device.config.settings import Settings
from wakeful.sensors.address import shown

HEADING = "# wakeful's settings in effect; saved as a file, they are used with --config. '# key =' is unset.\n"


def as_toml(effective: Effective) -> str:
    """The settings as commented TOML that reads back to the same settings: description, value, where it comes from."""
    lines = [HEADING]
    tables = {}
    for key, about, value in _fields(effective.settings):
        if isinstance(value, BaseModel):
            tables[key] = value
        else:
            lines += _entry(key, about, value, effective.origin.get(key))
    for name, table in tables.items():
        lines += ["", f"[{name}]"]
        for key, about, value in _fields(table):
            lines += _entry(key, about, value, _origin(effective, f"{name}.{key}"))
    return "\n".join(lines) + "\n"


def json_schema() -> dict[str, Any]:
    """JSON schema of the configuration file."""
    schema = Settings.model_json_schema()
    add_descriptions(schema, Settings)
    return schema


def _fields(model: BaseModel) -> Iterator[tuple[str, str, Any]]:
    about = descriptions(type(model))
    for key in type(model).model_fields:
        yield key, about.get(key, ""), getattr(model, key)


def _entry(key: str, description: str, value: Any, origin: str | None) -> list[str]:
    about = " ".join(description.split())
    where = f"  # {origin or 'default'}"
    if isinstance(value, SecretStr):
        return [f"# {about}", f"# {key} ={where}, set and not shown"]
    if isinstance(value, str) and shown(value) != value:
        return [f"# {about}", f"# {key} = {toml_value(shown(value))}{where}, its secrets are not shown"]
    line = f"# {key} =" if value is None else f"{key} = {toml_value(value)}{where}"
    return [f"# {about}", line]


def _origin(effective: Effective, key: str) -> str | None:
    """Where a setting comes from; a setting that is a table of its own comes from where its last part does."""
    parts = [origin for name, origin in effective.origin.items() if name == key or name.startswith(f"{key}.")]
    return parts[-1] if parts else None


def toml_value(value: Any) -> str:
    """One value in TOML; tables are written inline."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
