"""Which of the monitor's threads live: the loop tells each frame it has processed, the others that they come round.

Two sides hang on this one object. The loop and the parts (writers, serial line, recorder, ...) tell; the watchdog
(``device.watchdog``) and whoever reports to the outside (systemd's notifier) listen and look.

    liveness = Liveness()
    liveness.listen(notifier.frame)                       # after each frame that was really looked at and judged
    worker = Worker("serial", self._run, liveness, stuck_s=10.0)
    worker.start()

A part waits for the world as long as it likes. It counts as stuck only where it says that it is at work and does not
come back: ``with part.working(): os.write(...)``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_log = logging.getLogger("wakeful.liveness")


class Part:
    """One watched thread, as its owner and the watchdog see it.

    Args:
        name: what the watchdog calls it: ``serial``, ``write events.jsonl``.
        alive: whether the thread runs.
        restart: puts another thread in its place; None: nothing can, and its fault ends the process.
        stuck_s: seconds of work without an end after which it counts as stuck; None: never.
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

    def fault(self) -> str | None:
        """``died``, ``is stuck`` or None. An owner that ends a thread on purpose takes its part out first."""
        if not self._alive():
            return "died"
        since_s = self._working_since_s
        if self.stuck_s is not None and since_s is not None and self._clock_s() - since_s > self.stuck_s:
            return "is stuck"
        return None

    def restart(self) -> None:
        """Put another thread in its place; only where it is not ``vital``."""
        assert self._restart is not None
        self._working_since_s = None
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
        self._listeners: tuple[Callable[[], None], ...] = ()
        self.frames = 0
        self.last_frame_s: float | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        return self._parts

    def frame(self) -> None:
        """The loop has looked at a frame, judged it and told everybody."""
        self.frames += 1
        self.last_frame_s = self._clock_s()
        for listener in self._listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each processed frame, in the loop's thread: it must not wait."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

    def add(self, part: Part) -> Part:
        """Watch ``part`` from now on, until it leaves."""
        with self._lock:
            self._parts = (*self._parts, part)
        return part

    def leave(self, part: Part) -> None:
        """``part`` ends on purpose."""
        with self._lock:
            self._parts = tuple(one for one in self._parts if one is not part)


class Worker:
    """A daemon thread of a part that the watchdog may start again.

    Args:
        run: the thread's life. It is given a function that tells whether this thread is still the one in charge; one
            that was stuck and replaced has to leave when it comes back and is no longer.
        liveness: where it is watched; None: nobody watches.
        stuck_s: see ``Part``; then ``run`` has to wrap what may hang in ``part.working()``.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[Callable[[], bool]], None],
        liveness: Liveness | None = None,
        *,
        stuck_s: float | None = None,
    ) -> None:
        self._run = run
        self._liveness = liveness or Liveness()
        self._thread: threading.Thread | None = None
        self.part = Part(name, self.is_alive, self._begin, stuck_s)

    def start(self) -> None:
        self._begin()
        self._liveness.add(self.part)

    def is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def stop(self, timeout_s: float) -> None:
        """The thread was told to end: it is watched no longer, and waited for."""
        self._liveness.leave(self.part)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _begin(self) -> None:
        thread = threading.Thread(target=self._live, name=f"wakeful-{self.part.name}", daemon=True)
        self._thread = thread
        thread.start()

    def _live(self) -> None:
        mine = threading.current_thread()
        try:
            self._run(lambda: self._thread is mine)
        except Exception as error:
            _log.error("%s died: %s: %s", self.part.name, type(error).__name__, error)
            _log.debug("%s died", self.part.name, exc_info=error)
