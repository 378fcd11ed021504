"""The tables ``[outputs.extra.NAME]``: the keys that another package's output accepts, and mistakes in them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from wakeful.device.alerts.registry import OFFERED, load_output, section_of
from wakeful.device.config.errors import mistakes
from wakeful.device.config.suggest import suggestion
from wakeful.device.state.profile_problem import Problem
from wakeful.errors import ConfigError


def extra_mistakes(tables: Mapping[str, Any]) -> list[Problem]:
    """All mistakes of ``outputs.extra``, whose tables have a valid structure."""
    found: list[Problem] = []
    for name, table in tables.items():
        where = ("outputs", "extra", name)
        try:
            factory = load_output(name)
        except ConfigError as error:
            found.append(Problem(where, str(error)))
            continue
        for one in _mistakes(factory, table):
            found.append(Problem((*where, *one.where), f"[outputs.extra.{name}] {one.text}"))
    return found


def _mistakes(factory: Callable[..., object], table: Mapping[str, Any]) -> list[Problem]:
    section = section_of(factory)
    if section is not None:
        return mistakes(section, table)
    parameters = inspect.signature(factory).parameters
    named = {name: one for name, one in parameters.items() if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)}
    keys = [name for name in named if name not in OFFERED]
    any_key = len(named) < len(parameters)
    unknown = [] if any_key else [key for key in table if key not in keys]
    missing = [key for key in keys if key not in table and named[key].default is inspect.Parameter.empty]
    return [Problem((key,), f"unknown key {key}: {suggestion(key, keys)}") for key in unknown] + [
        Problem((), f"{key} is missing") for key in missing
    ]
