"""What other programs may tell the monitor, as JSON: over MQTT, and by readers of the local stream.

    {"command": "acknowledge", "seq": 3}       alert 3 is acknowledged; "active" in place of 3: every active alert
    {"command": "marker", "text": "rain"}      mark this moment in the recording
    {"command": "pause", "seconds": 600}       no alerts for ten minutes, health ``paused``; an hour at most, 0 ends it
    {"command": "set-driver", "name": "ann"}   ann is driving now; "" is a driver without a name

Nothing here reads a clock or touches a network.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from wakeful.device.drivers import is_driver_name
from wakeful.device.messages import MAX_PAUSE_S, Acknowledge, Command, Marker, Pause, SetDriver
from wakeful.errors import WakefulError

MAX_BYTES = 1024
MAX_TEXT = 200
MAX_SEQ = 1 << 32
ACTIVE = "active"
"""In place of a number: every alert that is active. A missing number is a mistake, and acknowledges nothing."""

Fields = Mapping[str, object]


class BrokenCommand(WakefulError, ValueError):
    """Bytes that are no command."""


def decode_command(payload: bytes) -> Command:
    """The command in ``payload``.

    Raises:
        BrokenCommand: it is too long, no JSON, no known command, or a value is out of its bounds.
    """
    if len(payload) > MAX_BYTES:
        raise BrokenCommand(f"a command of {len(payload)} bytes: at most {MAX_BYTES}")
    try:
        fields = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BrokenCommand("not JSON in UTF-8") from None
    if not isinstance(fields, dict):
        raise BrokenCommand('not an object: {"command": "acknowledge", "seq": 3} is one')
    name = fields.pop("command", None)
    decode = _DECODERS.get(name) if isinstance(name, str) else None
    if decode is None:
        raise BrokenCommand(f"no such command; there are {', '.join(_DECODERS)}")
    command = decode(fields)
    if fields:
        raise BrokenCommand(f"{name} takes no such field: {', '.join(map(repr, fields))[:MAX_TEXT]}")
    return command


def _acknowledge(fields: dict[str, object]) -> Command:
    seq = fields.pop("seq", None)
    if seq == ACTIVE:
        return Acknowledge(None)
    if type(seq) is not int or not 0 <= seq < MAX_SEQ:
        raise BrokenCommand(f'"seq" should be the number of an alert, or "{ACTIVE}"')
    return Acknowledge(seq)


def _marker(fields: dict[str, object]) -> Command:
    text = fields.pop("text", "")
    if not isinstance(text, str) or len(text) > MAX_TEXT or not (text.isprintable() or text == ""):
        raise BrokenCommand(f'"text" should be up to {MAX_TEXT} printable characters')
    return Marker(text)


def _pause(fields: dict[str, object]) -> Command:
    seconds = fields.pop("seconds", None)
    if type(seconds) not in (int, float) or not 0.0 <= seconds <= MAX_PAUSE_S:  # type: ignore[operator]
        raise BrokenCommand(f'"seconds" should be a number from 0 to {MAX_PAUSE_S:g}')
    return Pause(float(seconds))  # type: ignore[arg-type]


def _set_driver(fields: dict[str, object]) -> Command:
    name = fields.pop("name", None)
    if not isinstance(name, str) or (name and not is_driver_name(name)):
        raise BrokenCommand(
            '"name" should be up to 64 letters, digits, dots, dashes and underscores, not auto or unknown, or empty'
        )
    return SetDriver(name)


_DECODERS: Mapping[str, Callable[[dict[str, object]], Command]] = {
    "acknowledge": _acknowledge,
    "marker": _marker,
    "pause": _pause,
    "set-driver": _set_driver,
}
