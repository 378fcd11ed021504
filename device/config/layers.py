"""Reads the configuration: defaults < profile < file < command line, each layer checked separately.

A mistake is one ``ConfigError`` line with its place (file and line), the key, the given value and what is allowed;
``wakeful.device.config.errors`` finds them. The settings are listed in ``wakeful.device.config.settings``, the
rules of a profile in ``wakeful.device.state.profile``.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from wakeful.device.alerts.extra_settings import extra_mistakes
from wakeful.device.config.errors import SECRET, Table, as_profile, profile_mistakes, settings_mistakes
from wakeful.device.config.inheritance import FILE_KEYS, Merged, alone, extended, merge
from wakeful.device.config.settings import Settings
from wakeful.device.config.suggest import suggestion
from wakeful.device.config.toml_lines import TomlLines
from wakeful.device.state.profile import Profile
from wakeful.device.state.profile_problem import Problem
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass
from wakeful.sensors.address import shown

PROFILES = Path(__file__).parents[1] / "state" / "profiles"
MAX_BYTES = 256 * 1024
COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings from one place, as nested tables. ``name`` is the place's name in messages and ``config show``."""

    name: str
    values: Table
    text: str = ""
    """The text of the file, if it was read from one."""


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings in effect after all layers.

    Attributes:
        origin: dotted key of each setting that is not a default -> name of the layer it comes from.
    """

    settings: Settings
    profile: Profile
    origin: dict[str, str]


def load_settings(
    config: Path | None = None,
    profile: str | None = None,
    overrides: Mapping[str, object] | None = None,
    *,
    caller: str = COMMAND_LINE,
) -> tuple[Settings, Profile]:
    """The settings and rules to run with; see ``load``."""
    effective = load(config, profile, overrides, caller=caller)
    return effective.settings, effective.profile


def load(
    config: Path | None = None,
    profile: str | None = None,
    overrides: Mapping[str, object] | None = None,
    *,
    caller: str = COMMAND_LINE,
) -> Effective:
    """Joins all layers.

    Args:
        config: the configuration file, if any.
        profile: a profile's name or file; takes precedence over the one in the file.
        overrides: values of the caller, by dotted key (``source.fps``); None: not given.
        caller: name of the overrides' place in messages.

    Raises:
        ConfigError: a file cannot be read, or a key or value is not allowed.
    """
    from_file = read_config(config) if config else Layer("default", {})
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    _refuse(
        [
            f"{caller}: {_undecodable(key, value)}"
            for key, value in (*given.items(), ("profile", profile))
            if _is_undecodable(value)
        ]
    )
    from_command_line = Layer(caller, _nested(given))
    check(from_command_line)

    chosen = profile or _profile_of(from_file, config) or Settings().profile
    rules, values = load_profile(chosen)
    layers = [Layer(f"profile {chosen}", values), from_file, from_command_line, Layer("", {"profile": chosen})]

    merged: Table = {}
    origin: dict[str, str] = {}
    for layer in layers:
        merge(merged, layer.values)
        origin |= {key: layer.name for key, _ in _flat(layer.values) if layer.name}
    if profile:
        origin["profile"] = caller
    return Effective(Settings.model_validate(merged), rules, origin)


def load_profile(name_or_path: str) -> tuple[Profile, Table]:
    """A profile's rules, and the settings it prefers (its table ``[settings]``).

    Args:
        name_or_path: a shipped profile (``vehicle``), or a TOML file.
    """
    merged = merged_profile(read_toml(profile_file(name_or_path)))
    values = merged.values.pop("settings", {})
    return as_profile(merged.values), values


def merged_profile(layer: Layer) -> Merged:
    """The tables of a profile's file with those of the profiles it extends, checked."""
    merged = _with_parents(layer, ())
    _refuse(_profile_lines(merged))
    return merged


def _with_parents(layer: Layer, children: tuple[Path, ...]) -> Merged:
    """The tables of a profile merged with those of its parents; only the parents are checked."""
    parent = layer.values.get("extends")
    if parent is None:
        return alone(layer.name, layer.text, layer.values)
    line = TomlLines(layer.text).of(("extends",))
    where = f"{layer.name}: line {line}: extends = {parent!r}"
    if not isinstance(parent, str):
        raise ConfigError(f"{where}: it should be the name or file of a profile, as a string")
    folder = Path(layer.name).parent
    try:
        file = profile_file(str(folder / Path(parent).expanduser()) if _is_path(parent) else parent)
        chain = (*children, Path(layer.name).resolve())
        if file.resolve() in chain:
            raise ConfigError("the profiles extend each other in a circle; remove one `extends`")
        above = _with_parents(read_toml(file), chain)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    _refuse(_profile_lines(above))
    return extended(above, layer.name, layer.text, layer.values)


