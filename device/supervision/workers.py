"""Which threads of one monitor are alive: the loop reports each processed frame, the others their iterations.

A monitor owns one ``Liveness`` and hands it to everything that runs a thread for it; the watchdog
(``wakeful.device.supervision.watchdog``) examines it. Two monitors in one process therefore share nothing.

    worker = Worker("serial", self._run, stuck_s=10.0, liveness=liveness)
    worker.start()

A worker whose function returns has ended on purpose. One whose function raises has died. One that stays too long inside
``working()`` is stuck. Waiting is not a fault. A long wait for a disk or a peer inside ``outside()`` is reported,
because the user should know about a disk or a receiver that accepts nothing; restarting the thread would not help.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BLOCKED_AFTER_S = 5.0

_log = logging.getLogger("wakeful.liveness")


class Part:
    """One supervised thread, as its owner and the watchdog see it.

    Args:
        name: what the watchdog calls it: ``serial``, ``write events.jsonl``.
        alive: whether the thread runs.
        restart: starts a replacement thread; None: not possible, and its fault ends the process.
        stuck_s: seconds of uninterrupted work after which it counts as stuck; None: never.

    Attributes:
        obstacle: why it waits in ``outside()``, if the owner knows, such as a full disk.
    """

    def __init__(
        self,
        name: str,
        alive: Callable[[], bool],
        restart: Callable[[], None] | None = None,
        stuck_s: float | None = None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.stuck_s = stuck_s
        self._alive = alive
        self._restart = restart
        self._clock_s = clock_s
        self._working_since_s: float | None = None
        self._outside_since_s: float | None = None
        self.obstacle = ""

    @property
    def vital(self) -> bool:
        """It cannot be restarted."""
        return self._restart is None

    def beat(self) -> None:
        """One iteration is complete and the next begins: busy, not stuck."""
        self._working_since_s = self._clock_s()

    def rest(self) -> None:
        """Nothing to do: the thread now waits, which is not a fault."""
        self._working_since_s = None

    @contextmanager
    def working(self) -> Iterator[None]:
        """The code inside has to end within ``stuck_s``."""
        self.beat()
        try:
            yield
        finally:
            self.rest()

    @contextmanager
    def outside(self) -> Iterator[None]:
        """The code inside waits for a disk, a pipe or a peer, for as long as necessary."""
        self._outside_since_s = self._clock_s()
        try:
            yield
        finally:
            self._outside_since_s = None
            self.obstacle = ""

    def fault(self) -> str | None:
        """``died``, ``is stuck`` or None. An owner that ends a thread on purpose removes its part first."""
        if not self._alive():
            return "died"
        since_s = self._working_since_s
        if self.stuck_s is not None and since_s is not None and self._clock_s() - since_s > self.stuck_s:
            return "is stuck"
        return None

    def blocked(self) -> str | None:
        """Message about what it has been waiting for longer than ``BLOCKED_AFTER_S``; None otherwise."""
        since_s = self._outside_since_s
        if since_s is None or self._clock_s() - since_s <= BLOCKED_AFTER_S:
            return None
        return f"{self.name}: {self.obstacle or 'the receiver does not read'}"

    def restart(self) -> None:
        """Start a replacement thread; only if it is not ``vital``."""
        assert self._restart is not None
        self._working_since_s = self._outside_since_s = None
        self._restart()


class Liveness:
    """The supervised parts of one monitor. Every method may be called from any thread.

    Attributes:
        frames: number of frames processed so far.
        last_frame_s: monotonic time of the last of them; None before the first.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._parts: tuple[Part, ...] = ()
        self.frames = 0
        self.last_frame_s: float | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        return self._parts

    def frame(self) -> None:
        """The loop has evaluated a frame and published the result."""
        self.frames += 1
        self.last_frame_s = self._clock_s()

    def add(self, part: Part) -> Part:
        """Supervise ``part`` from now on, until it leaves."""
        with self._lock:
            self._parts = (*self._parts, part)
        return part

    def leave(self, part: Part) -> None:
        """Stop supervising ``part``, which ends on purpose."""
        with self._lock:
            self._parts = tuple(one for one in self._parts if one is not part)


class Worker:
    """A daemon thread that the watchdog may restart. It is used like a ``threading.Thread``.

    Args:
        name: of the part; the thread is called ``wakeful-NAME``.
        run: what the thread executes. Wrap code that may get stuck in ``part.working()`` and check ``in_charge()``
            afterwards: a thread that has been replaced in the meantime must return.
        stuck_s: see ``Part``.
        liveness: of the monitor that the thread works for; None: no watchdog examines it.
    """

    def __init__(
        self, name: str, run: Callable[[], None], *, stuck_s: float | None = None, liveness: Liveness | None = None
    ) -> None:
        self._run = run
        self._liveness = liveness or Liveness()
        # Held while a thread starts, so that a thread that is not alive yet is not reported as dead.
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.part = Part(name, lambda: self._thread is None or self.is_alive(), self._begin, stuck_s)

    def start(self) -> None:
        self._liveness.add(self.part)
        self._begin()

    @property
    def started(self) -> bool:
        """Whether it ever was."""
        return self._thread is not None

    def is_alive(self) -> bool:
        with self._lock:
            return self._thread is not None and self._thread.is_alive()

    def in_charge(self) -> bool:
        """Whether the calling thread is this worker's, and not one that was replaced."""
        with self._lock:
            return self._thread is threading.current_thread()

    def join(self, timeout_s: float | None = None) -> None:
        """Waits for a thread that has been asked to end; the watchdog ignores it from now on."""
        self._liveness.leave(self.part)
        # Ctrl-C may have come while the thread was being started: there is nothing to wait for then.
        if self._thread is not None and self._thread.is_alive() and not self.in_charge():
            self._thread.join(timeout_s)

    def _begin(self) -> None:
        with self._lock:
            self._thread = threading.Thread(target=self._live, name=f"wakeful-{self.part.name}", daemon=True)
            self._thread.start()

    def _live(self) -> None:
        try:
            self._run()
        except Exception as error:
            _log.error("%s died: %s: %s", self.part.name, type(error).__name__, error)
            _log.debug("%s died", self.part.name, exc_info=error)
        else:
            if self.in_charge():
                self._liveness.leave(self.part)
