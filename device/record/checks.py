"""Values of a log that came from outside: each is checked for its kind and its size.

Everything here raises ``InvalidMessage``, which is caught where the log is read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from wakeful.device.drivers import BlinkBaseline, Calibration

MAX_TIME_NS = 1 << 63
MAX_TEXT = 4096
MAX_ITEMS = 256

Check = Callable[[Any], Any]


class InvalidMessage(ValueError):
    """A message with invalid content; caught where the log is read."""


def parse(data: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises:
        InvalidMessage: it is not one.
    """
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidMessage(f"not JSON: {type(error).__name__}") from None
    if not isinstance(values, dict):
        raise InvalidMessage("not a JSON object")
    return values


def number(value: Any) -> float:
    """A finite number."""
    if type(value) is float and math.isfinite(value):
        return value
    if type(value) is int and abs(value) < MAX_TIME_NS:
        return float(value)
    raise InvalidMessage("expected a number")


def whole(value: Any) -> int:
    """A whole number of 64 bits, not below 0."""
    if type(value) is not int or not 0 <= value < MAX_TIME_NS:
        raise InvalidMessage("expected a whole number of 64 bits")
    return value


def text(value: Any) -> str:
    """A text of bounded length."""
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise InvalidMessage(f"expected a text of up to {MAX_TEXT} characters")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """A bounded list of texts."""
    return tuple(text(one) for one in _items(value))


def numbers(value: Any) -> tuple[float, ...]:
    """A bounded list of finite numbers."""
    return tuple(number(one) for one in _items(value))


def table(value: Any, check: Check) -> dict[str, Any]:
    """A bounded table whose values pass ``check``."""
    if not isinstance(value, dict) or len(value) > MAX_ITEMS:
        raise InvalidMessage(f"expected a table of up to {MAX_ITEMS} entries")
    return {text(key): check(one) for key, one in value.items()}


def _items(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        raise InvalidMessage(f"expected a list of up to {MAX_ITEMS} entries")
    return value


def flag(value: Any) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise InvalidMessage("expected true or false")
    return value


def angle(value: Any) -> float | None:
    """Degrees, or None."""
    if value is None:
        return None
    degrees = number(value)
    if abs(degrees) > 180.0:
        raise InvalidMessage("an angle exceeds 180 degrees")
    return degrees


def calibration(values: Any) -> Calibration | None:
    """The stored calibration of a person; None without one."""
    if values is None:
        return None
    left, right = number(values["eye_aspect_left"]), number(values["eye_aspect_right"])
    if not (0.0 < left < 10.0 and 0.0 < right < 10.0):
        raise InvalidMessage("the eye aspects of the calibration are out of range")
    yaw, pitch = (angle(values.get(key)) for key in ("road_yaw_deg", "road_pitch_deg"))
    return Calibration(text(values["reader"]), left, right, yaw, pitch, _blinks(values.get("blinks")))


def _blinks(values: Any) -> BlinkBaseline | None:
    if values is None:
        return None
    found = BlinkBaseline(**{field.name: number(values[field.name]) for field in fields(BlinkBaseline)})
    if not (0.0 < found.duration_sd_s < 10.0 and 0.0 < found.depth_sd < 10.0):
        raise InvalidMessage("the blinks of the calibration are out of range")
    return found
