"""Extends the time that systemd gives a start for as long as the start makes progress (``EXTEND_TIMEOUT_USEC``).

A small board with a cold disk may take a minute for what a laptop loads in half a second, and a limit that is right for
both does not exist. So the limit of the unit (``TimeoutStartSec``) is short, and whatever shows that the start goes on
asks for that much more: every module that is imported, every step of the start, and processor time that the main thread
has used. A start that hangs shows none of these, and is ended in time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec
from threading import Event, Thread, main_thread
from types import ModuleType

from wakeful.device.supervision.service_manager import ServiceManager, service_address

EXTENSION_S = 20.0
"""Longest time between two steps. With the two seconds of ``TimeoutAbortSec`` a hang is over within 22 s, and within
28 s (``TimeoutStartSec`` of the unit) where nothing was imported yet. The longest single step of a start of 0.6 s takes
0.1 s: a machine would have to be two hundred times as slow."""
GAP_S = 1.0
BOUNDED_GAP_S = 5.0

WORK_S = 0.005
"""Processor time of the main thread in ``GAP_S`` that is progress: more than a loop takes that polls for something, and
less than a start gets on a hundredth of a processor."""
ENDLESS_WORK_S = 120.0
"""A start that has used so much goes in circles: the slowest board needs a tenth of it."""


class StartProgress:
    """Reports steps of the start. It is also the first finder of imports, which sees every module and finds none.

    Args:
        manager: None: nobody wants to know.
    """

    def __init__(self, manager: ServiceManager | None = None, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._manager = manager
        self._clock_s = clock_s
        self._sent_s = float("-inf")
        self._closed = Event()

    def watch_work(self, used_s: Callable[[], float] | None = None) -> None:
        """Processor time that the main thread uses is progress, from now on, in a thread of its own.

        Args:
            used_s: processor time of the main thread so far, s; None: as the kernel counts it.
        """
        if self._manager is not None:
            Thread(
                target=self._watch_work, args=(used_s or _main_thread_s(),), name="wakeful-work", daemon=True
            ).start()

    def _watch_work(self, used_s: Callable[[], float]) -> None:
        begun_s = last_s = used_s()
        while not self._closed.wait(GAP_S):
            now_s = used_s()
            if now_s - begun_s > ENDLESS_WORK_S:
                return
            if now_s - last_s >= WORK_S:
                self.step()
            last_s = now_s

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
        if self._closed.is_set():
            return
        self._closed.set()
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


def begin_to_extend() -> None:
    """What follows is a start, until ``extending_start`` takes it over. Does nothing where nobody wants to know.

    Raises:
        ConfigError: ``NOTIFY_SOCKET`` is not the address of a socket.
    """
    if address := service_address():
        progress = StartProgress(ServiceManager(address))
        sys.meta_path.insert(0, progress)
        progress.watch_work()


@contextmanager
def extending_start() -> Iterator[StartProgress]:
    """The steps of this start, imports included, until it is closed or the context ends.

    Raises:
        ConfigError: ``NOTIFY_SOCKET`` is not the address of a socket.
    """
    if _begun() is None:
        begin_to_extend()
    progress = _begun() or StartProgress()
    try:
        yield progress
    finally:
        progress.close()


def _begun() -> StartProgress | None:
    return next((one for one in sys.meta_path if isinstance(one, StartProgress)), None)


def _main_thread_s() -> Callable[[], float]:
    ident = main_thread().ident
    assert ident is not None, "it runs"
    clock = time.pthread_getcpuclockid(ident)
    return lambda: time.clock_gettime(clock)
