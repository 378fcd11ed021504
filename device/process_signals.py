"""What the process does on SIGTERM, Ctrl-C and SIGHUP."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def obeying_signals(stop: Callable[[], None], reload: Callable[[], None]) -> Iterator[None]:
    """SIGTERM and Ctrl-C call ``stop``, SIGHUP calls ``reload``, in the main thread, while the context lasts.

    A terminal that goes away (a closed ssh session) sends SIGHUP too; that calls ``stop``.
    """
    interactive = os.isatty(0)

    def end(number: int, frame: FrameType | None) -> None:
        stop()

    def hang_up(number: int, frame: FrameType | None) -> None:
        # A terminal that has hung up is none any longer.
        if interactive and not os.isatty(0):
            stop()
        else:
            reload()

    handlers = {signal.SIGTERM: end, signal.SIGINT: end, signal.SIGHUP: hang_up}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
