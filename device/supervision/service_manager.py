"""The socket of the service manager, as sd_notify(3) describes it: one datagram a message, no library needed.

Sending never waits. This file imports nothing but the standard library: it is used before anything else is loaded.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from wakeful.errors import ConfigError


def service_address() -> str:
    """Where the service manager listens; empty where none has started this process."""
    return os.environ.get("NOTIFY_SOCKET", "")


class ServiceManager:
    """Sends messages to systemd.

    Args:
        address: a path or ``@name``.

    Raises:
        ConfigError: there is no such socket address.
    """

    def __init__(self, address: str) -> None:
        self._address = _socket_address(address)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)

    def send(self, lines: Sequence[str]) -> None:
        """One message of ``NAME=VALUE`` lines. Raises: OSError: it was not accepted at once."""
        self._socket.sendto("\n".join(lines).encode(), self._address)

    def close(self) -> None:
        self._socket.close()


def _socket_address(text: str) -> str:
    """systemd writes an abstract socket with ``@`` where the kernel wants a zero byte."""
    if not text.startswith(("/", "@")) or len(text.encode()) > 107 or "\0" in text:
        raise ConfigError(f"NOTIFY_SOCKET={text!r} is not a socket of a service manager: unset it")
    return f"\0{text[1:]}" if text.startswith("@") else text
