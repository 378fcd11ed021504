"""Which of the monitor's threads live: the loop tells each frame it has processed, the others that they come round.

Threads of a process are known to all of it, and so are these: ``PROCESS`` knows every ``Worker`` that was started and
has not been stopped, without being handed around. The watchdog (``wakeful.device.supervision.watchdog``) looks at it.

    worker = Worker("serial", self._run, stuck_s=10.0)
    worker.start()

A worker whose function returns has ended on purpose. One whose function raises has died. One that is busy for too long
with what it called ``working()`` is stuck. Waiting is no fault; waiting for the world inside ``outside()`` is told when
it lasts, since a disk or a reader that takes nothing is worth knowing, but no thread can be helped by another one.
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
    """One watched thread, as its owner and the watchdog see it.

    Args:
        name: what the watchdog calls it: ``serial``, ``write events.jsonl``.
        alive: whether the thread runs.
        restart: puts another thread in its place; None: nothing can, and its fault ends the process.
        stuck_s: seconds of work without an end after which it counts as stuck; None: never.

    Attributes:
        obstacle: what the owner knows of what it waits for in ``outside()``, such as a full disk.
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
        """Nothing can start it again."""
        return self._restart is None

    def beat(self) -> None:
        """A turn is done and the next begins: still at work, and not stuck."""
        self._working_since_s = self._clock_s()

    def rest(self) -> None:
        """Nothing to do: what follows is waiting, which is no fault."""
        self._working_since_s = None

    @contextmanager
    def working(self) -> Iterator[None]:
        """What is inside has to end within ``stuck_s``."""
        self.beat()
        try:
            yield
        finally:
            self.rest()

    @contextmanager
    def outside(self) -> Iterator[None]:
        """What is inside waits for a disk, a pipe or a peer, for as long as it takes."""
        self._outside_since_s = self._clock_s()
        try:
            yield
        finally:
            self._outside_since_s = None
            self.obstacle = ""

    def fault(self) -> str | None:
        """``died``, ``is stuck`` or None. An owner that ends a thread on purpose takes its part out first."""
        if not self._alive():
            return "died"
        since_s = self._working_since_s
        if self.stuck_s is not None and since_s is not None and self._clock_s() - since_s > self.stuck_s:
            return "is stuck"
        return None

    def blocked(self) -> str | None:
        """What it has waited for so long that people should know; None while it has not."""
        since_s = self._outside_since_s
        if since_s is None or self._clock_s() - since_s <= BLOCKED_AFTER_S:
            return None
        return f"{self.name}: {self.obstacle or 'nobody takes what is written'}"

    def restart(self) -> None:
        """Put another thread in its place; only where it is not ``vital``."""
        assert self._restart is not None
        self._working_since_s = self._outside_since_s = None
        self._restart()


class Liveness:
    """The parts that are watched at present. Every method may be called from any thread.

    Attributes:
        frames: frames that were really processed so far.
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
        """The loop has looked at a frame, judged it and told everybody."""
        self.frames += 1
        self.last_frame_s = self._clock_s()

    def add(self, part: Part) -> Part:
        """Watch ``part`` from now on, until it leaves."""
        with self._lock:
            self._parts = (*self._parts, part)
        return part

    def leave(self, part: Part) -> None:
        """``part`` ends on purpose."""
        with self._lock:
            self._parts = tuple(one for one in self._parts if one is not part)


PROCESS = Liveness()
"""The parts of this process."""


class Worker:
    """A daemon thread that the watchdog may start again. It is used as a ``threading.Thread`` is.

    Args:
        name: of the part; the thread is called ``wakeful-NAME``.
        run: the thread's life. Where something in it may get stuck, it has to be wrapped in ``part.working()``, and
            ``in_charge()`` be asked afterwards: a thread that was replaced meanwhile has to leave.
        stuck_s: see ``Part``.
    """

    def __init__(
        self, name: str, run: Callable[[], None], *, stuck_s: float | None = None, liveness: Liveness = PROCESS
    ) -> None:
        self._run = run
        self._liveness = liveness
        # Held while a thread begins, so that nobody takes one that is not yet alive for a dead one.
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
        """The thread was told to end: it is watched no longer, and waited for."""
        self._liveness.leave(self.part)
        if self._thread is not None and not self.in_charge():
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
