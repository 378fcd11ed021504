"""What all tables of the configuration share. Each output keeps its own table beside it, in ``settings.py``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from wakeful.errors import ConfigError


class Section(BaseModel):
    """One table: unknown keys and wrong types are errors, values never change.

    Each key's docstring describes it (``wakeful.device.config.descriptions``).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True)


def needed(value: str | None, key: str) -> str:
    """The value of a setting without which nothing can be built; ``key`` is its dotted name."""
    if value is None:
        raise ConfigError(f"{key} is not set")
    return value
