"""What is wrong with settings or a profile, in words: one sentence a mistake, with the keys it is about.

Types and shapes are pydantic's to find and ours to tell; contradictions of a profile come from
``wakeful.device.state.profile_check``.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import typing
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from wakeful.device.config.inheritance import FILE_KEYS
from wakeful.device.config.settings import Settings
from wakeful.device.config.suggest import suggestion
from wakeful.device.state.profile import Profile
from wakeful.device.state.profile_check import problems
from wakeful.device.state.profile_problem import Problem
from wakeful.sensors.address import shown

Table = dict[str, Any]

# What pydantic calls a key that a model does not have, and one that a dataclass does not have.
UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")
SECRET = re.compile("token|password|secret|login")
"""Keys whose values are never repeated."""

SHOULD_BE = {
    "model_type": "should be a table",
    "dataclass_type": "should be a table",
    "dict_type": "should be a table",
    "tuple_type": "should be a list",
}


def settings_mistakes(values: object) -> list[Problem]:
    """All mistakes of settings, given as nested tables."""
    return mistakes(Settings, values)


def profile_mistakes(tables: Table) -> list[Problem]:
    """All mistakes of a profile and of the settings it carries; contradictions only once its shape is right."""
    rules = {key: value for key, value in tables.items() if key != "settings"}
    found = mistakes(Profile, rules) or list(problems(as_profile(rules)))
    values = tables.get("settings", {})
    for one in settings_mistakes(values):
        found.append(Problem(("settings", *one.where), f"[settings] {one.text}"))
    if isinstance(values, dict) and "profile" in values:
        text = "[settings] profile: a profile cannot name another one here; use extends at the top of the file"
        found.append(Problem(("settings", "profile"), text))
    return found


def as_profile(rules: Table) -> Profile:
    """A profile from tables whose shape is right."""
    profile: Profile = _adapter(Profile).validate_python(rules)
    return profile


@functools.cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def mistakes(kind: type, values: object) -> list[Problem]:
    """All mistakes of ``values``, nested tables, that are to become a model or dataclass of that ``kind``."""
    try:
        # Strict, and by way of JSON: strict Python mode would demand dataclasses where a file can only have tables.
        # Dates, which JSON lacks, are no value of ours: a list is wrong wherever one number or text is asked for.
        _adapter(kind).validate_json(json.dumps(values, default=lambda date: [str(date)]), strict=True)
    except ValidationError as error:
        # A misspelt key is often why another is missing, so it is reported first.
        errors = sorted(error.errors(include_url=False), key=lambda one: one["type"] not in UNKNOWN_KEY)
        return [Problem(one["loc"], _sentence(kind, dict(one))) for one in errors]
    return []


def _sentence(kind: type, error: dict[str, Any]) -> str:
    """One mistake in words, from what pydantic tells of it."""
    path = error["loc"]
    key = ".".join(part for part in path if isinstance(part, str))
    if error["type"] in UNKNOWN_KEY:
        known = _keys(kind, path[:-1]) + list(FILE_KEYS if kind is Profile and len(path) == 1 else ())
        return f"unknown key {key}: {suggestion(str(path[-1]), known)}"
    if error["type"] == "missing":
        return f"{key} is missing" if isinstance(path[-1], str) else f"{key} is too short a list"
    allowed = error["msg"].removeprefix("Value error, ")
    for subject in ("Input ", "String ", "Value ", "Tuple "):
        allowed = allowed.removeprefix(subject)
    given = "..." if SECRET.search(key) else _short(error["input"])
    return f"{key} = {given}: it {SHOULD_BE.get(error['type'], allowed)}"


def _short(value: object) -> str:
    # Who writes a password into an address shall not find it in a log as well.
    text = re.sub(r"[^/'\"\s]*@", "...@", shown(repr(value)))
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
