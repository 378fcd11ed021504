"""Looks after the monitor's parts: what died or is stuck is started again, and what cannot be ends the process.

A part is started again at most five times in a minute. After that, and when the loop itself is stuck, the monitor ends
with a reason and a non-zero status, so that whoever started it (systemd, the vehicle) can start it again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.workers import Liveness, Part
from wakeful.errors import WakefulError

LOOK_S = 0.1
MAX_RESTARTS = 5
RESTART_WINDOW_S = 60.0
NOTE = "restarted"
BLOCKED = "output_blocked"
NOTE_ACTIVE_S = 60.0

_log = logging.getLogger("wakeful.watchdog")


class PartFailed(WakefulError, RuntimeError):
    """A part of the monitor died or hung and cannot be brought back."""


class Watchdog:
    """Examines the parts of ``liveness`` ten times a second, in a thread of its own.

    Args:
        notes: records each part that was restarted.
        give_up: called once, from the watchdog's thread, with the reason why the process has to end.

    Attributes:
        restarts: parts that were started again so far.
    """

    def __init__(
        self,
        liveness: Liveness,
        notes: Notes,
        give_up: Callable[[PartFailed], None],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._liveness = liveness
        self._notes = notes
        self._give_up = give_up
        self._clock_s = clock_s
        self._restarted_s: dict[Part, deque[float]] = {}
        self._noted_s: float | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wakeful-watchdog", daemon=True)
        self.restarts = 0

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(1.0)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            try:
                self.look()
            except PartFailed as failed:
                self._give_up(failed)
                return
            except Exception:
                _log.exception("a part could not be examined")

    def look(self) -> None:
        """Examine every part once.

        Raises:
            PartFailed: one cannot be brought back.
        """
        for part in self._liveness.parts:
            fault = part.fault()
            if fault is not None and part in self._liveness.parts:
                self._bring_back(part, fault)
        self._note_blocked()
        if self._noted_s is not None and self._clock_s() - self._noted_s > NOTE_ACTIVE_S:
            self._noted_s = None
            self._notes.clear(NOTE)

    def _note_blocked(self) -> None:
        blocked = [reason for part in self._liveness.parts if (reason := part.blocked())]
        if blocked:
            self._notes.set(BLOCKED, "; ".join(blocked))
        else:
            self._notes.clear(BLOCKED)

    def _bring_back(self, part: Part, fault: str) -> None:
        if part.vital:
            raise PartFailed(f"{part.name} {fault} and cannot be started again: restart the monitor")
        now_s = self._clock_s()
        times_s = self._restarted_s.setdefault(part, deque())
        while times_s and now_s - times_s[0] > RESTART_WINDOW_S:
            times_s.popleft()
        if len(times_s) >= MAX_RESTARTS:
            raise PartFailed(
                f"{part.name} {fault}, after {MAX_RESTARTS} restarts within {RESTART_WINDOW_S:g} s: "
                "see the lines above for the cause, then restart the monitor"
            )
        times_s.append(now_s)
        self.restarts += 1
        self._noted_s = now_s
        self._notes.set(NOTE, f"{part.name} {fault} and was started again ({len(times_s)} of {MAX_RESTARTS})")
        part.restart()
