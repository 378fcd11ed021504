"""Commands as JSON: what is understood, and that everything else is refused in one line."""

from __future__ import annotations

import pytest

from wakeful.device.alerts.commands import MAX_BYTES, BrokenCommand, decode_command
from wakeful.device.messages import Acknowledge, Command, Marker, Pause, SetDriver


@pytest.mark.parametrize(
    ("payload", "meant"),
    [
        (b'{"command": "acknowledge", "seq": 3}', Acknowledge(3)),
        (b'{"command": "acknowledge", "seq": "active"}', Acknowledge(None)),
        (b'{"command": "marker", "text": "rain"}', Marker("rain")),
        (b'{"command": "marker"}', Marker("")),
        ('{"command": "marker", "text": "Grüße"}'.encode(), Marker("Grüße")),
        (b'{"command": "pause", "seconds": 600}', Pause(600.0)),
        (b'{"command": "pause", "seconds": 0}', Pause(0.0)),
        (b'{"command": "set-driver", "name": "ann"}', SetDriver("ann")),
        (b'{"command": "set-driver", "name": ""}', SetDriver("")),
    ],
)
def test_a_command_is_understood(payload: bytes, meant: Command) -> None:
    assert decode_command(payload) == meant


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"3",
        b"null",
        b'"acknowledge"',
        b"\xff\xfe",
        b"[" * 1000,
        b'{"command": "reboot"}',
        b'{"command": ["marker"]}',
        b'{"command": null}',
        b'{"seq": 3}',
        b'{"command": "acknowledge"}',
        b'{"command": "acknowledge", "seq": null}',
        b'{"command": "acknowledge", "seq": "all"}',
        b'{"command": "acknowledge", "seq": true}',
        b'{"command": "acknowledge", "seq": 3.0}',
        b'{"command": "acknowledge", "seq": -1}',
        b'{"command": "acknowledge", "seq": 1e400}',
        b'{"command": "acknowledge", "seq": 3, "more": 1}',
        b'{"command": "marker", "text": 3}',
        b'{"command": "marker", "text": "a\\nb"}',
        b'{"command": "marker", "text": "' + b"x" * 300 + b'"}',
        b" " * (MAX_BYTES + 1),
        b'{"command": "pause"}',
        b'{"command": "pause", "seconds": true}',
        b'{"command": "pause", "seconds": -1}',
        b'{"command": "pause", "seconds": 3601}',
        b'{"command": "pause", "seconds": NaN}',
        b'{"command": "pause", "seconds": "600"}',
        b'{"command": "set-driver"}',
        b'{"command": "set-driver", "name": "../../etc/passwd"}',
        b'{"command": "set-driver", "name": ".hidden"}',
    ],
)
def test_anything_else_is_refused_in_one_line(payload: bytes) -> None:
    with pytest.raises(BrokenCommand) as refused:
        decode_command(payload)
    assert len(str(refused.value).splitlines()) == 1
    assert len(str(refused.value)) < 400
