"""Reads the configuration: defaults < profile < file < command line, each layer checked by itself.

A mistake is one ``ConfigError`` line that names where it was made, the key, what was given and what is allowed. The
settings are listed in ``device.settings``, the rules of a profile in ``device.state.profile``.
"""

from __future__ import annotations

import copy
import dataclasses
import difflib
import json
import math
import tomllib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from device.settings import Settings
from device.state.profile import Profile
from wakeful import ConfigError

PROFILES = Path(__file__).with_name("state") / "profiles"
Table = dict[str, Any]

# What pydantic calls a key that a model does not have, and one that a dataclass does not have.
UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings from one place, as nested tables. ``name`` is what messages and ``config show`` call the place."""

    name: str
    values: Table


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds after all layers.

    Attributes:
        origin: dotted key of each setting that is not a default -> name of the layer it comes from.
    """

    settings: Settings
    profile: Profile
    origin: dict[str, str]


def load_settings(
    config: Path | None = None, profile: str | None = None, overrides: Mapping[str, object] | None = None
) -> tuple[Settings, Profile]:
    """The settings and rules to run with; see ``load``."""
    effective = load(config, profile, overrides)
    return effective.settings, effective.profile


def load(
    config: Path | None = None, profile: str | None = None, overrides: Mapping[str, object] | None = None
) -> Effective:
    """Joins all layers.

    Args:
        config: the configuration file, if any.
        profile: a profile's name or file; it goes before the one the file names.
        overrides: what the command line says, by dotted key (``source.fps``); None means not said.

    Raises:
        ConfigError: a file cannot be read, or a key or value is not allowed.
    """
    from_file = read_config(config) if config else Layer("default", {})
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    from_command_line = Layer("command line", _nested(given))
    check(from_command_line)

    chosen = profile or _profile_of(from_file, config) or Settings().profile
    rules, values = load_profile(chosen)
    layers = [Layer(f"profile {chosen}", values), from_file, from_command_line, Layer("", {"profile": chosen})]

    merged: Table = {}
    origin: dict[str, str] = {}
    for layer in layers:
        _merge(merged, layer.values)
        origin |= {key: layer.name for key, _ in _flat(layer.values) if layer.name}
    if profile:
        origin["profile"] = "command line"
    return Effective(Settings.model_validate(merged), rules, origin)


def load_profile(name_or_path: str) -> tuple[Profile, Table]:
    """A profile's rules, and the settings it prefers (its table ``[settings]``).

    Args:
        name_or_path: a shipped profile (``vehicle``), or a TOML file.
    """
    file = _profile_file(name_or_path)
    tables = read_toml(file)
    if mistakes := _profile_mistakes(tables):
        raise ConfigError(_one_line(str(file), mistakes))
    values = tables.pop("settings", {})
    return TypeAdapter(Profile).validate_python(tables), values


def profile_names() -> list[str]:
    """Names of the shipped profiles."""
    return sorted(file.stem for file in PROFILES.glob("*.toml"))


def read_config(file: Path) -> Layer:
    """One configuration file, checked."""
    layer = Layer(str(file), read_toml(file))
    check(layer)
    return layer


