"""The keys of the terminal: ``m`` marks the moment, a digit marks it with that number, ``a`` acknowledges, ``q`` ends.

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
from collections.abc import Callable
from typing import Any

from wakeful.device.alerts.terminal.view import TerminalView
from wakeful.device.inputs.input import Input, Send
from wakeful.device.messages import Acknowledge, Marker
from wakeful.device.supervision.workers import Liveness, Worker
from wakeful.frozen import dataclass

POLL_S = 0.2
CLOSE_TIMEOUT_S = 0.5
TEXTS = {"m": "key", "M": "key", " ": "key"} | {digit: f"KSS {digit}" for digit in "123456789"}
"""Key -> text of the marker."""

_log = logging.getLogger("wakeful.inputs")


NOT_RECORDED = "not marked, because nothing is recorded: start with `--record FOLDER`"


@dataclass(frozen=True, slots=True)
class KeyActions:
    """What keys act on beside the monitor's commands; all are called from the keys' own thread.

    Attributes:
        view: shows the answers, and knows which alert is active.
        stop: ends the run.
        recording: whether there is a recording to mark.
    """

    view: TerminalView
    stop: Callable[[], None]
    recording: Callable[[], bool]


class TerminalKeys(Input):
    """Reads keys from ``start`` to ``close``.

    Args:
        send: takes markers and acknowledgements, from this input's own thread.
        actions: what other keys do.
        descriptor: the terminal; by default the standard input. Anything else is left alone.
    """

    def __init__(
        self, send: Send, actions: KeyActions, descriptor: int | None = None, liveness: Liveness | None = None
    ) -> None:
        self._send = send
        self._actions = actions
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
            self.press(key, pressed_ns)

    def press(self, key: str, pressed_ns: int) -> None:
        """What ``key`` does."""
        view = self._actions.view
        if key in TEXTS:
            if self._actions.recording():
                self._send(Marker(TEXTS[key], pressed_ns))
            else:
                view.say(NOT_RECORDED)
        elif key in "aA":
            if (alert := view.acknowledgeable) is not None:
                self._send(Acknowledge(alert.seq))
            else:
                view.say("no active alert to acknowledge")
        elif key in "qQ":
            self._actions.stop()
        elif key == "?":
            view.toggle_help()

    def _set_terminal(self) -> None:
        """Keys arrive at once and are not shown; Ctrl-C works as before."""
        if self._saved is not None:
            return
        import termios

        self._saved = termios.tcgetattr(self._descriptor)
        changed = termios.tcgetattr(self._descriptor)
        changed[3] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(self._descriptor, termios.TCSANOW, changed)
        self._actions.view.keys_read = True

    def _restore_terminal(self) -> None:
        if self._saved is None:
            return
        import termios

        self._actions.view.keys_read = False
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(self._descriptor, termios.TCSANOW, self._saved)
        self._saved = None
