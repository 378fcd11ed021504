"""Opens the inputs that the settings ask for; each is imported only when it is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TextIO

from wakeful.device.config.settings import RecordSettings
from wakeful.device.inputs.input import Input, Send
from wakeful.device.supervision.workers import Liveness

if TYPE_CHECKING:
    from wakeful.device.inputs.keys import KeyActions


@contextmanager
def opened_inputs(
    record: RecordSettings, send: Send, liveness: Liveness, *, terminal: KeyActions | None
) -> Iterator[list[Input]]:
    """The terminal's keys, and the button that sets markers while a drive is recorded, until the context ends.

    Args:
        terminal: what keys of the standard input do; None: they are not read, only the command line owns its terminal.

    Raises:
        GpioError: the button cannot be used as configured.
    """
    with ExitStack() as stack:
        inputs = _inputs(record, send, liveness, terminal)
        for one in inputs:
            stack.callback(one.close)
            one.start()
        yield inputs


def _inputs(record: RecordSettings, send: Send, liveness: Liveness, terminal: KeyActions | None) -> list[Input]:
    found: list[Input] = []
    # Where the output goes through a pipe, the keys may be for the pager at its end.
    if terminal and record.keys and _is_terminal(sys.stdin) and (record.folder or _is_terminal(sys.stdout)):
        from wakeful.device.inputs.keys import TerminalKeys

        found.append(TerminalKeys(send, terminal, liveness=liveness))
    if record.button and record.folder is not None:
        from wakeful.device.inputs.button import ButtonMarkers

        found.append(ButtonMarkers(record.button, send, liveness))
    return found


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()
