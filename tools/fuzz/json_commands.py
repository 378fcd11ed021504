"""Commands by MQTT and from readers of the stream: refused or within their bounds."""

from __future__ import annotations

from tools.fuzz.runner import Parser
from wakeful.device.alerts.commands import MAX_SEQ, MAX_TEXT, BrokenCommand, decode_command
from wakeful.device.drivers import DRIVER_NAME
from wakeful.device.messages import MAX_PAUSE_S, Acknowledge, Marker, Pause, SetDriver


def parse(data: bytes) -> bool:
    try:
        command = decode_command(data)
    except BrokenCommand as error:
        assert "\n" not in str(error)
        return False
    if isinstance(command, Acknowledge):
        assert command.alert_seq is None or 0 <= command.alert_seq < MAX_SEQ
    elif isinstance(command, Marker):
        assert len(command.text) <= MAX_TEXT
    elif isinstance(command, Pause):
        assert 0.0 <= command.duration_s <= MAX_PAUSE_S
    else:
        assert isinstance(command, SetDriver)
        assert command.name == "" or DRIVER_NAME.fullmatch(command.name)
    return True


PARSER = Parser(
    "json_commands",
    parse,
    seeds=(
        b'{"command": "acknowledge", "seq": 3}',
        b'{"command": "marker", "text": "rain"}',
        b'{"command": "pause", "seconds": 600}',
        b'{"command": "set-driver", "name": "ann"}',
    ),
    words=(
        *(b"{", b"}", b"[", b'"', b":", b",", b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-1", b"0.5"),
        *(b"\\u0000", b"\\ud800", b"\xff", b"[" * 500, b"9" * 500, b'"command"', b'"seq"', b"../../etc"),
    ),
)
