"""Markers from the keyboard: ``m`` or the space bar marks the moment, a digit marks it with that number.

The digits are those of the Karolinska Sleepiness Scale, which a tester asks the driver for every few minutes.
The terminal gets its former settings back at the end, also after a crash. While the monitor runs in the background of a
shell, the keyboard belongs to the shell and is left alone.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import select
import sys
import threading
import time
from typing import Any

from wakeful.device.inputs.input import Input, Send
from wakeful.device.messages import Marker
from wakeful.device.supervision.workers import Liveness, Worker

POLL_S = 0.2
CLOSE_TIMEOUT_S = 0.5
TEXTS = {"m": "key", "M": "key", " ": "key"} | {digit: f"KSS {digit}" for digit in "123456789"}
"""Key -> text of the marker."""

_log = logging.getLogger("wakeful.inputs")


class KeyMarkers(Input):
    """Turns keys into markers from ``start`` to ``close``.

    Args:
        send: takes each marker, from this input's own thread.
        descriptor: the terminal; by default the standard input. Anything else is left alone.
    """

    def __init__(
        self,
        send: Send,
        descriptor: int | None = None,
        liveness: Liveness | None = None,
    ) -> None:
        self._send = send
        self._descriptor = sys.stdin.fileno() if descriptor is None else descriptor
        self._saved: list[Any] | None = None
        self._closing = threading.Event()
        self._thread = Worker("keys", self._run, liveness=liveness)

    def start(self) -> None:
        if not os.isatty(self._descriptor):
            return
        atexit.register(self.close)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_TIMEOUT_S)
        atexit.unregister(self.close)

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                if not self._in_foreground():
                    self._closing.wait(POLL_S)
                    continue
                self._set_terminal()
                if select.select([self._descriptor], [], [], POLL_S)[0]:
                    self._read()
        except OSError as error:
            # The terminal went away (a closed ssh session); the monitor goes on.
            _log.debug("keys are no longer read: %s", error)
        finally:
            self._restore_terminal()

    def _in_foreground(self) -> bool:
        """A process in the background that reads its terminal is stopped by the system."""
        with contextlib.suppress(OSError):
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        return False

    def _read(self) -> None:
        pressed_ns = time.monotonic_ns()
        keys = os.read(self._descriptor, 64)
        if not keys:
            raise OSError("the terminal is closed")
        if keys.startswith(b"\x1b"):
            return  # an arrow or a function key, which is several bytes
        for key in keys.decode("ascii", "ignore"):
            if key in TEXTS:
                self._send(Marker(TEXTS[key], pressed_ns))

    def _set_terminal(self) -> None:
        """Keys arrive at once and are not shown; Ctrl-C works as before."""
        if self._saved is not None:
            return
        import termios

        self._saved = termios.tcgetattr(self._descriptor)
        changed = termios.tcgetattr(self._descriptor)
        changed[3] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(self._descriptor, termios.TCSANOW, changed)

    def _restore_terminal(self) -> None:
        if self._saved is None:
            return
        import termios

        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(self._descriptor, termios.TCSANOW, self._saved)
        self._saved = None
