"""JSON of a log to messages. The log comes from outside: every value is checked, every size is bounded.

Keys that this version does not know are left out, so that a later one may add some.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from wakeful.device.drivers import DriverRecognized, SetDriver
from wakeful.device.messages import (
    Acknowledge,
    Alert,
    Command,
    CommandReceived,
    DriverState,
    Event,
    Gear,
    Health,
    Ignition,
    Level,
    Observation,
    Pause,
    Phase,
    Tick,
    Unreadable,
    VehicleSpeed,
)
from wakeful.device.record import schema
from wakeful.device.record.checks import (
    Check,
    InvalidMessage,
    calibration,
    flag,
    number,
    numbers,
    parse,
    table,
    text,
    texts,
    whole,
)
from wakeful.device.record.encode import Recorded
from wakeful.device.record.face_points import unpack
from wakeful.device.record.log_config import read_profile
from wakeful.device.record.schema import ExpressionReading, LandmarkReading, Picture
from wakeful.device.state.inputs import NewRules


def decode(topic: str, data: bytes) -> Recorded:
    """The message in ``data``, which came from channel ``topic``.

    Raises:
        InvalidMessage: it is not JSON, or not what belongs on that channel.
    """
    values = parse(data)
    try:
        return DECODERS[topic](values)
    except KeyError as error:
        raise InvalidMessage(f"{topic} without {error}") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidMessage(f"{topic}: {error}") from None


def level(value: Any) -> Level:
    """A level by its label."""
    try:
        return Level[text(value).upper()]
    except KeyError:
        raise InvalidMessage("expected a level") from None


def _signed(value: Any) -> int:
    # The number of the newest frame is -1 before the first.
    return -1 if type(value) is int and value == -1 else whole(value)


def _figure(value: Any) -> float | int | str:
    """What an event may carry: a text, a whole number or a finite one."""
    if isinstance(value, str):
        return text(value)
    return whole(value) if type(value) is int and value >= 0 else number(value)


def _four(value: Any) -> tuple[float, ...]:
    """A list of four finite numbers."""
    found = numbers(value)
    if len(found) != 4:
        raise InvalidMessage("expected four numbers")
    return found


CHECKS: Mapping[str, Check] = {
    "int": _signed,
    "int | None": _signed,
    "bool": flag,
    "bool | None": flag,
    "str": text,
    "str | None": text,
    "float": number,
    "float | None": number,
    "Level": level,
    "Health": Health,
    "Unreadable | None": Unreadable,
    "tuple[float, ...]": numbers,
    "tuple[float, ...] | None": numbers,
    "tuple[float, float, float, float] | None": _four,
    "tuple[str, ...]": texts,
}


def _checks_of(message: type) -> dict[str, Check]:
    return {one.name: CHECKS[str(one.type)] for one in schema.recorded(message)}


_OBSERVATION = _checks_of(Observation) | {"t_ns": whole}
_STATE = _checks_of(DriverState) | {"t_ns": whole}


def _checked(values: dict[str, Any], checks: Mapping[str, Check]) -> dict[str, Any]:
    return {name: checks[name](value) for name, value in values.items() if value is not None and name in checks}


def _alert(values: dict[str, Any]) -> Alert:
    return Alert(
        t_ns=whole(values["t_ns"]),
        seq=whole(values["seq"]),
        code=text(values["code"]),
        level=level(values["level"]),
        phase=Phase(values["phase"]),
        evidence=table(values.get("evidence", {}), number),
    )


def _event(values: dict[str, Any]) -> Event:
    return Event(whole(values["t_ns"]), text(values["kind"]), table(values.get("data", {}), _figure))


def _health(values: dict[str, Any]) -> Event:
    t_ns = whole(values["t_ns"])
    return Event(t_ns, "health", table({key: one for key, one in values.items() if key != "t_ns"}, _figure))


def _vehicle(values: dict[str, Any]) -> CommandReceived:
    kmh = values.get("speed_kmh")
    return CommandReceived(whole(values["t_ns"]), VehicleSpeed(None if kmh is None else number(kmh)))


def _command(values: dict[str, Any]) -> CommandReceived:
    name = text(values["command"])
    if name not in _COMMANDS:
        raise InvalidMessage(f"there is no command {name!r}")
    return CommandReceived(whole(values["t_ns"]), _COMMANDS[name](values))


def _recognized(values: dict[str, Any]) -> DriverRecognized:
    similarity, live = values.get("similarity"), values.get("live")
    return DriverRecognized(
        text(values["name"]),
        None if similarity is None else number(similarity),
        calibration(values.get("known")),
        None if live is None else flag(live),
    )


_COMMANDS: Mapping[str, Callable[[dict[str, Any]], Command]] = {
    "ignition": lambda values: Ignition(None if values.get("on") is None else flag(values["on"])),
    "gear": lambda values: Gear(text(values["name"])),
    "pause": lambda values: Pause(number(values["duration_s"])),
    "driver_recognized": _recognized,
    "set_driver": lambda values: SetDriver(text(values["name"]), calibration(values.get("known"))),
}


def _marker(values: dict[str, Any]) -> Event:
    t_ns, pressed_ns = whole(values["t_ns"]), values.get("pressed_ns")
    when_ns = t_ns if pressed_ns is None else whole(pressed_ns)
    return Event(t_ns, "marker", {"text": text(values["text"]), "pressed_ns": when_ns})


def _picture(values: dict[str, Any]) -> Picture:
    jpeg = _bytes(values["data"])
    return Picture(whole(values["t_ns"]), _signed(values["seq"]), jpeg, whole(values.get("blurred", 0)))


def _landmarks(values: dict[str, Any]) -> LandmarkReading:
    width, height = whole(values["width"]), whole(values["height"])
    face = unpack(_bytes(values["data"]), number(values["step_px"]), width, height)
    return LandmarkReading(whole(values["t_ns"]), whole(values["seq"]), face)


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise InvalidMessage("the data are not in base64") from None


def _expression(values: dict[str, Any]) -> ExpressionReading:
    name = values.get("expression")
    shares = table(values.get("p", {}), number)
    return ExpressionReading(whole(values["t_ns"]), None if name is None else text(name), shares)


DECODERS: Mapping[str, Callable[[dict[str, Any]], Recorded]] = {
    schema.OBSERVATION: lambda values: Observation(**_checked(values, _OBSERVATION)),
    schema.TICK: lambda values: Tick(whole(values["t_ns"]), Health(values["health"])),
    schema.VEHICLE: _vehicle,
    schema.ACKNOWLEDGE: lambda values: CommandReceived(whole(values["t_ns"]), Acknowledge(whole(values["alert_seq"]))),
    schema.COMMAND: _command,
    schema.MARKER: _marker,
    schema.RULES: lambda values: NewRules(whole(values["t_ns"]), read_profile(values["profile"])),
    schema.STATE: lambda values: DriverState(**_checked(values, _STATE)),
    schema.ALERT: _alert,
    schema.EVENT: _event,
    schema.HEALTH: _health,
    schema.EXPRESSION: _expression,
    schema.LANDMARKS: _landmarks,
    schema.CAMERA: _picture,
}
"""How the messages of each channel are read; ``/config`` is read by ``wakeful.device.record.log_config``."""
