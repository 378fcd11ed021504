"""What ``wakeful.watch`` and ``wakeful.connect`` have in common: moments come out, commands go in."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from typing import Self

from wakeful.device.alerts.commands import ACTIVE, decode_command
from wakeful.device.messages import Acknowledge, Alert, Command, Marker, Pause, SetDriver
from wakeful.device.moment import Moment
from wakeful.errors import ConfigError

STREAMED = (Acknowledge, Marker, Pause, SetDriver)
"""Commands that a running service takes; the speed, ignition and gear come from its vehicle."""


class Driver(ABC):
    """Iterate over it to get a ``Moment`` for each frame; use it as a context manager to close it in the end."""

    def __iter__(self) -> Self:
        return self

    @abstractmethod
    def __next__(self) -> Moment: ...

    def send(self, command: Command) -> None:
        """Hand a command to the monitor, from any thread. It takes effect with the next frame.

        Raises:
            WakefulError: a value is out of its bounds, a service is not connected or has no such command.
        """
        if isinstance(command, STREAMED):
            decode_command(encode_command(command))  # its checks are those of every other way in
        self._send(command)

    @abstractmethod
    def _send(self, command: Command) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """Release everything. Closing twice is harmless."""

    def acknowledge(self, alert: Alert | int | None = None) -> None:
        """Somebody has noticed this alert (or the alert with this ``seq``); by default every active one."""
        self.send(Acknowledge(alert.seq if isinstance(alert, Alert) else alert))

    def marker(self, text: str = "") -> None:
        """Mark this moment in a recording."""
        self.send(Marker(text, time.monotonic_ns()))

    def pause(self, seconds: float) -> None:
        """No alerts for that long, at most an hour; 0 ends a pause."""
        self.send(Pause(seconds))

    def set_driver(self, name: str) -> None:
        """Another person has taken the seat; "" is somebody of whom nothing is kept."""
        self.send(SetDriver(name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def encode_command(command: Command) -> bytes:
    """The command as one line of the stream, without its end. Raises: ConfigError: the stream has no such command."""
    match command:
        case Acknowledge():
            seq = ACTIVE if command.alert_seq is None else command.alert_seq
            values: dict[str, object] = {"command": "acknowledge", "seq": seq}
        case Marker():
            values = {"command": "marker", "text": command.text}
        case Pause():
            values = {"command": "pause", "seconds": command.duration_s}
        case SetDriver():
            values = {"command": "set-driver", "name": command.name}
        case _:
            kind = type(command).__name__
            raise ConfigError(f"a service takes no {kind}: it gets that from its vehicle, by CAN or the serial line")
    return json.dumps(values).encode()
