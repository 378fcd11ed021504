"""Other programs in a comparison: any command that follows the protocol of ``wakeful.device.bench.worker``."""

from __future__ import annotations

import shlex
from pathlib import Path

from wakeful.device.bench.record import Accuracy, Subject
from wakeful.device.bench.turns import Contender
from wakeful.errors import ConfigError


def peer(command: str, name: str | None = None) -> Contender:
    """The program with this command line, called ``name`` or else as its file.

    Raises:
        ConfigError: the command line cannot be read.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigError(f"the peer's command line cannot be read ({error}): {command}") from None
    if not words:
        raise ConfigError("a peer needs a command line")
    called = name or Path(next((word for word in words if word.endswith(".py")), words[0])).stem
    return Contender(Subject("peer", called, command=command), words, accuracy=Accuracy(absent="unknown for a peer"))
