"""Extends the time that systemd gives a start for as long as the start makes progress (``EXTEND_TIMEOUT_USEC``).

A small board with a cold disk may take a minute for what a laptop loads in half a second, and a limit that is right for
both does not exist. So the limit of the unit (``TimeoutStartSec``) is short, and every module that is imported and
every step of the start asks for that much more. A start that hangs asks for nothing, and is ended in time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec
from threading import Event, Thread
from types import ModuleType

from wakeful.device.supervision.service_manager import ServiceManager, service_address

EXTENSION_S = 20.0
"""Longest time between two steps; ``TimeoutStartSec`` of the unit is the same. With the two seconds of
``TimeoutAbortSec`` a hang is over within 22 s. The longest single step of a start of 0.6 s takes 0.1 s: a machine would
have to be two hundred times as slow."""
GAP_S = 1.0
BOUNDED_GAP_S = 5.0


class StartProgress:
    """Reports steps of the start. It is also the first finder of imports, which sees every module and finds none.

    Args:
        manager: None: nobody wants to know.
    """

    def __init__(self, manager: ServiceManager | None = None, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._manager = manager
        self._clock_s = clock_s
        self._sent_s = float("-inf")

    def step(self) -> None:
        """The start has come a step further. From any thread."""
        now_s = self._clock_s()
        manager = self._manager
        if manager is None or now_s - self._sent_s < GAP_S:
            return
        self._sent_s = now_s
        # What the socket does not take at once comes with the next step.
        with suppress(OSError):
            manager.send([f"EXTEND_TIMEOUT_USEC={round(EXTENSION_S * 1e6)}"])

    @contextmanager
    def bounded(self, limit_s: float) -> Iterator[None]:
        """The code inside is one step that may be long and has a limit of its own, at most ``limit_s``."""
        if self._manager is None:
            yield
            return
        done, until_s = Event(), self._clock_s() + limit_s

        def report() -> None:
            while self._clock_s() < until_s and not done.wait(BOUNDED_GAP_S):
                self.step()

        self.step()
        Thread(target=report, name="wakeful-start", daemon=True).start()
        try:
            yield
        finally:
            done.set()
            self.step()

    def close(self) -> None:
        """The start is over."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        manager, self._manager = self._manager, None
        if manager is not None:
            manager.close()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As ``importlib.abc.MetaPathFinder``: a module is about to be loaded."""
        self.step()
        return None


@contextmanager
def extending_start() -> Iterator[StartProgress]:
    """The steps of this start, imports included, until it is closed or the context ends.

    Raises:
        ConfigError: ``NOTIFY_SOCKET`` is not the address of a socket.
    """
    address = service_address()
    progress = StartProgress(ServiceManager(address) if address else None)
    if address:
        sys.meta_path.insert(0, progress)
    try:
        yield progress
    finally:
        progress.close()