def _profile_lines(merged: Merged) -> list[str]:
    """Mistakes in how a profile extends another; if there are none, mistakes in the result."""
    if merged.problems:
        return [f"{merged.own_place(one.where)}: {one.text}" for one in merged.problems]
    return _lines(merged, profile_mistakes(merged.values))


def profile_names() -> list[str]:
    """Names of the shipped profiles."""
    return sorted(file.stem for file in PROFILES.glob("*.toml"))


def read_config(file: Path) -> Layer:
    """One configuration file, checked."""
    layer = read_toml(file)
    check(layer)
    return layer


def read_toml(file: Path) -> Layer:
    """The tables of a TOML file, unchecked; ``ConfigError`` if it cannot be read or is not TOML."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{file}: there is no such file") from None
    except IsADirectoryError:
        raise ConfigError(f"{file} is a folder: give a TOML file") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    return as_layer(str(file), content)


def as_layer(name: str, content: bytes) -> Layer:
    """The tables of a TOML text called ``name``, unchecked; ``ConfigError`` if it is not TOML."""
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{name} is larger than {MAX_BYTES // 1024} KiB, too large for a configuration")
    try:
        text = content.decode("utf-8-sig")
        return Layer(name, tomllib.loads(text), text)
    except UnicodeDecodeError:
        raise ConfigError(f"{name} is not a text file in UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{name} is not valid TOML: {error}") from None


def check(layer: Layer) -> None:
    """Raises ``ConfigError`` for the first mistake of a layer, with the number of further ones."""
    _refuse(_lines(alone(layer.name, layer.text, {}), settings_mistakes(layer.values)))


def is_profile(tables: Table) -> bool:
    """Whether a file contains the rules of a profile, not a configuration."""
    return any(key in tables for key in ("about", "rules", *FILE_KEYS))


def all_mistakes(layer: Layer) -> list[str]:
    """All mistakes of a configuration or profile, one line each, with file and line.

    Unlike ``check``, this also imports the outputs of other packages and checks their tables.
    """
    if is_profile(layer.values):
        try:
            return _profile_lines(_with_parents(layer, ()))
        except ConfigError as error:
            return [str(error)]
    outputs = layer.values.get("outputs")
    extra = outputs.get("extra") if isinstance(outputs, dict) else None
    tables = (
        {name: table for name, table in extra.items() if isinstance(table, dict)} if isinstance(extra, dict) else {}
    )
    return _lines(alone(layer.name, layer.text, {}), settings_mistakes(layer.values) + extra_mistakes(tables))


def _refuse(mistakes: list[str]) -> None:
    if mistakes:
        more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        raise ConfigError(mistakes[0] + more)


def _lines(merged: Merged, mistakes: list[Problem]) -> list[str]:
    """Each mistake with its file and line."""
    lines = []
    for mistake in mistakes:
        text = f"{merged.place(mistake.where)}: {mistake.text}"
        if mistake.against:
            where = merged.place(mistake.against).removeprefix(f"{merged.origins[0].name}: ")
            text += f" (see {where})"
        lines.append(text)
    return lines


def _profile_of(layer: Layer, config: Path | None) -> str | None:
    """The profile named in a configuration file; a path is relative to that file."""
    chosen: str | None = layer.values.get("profile")
    if chosen and config and _is_path(chosen):
        return str(config.parent / Path(chosen).expanduser())
    return chosen


def profile_file(name_or_path: str) -> Path:
    """The TOML file of a shipped profile, or the named file itself."""
    if _is_path(name_or_path):
        return Path(name_or_path).expanduser()
    if name_or_path not in profile_names():
        known = profile_names()
        raise ConfigError(f"no profile is called {name_or_path!r}: {suggestion(name_or_path, known)}")
    return PROFILES / f"{name_or_path}.toml"


def _is_undecodable(value: object) -> bool:
    """Whether a text of the command line is not valid UTF-8; its bytes are then surrogates."""
    return isinstance(value, str) and any("\ud800" <= one <= "\udfff" for one in value)


def _undecodable(key: str, value: object) -> str:
    text = os.fsencode(str(value)).decode("utf-8", "backslashreplace")
    return f"{key}: {'it' if SECRET.search(key) else shown(text)} is not valid UTF-8: rename it, or name a link to it"


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
