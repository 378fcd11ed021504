"""Runs the watchdog beside a monitor, and ends the process when the watchdog gives up and the loop cannot end it.

A loop that still runs ends as after any error: outputs send what is queued, GPIO lines go to their safe level. One that
hangs (in a driver, in a network) is given a few seconds; then the outputs are closed from here and the process exits.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from wakeful.device.monitor import Monitor
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.watchdog import PartFailed, Watchdog
from wakeful.device.supervision.workers import Liveness, Part
from wakeful.sensors.source import Source

GRACE_S = 6.0
CLOSE_S = 3.0


class Closable(Protocol):
    """An output or input."""

    def close(self) -> None: ...


@contextmanager
def overseen(
    monitor: Monitor, source: Source, notes: Notes, liveness: Liveness, *open_parts: Closable, may_exit: bool = True
) -> Iterator[Watchdog]:
    """Supervises all parts of one monitor, those of ``source`` too, while the context lasts.

    Args:
        open_parts: closed from here, in this order, when the loop hangs and cannot close them.
        may_exit: end the process then. The library must not end the program that uses it.
    """
    ended = threading.Event()

    def give_up(failed: PartFailed) -> None:
        monitor.fail(failed)
        if may_exit and not ended.wait(GRACE_S):
            end_process(failed, *open_parts)

    parts = [
        liveness.add(Part(name, alive, restart)) for name, alive, restart in getattr(source, "threads", lambda: ())()
    ]
    watchdog = Watchdog(liveness, notes, give_up)
    watchdog.start()
    try:
        yield watchdog
    finally:
        ended.set()
        watchdog.close()
        for part in parts:
            liveness.leave(part)


def end_process(failed: PartFailed, *open_parts: Closable) -> None:
    """Prints the reason, closes ``open_parts`` as far as possible, and exits with the status of ``failed``."""

    def close() -> None:
        for part in open_parts:
            with suppress(Exception):
                part.close()

    print(f"wakeful: {failed}", file=sys.stderr, flush=True)
    closing = threading.Thread(target=close, name="wakeful-last-close", daemon=True)
    closing.start()
    closing.join(CLOSE_S)
    os._exit(failed.exit_status)