def read_toml(file: Path) -> Table:
    """The tables of a TOML file; ``ConfigError`` if it cannot be read or is no TOML."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{file}: there is no such file") from None
    except IsADirectoryError:
        raise ConfigError(f"{file} is a folder: give a TOML file") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is not a text file in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from None


def check(layer: Layer) -> None:
    """Raises ``ConfigError`` for the first mistake of a layer and tells how many more there are."""
    if mistakes := _mistakes(Settings, layer.values):
        raise ConfigError(_one_line(layer.name, mistakes))


def is_profile(tables: Table) -> bool:
    """Whether a file holds the rules of a profile, not a configuration."""
    return "closure_rules" in tables or "settings" in tables


def all_mistakes(tables: Table) -> list[str]:
    """All mistakes of a configuration or profile, one line each, without the name of its file."""
    return _profile_mistakes(tables) if is_profile(tables) else _mistakes(Settings, tables)


def _profile_mistakes(tables: Table) -> list[str]:
    rules = {key: value for key, value in tables.items() if key != "settings"}
    values = tables.get("settings", {})
    mistakes = [
        *_mistakes(Profile, rules),
        *_below_zero(rules),
        *(f"[settings] {one}" for one in _mistakes(Settings, values)),
    ]
    if isinstance(values, dict) and "profile" in values:
        mistakes.append("[settings] profile: a profile cannot name another one; remove the key")
    return mistakes


def _one_line(where: str, mistakes: list[str]) -> str:
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return f"{where}: {mistakes[0]}{more}"


def _mistakes(kind: type, values: object) -> list[str]:
    try:
        # Strict, and by way of JSON: strict Python mode would demand dataclasses where a file can only have tables.
        TypeAdapter(kind).validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        # A misspelt key is often why another is missing, so it is told first.
        errors = sorted(error.errors(include_url=False), key=lambda one: one["type"] not in UNKNOWN_KEY)
        return [_sentence(kind, dict(one)) for one in errors]
    return []


def _below_zero(tables: Table) -> list[str]:
    """Rules count seconds, shares and km/h: none of them can be negative or no number."""
    numbers = [(key, value) for key, value in _flat(tables) if isinstance(value, float | int)]
    return [f"{key} = {value}: it should be 0 or more" for key, value in numbers if not 0 <= value < math.inf]


def _sentence(kind: type, error: dict[str, Any]) -> str:
    """One mistake in words, from what pydantic tells of it."""
    path = error["loc"]
    key = ".".join(str(part) for part in path)
    if error["type"] in UNKNOWN_KEY:
        return f"unknown key {key}: {_suggestion(str(path[-1]), _keys(kind, path[:-1]))}"
    if error["type"] == "missing":
        return f"{key} is missing"
    allowed = error["msg"].removeprefix("Value error, ")
    for subject in ("Input ", "String ", "Value "):
        allowed = allowed.removeprefix(subject)
    if error["type"] in ("model_type", "dataclass_type", "dict_type"):
        allowed = "should be a table"
    return f"{key} = {_short(error['input'])}: it {allowed}"


def _suggestion(given: str, known: list[str]) -> str:
    close = difflib.get_close_matches(given, known, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _keys(kind: Any, path: tuple[int | str, ...]) -> list[str]:
    """The keys that are allowed in the table at ``path`` of a model or dataclass."""
    for part in path:
        kind = _field_types(kind).get(str(part), kind) if isinstance(part, str) else kind
    return list(_field_types(kind))


def _field_types(kind: Any) -> dict[str, Any]:
    """Fields of a model or dataclass; of a container or union, those of the first of its types that has any."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name: field.annotation for name, field in kind.model_fields.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return {field.name: hints[field.name] for field in dataclasses.fields(kind)}
    return next((found for part in typing.get_args(kind) if (found := _field_types(part))), {})


def _profile_of(layer: Layer, config: Path | None) -> str | None:
    """The profile a configuration file names; a path in it is meant relative to the file."""
    chosen: str | None = layer.values.get("profile")
    if chosen and config and _is_path(chosen):
        return str(config.parent / Path(chosen).expanduser())
    return chosen


def _profile_file(name_or_path: str) -> Path:
    if _is_path(name_or_path):
        return Path(name_or_path).expanduser()
    if name_or_path not in profile_names():
        known = profile_names()
        raise ConfigError(f"no profile is called {name_or_path!r}: {_suggestion(name_or_path, known)}")
    return PROFILES / f"{name_or_path}.toml"


def _is_path(name: str) -> bool:
    return "/" in name or name.endswith(".toml")


def _nested(dotted: Mapping[str, object]) -> Table:
    tables: Table = {}
    for key, value in dotted.items():
        *parents, last = key.split(".")
        table = tables
        for parent in parents:
            table = table.setdefault(parent, {})
        table[last] = value
    return tables


def _flat(tables: Table, prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in tables.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _merge(into: Table, values: Table) -> None:
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)
