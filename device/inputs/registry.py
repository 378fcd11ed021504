"""Opens the inputs that the settings ask for; each is imported only when it is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from wakeful.device.config.settings import RecordSettings
from wakeful.device.inputs.input import Input, Send
from wakeful.device.supervision.workers import Liveness


@contextmanager
def opened_inputs(record: RecordSettings, send: Send, liveness: Liveness, *, terminal: bool) -> Iterator[list[Input]]:
    """Keys and the button that set markers while a drive is recorded, started, until the context ends.

    Args:
        terminal: whether keys of the standard input may be read: only the command line owns its terminal.

    Raises:
        GpioError: the button cannot be used as configured.
    """
    with ExitStack() as stack:
        inputs = _inputs(record, send, liveness, terminal)
        for one in inputs:
            stack.callback(one.close)
            one.start()
        yield inputs


def _inputs(record: RecordSettings, send: Send, liveness: Liveness, terminal: bool) -> list[Input]:
    found: list[Input] = []
    if record.folder is None:
        return found
    if terminal and record.keys and sys.stdin is not None and sys.stdin.isatty():
        from wakeful.device.inputs.keys import KeyMarkers

        found.append(KeyMarkers(send, liveness=liveness))
    if record.button:
        from wakeful.device.inputs.button import ButtonMarkers

        found.append(ButtonMarkers(record.button, send, liveness))
    return found
