"""What the process does on SIGTERM, Ctrl-C and SIGHUP."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def leaving_quietly() -> Iterator[None]:
    """SIGTERM, Ctrl-C and SIGHUP end the process with status 0, wherever it is; nothing has to be shut down yet.

    A package whose import is interrupted may raise an error of its own in place of what interrupted it, and so blame
    itself for what was only asked to end.
    """
    asked = False

    def leave(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        raise SystemExit(0)

    with _handled(dict.fromkeys((signal.SIGTERM, signal.SIGINT, signal.SIGHUP), leave)):
        try:
            yield
        except Exception:
            if asked:
                raise SystemExit(0) from None
            raise


@contextmanager
def obeying_signals(stop: Callable[[], None], reload: Callable[[], None]) -> Iterator[None]:
    """SIGTERM and Ctrl-C call ``stop``, SIGHUP calls ``reload``, in the main thread, while the context lasts.

    A terminal that goes away (a closed ssh session) sends SIGHUP too; that calls ``stop``.
    """
    interactive = os.isatty(0)

    def end(number: int, frame: FrameType | None) -> None:
        stop()

    def hang_up(number: int, frame: FrameType | None) -> None:
        # A terminal that has hung up can no longer be written to.
        if interactive and not os.isatty(0):
            stop()
        else:
            reload()

    with _handled({signal.SIGTERM: end, signal.SIGINT: end, signal.SIGHUP: hang_up}):
        yield


@contextmanager
def _handled(handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
