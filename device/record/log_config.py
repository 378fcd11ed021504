"""Reads ``/config``, the head of a log, into what the engine is built from."""

from __future__ import annotations

import json
from typing import Any

from wakeful.device.config.errors import as_profile, profile_mistakes
from wakeful.device.messages import ReaderTraits
from wakeful.device.record.checks import (
    InvalidMessage,
    angle,
    calibration,
    flag,
    number,
    parse,
    table,
    text,
    texts,
    whole,
)
from wakeful.device.record.schema import FORMAT, LogConfig
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.gaze_zone import Direction
from wakeful.device.state.profile import Profile

MAX_SETTINGS_CHARS = 65_536


class UnsupportedVersion(ValueError):
    """The log has a layout of a later version."""


def read_config(data: bytes) -> LogConfig:
    """The head of a log.

    Raises:
        UnsupportedVersion: it was written by a later version.
        InvalidMessage: it is invalid.
    """
    values = parse(data)
    layout = values.get("format")
    if type(layout) is int and layout > FORMAT:
        version = values.get("version")
        raise UnsupportedVersion(version if isinstance(version, str) and len(version) < 40 else "unknown")
    if type(layout) is not int or layout < 1:
        raise InvalidMessage("/config without its format")
    try:
        return _config(values)
    except KeyError as error:
        raise InvalidMessage(f"/config without {error}") from None
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidMessage(f"/config: {error}") from None


def _config(values: dict[str, Any]) -> LogConfig:
    speed = values.get("speed_kmh")
    return LogConfig(
        version=text(values["version"]),
        session=text(values["session"]),
        part=whole(values["part"]),
        origin_ns=whole(values["origin_ns"]),
        wall_ns=whole(values["wall_ns"]),
        profile_name=text(values["profile_name"]),
        engine_config=EngineConfig(
            profile=read_profile(values["profile"]),
            reader=_reader(values["reader"]),
            speed_kmh=None if speed is None else number(speed),
            known=calibration(values.get("known")),
            road=_direction(values.get("road")),
            expression_classes=texts(values.get("expression_classes", [])),
            driver=text(values.get("driver", "")),
        ),
        cut=flag(values.get("cut", False)),
        repaired=flag(values.get("repaired", values.get("mended", False))),
        models=table(values.get("models", {}), text),
        about=_small(values.get("about", {})),
        settings=_small(values.get("settings", {})),
    )


def read_profile(values: Any) -> Profile:
    """A profile from its tables. Raises InvalidMessage where it is invalid or contradicts itself."""
    if not isinstance(values, dict):
        raise InvalidMessage("the profile is not a table")
    mistakes = profile_mistakes(values)
    if mistakes or "settings" in values:
        raise InvalidMessage(f"the profile: {mistakes[0].text if mistakes else 'it carries settings'}")
    return as_profile(values)


def _reader(values: Any) -> ReaderTraits:
    closed, wide = number(values["closed_ratio"]), number(values["wide_mouth_aspect"])
    if not 0.0 <= closed < 1.0 or not 0.0 < wide < 100.0:
        raise InvalidMessage("the traits of the landmark reader are out of range")
    return ReaderTraits(text(values["name"]), closed, wide)


def _direction(values: Any) -> Direction | None:
    if values is None:
        return None
    yaw, pitch = angle(values["yaw_deg"]), angle(values["pitch_deg"])
    if yaw is None or pitch is None:
        raise InvalidMessage("the road direction is missing an angle")
    return Direction(yaw, pitch)


def _small(value: Any) -> dict[str, Any]:
    """A table that is only shown, of any shape and bounded size."""
    if not isinstance(value, dict) or len(json.dumps(value)) > MAX_SETTINGS_CHARS:
        raise InvalidMessage("a table is missing or too large")
    return value
