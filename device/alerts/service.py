"""Notifies systemd (``sd_notify``) that the monitor runs, that frames are evaluated, what its health is, that it ends.

Everything is sent from the monitor's own thread, never from a helper: a ping must prove that a frame went all the way
through. Sending never waits; what the socket does not accept at once is sent again with the next frame.

A lost camera is reported and does not end the process. The outputs go on sending ``camera_lost``, which is worth more
than a dead process, and the source reopens the camera by itself; so the loop's own turns ping for
``LOST_WATCHDOG_S``, after which a new process may help where reopening did not. A camera that gives no frames without
being lost (``stale``), and a loop that hangs, also without a camera, ping nothing.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable

from wakeful.device.alerts.output import Output
from wakeful.device.messages import DriverState, Health, Level
from wakeful.device.supervision.service_manager import ServiceManager, service_address

PING_S = 1.0
"""Longest time between two pings while frames come; never more than a quarter of the watchdog's own time."""

LOST_WATCHDOG_S = 300.0
STATUS_GAP_S = 1.0

_log = logging.getLogger("wakeful.service")


class ServiceOutput(Output):
    """``READY=1`` with the first state, ``WATCHDOG=1`` for evaluated frames or a lost camera, ``STATUS=``: the health.

    Args:
        address: the socket, a path or ``@name``; None: ``NOTIFY_SOCKET``.
        watchdog_s: seconds without a ping after which systemd ends the process, 0: never; None: ``WATCHDOG_USEC``.

    Attributes:
        failed: datagrams the socket did not accept.

    Raises:
        ConfigError: there is no such socket address.
    """

    def __init__(
        self, address: str | None = None, watchdog_s: float | None = None, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._manager = ServiceManager(address or service_address())
        self._watchdog_s = _watchdog_s() if watchdog_s is None else watchdog_s
        self._ping_s = min(PING_S, self._watchdog_s / 4)
        self._clock_s = clock_s
        self._ready = False
        self._lost_since_s: float | None = None
        self._pinged_s = self._status_s = float("-inf")
        self._status = ""
        self.failed = 0

    def state(self, state: DriverState) -> None:
        now_s = self._clock_s()
        lines = [] if self._ready else ["READY=1"]
        lost = state.health is Health.CAMERA_LOST
        processed = state.health.has_frame
        if processed:
            self._lost_since_s = None
        elif lost and self._lost_since_s is None:
            self._lost_since_s = now_s
        waits = lost and self._lost_since_s is not None and now_s - self._lost_since_s < LOST_WATCHDOG_S
        ping = bool(self._watchdog_s) and (processed or waits) and now_s - self._pinged_s >= self._ping_s
        if ping:
            lines.append("WATCHDOG=1")
        status = describe(state)
        news = status != self._status and now_s - self._status_s >= STATUS_GAP_S
        if news:
            lines.append(f"STATUS={status}")
        if not lines or not self._send(lines):
            return
        self._ready = True
        if ping:
            self._pinged_s = now_s
        if news:
            self._status, self._status_s = status, now_s

    def close(self) -> None:
        self._send(["STOPPING=1", "STATUS=ending"])
        self._manager.close()

    def _send(self, lines: list[str]) -> bool:
        try:
            self._manager.send(lines)
        except OSError as error:
            self.failed += 1
            if self.failed == 1:
                _log.warning("systemd did not accept %s: %s; trying again", lines[0], error.strerror or error)
            return False
        return True


def describe(state: DriverState) -> str:
    """The monitor's health in a few words for people, as ``systemctl status`` shows it."""
    said = f"{state.health} ({state.reason})" if state.reason else str(state.health)
    if state.health is Health.CALIBRATING:
        said += f" {state.calibration_pct // 10 * 10:.0f} %"
    for note in state.notes:
        said += f", {note.replace('_', ' ')}"
    if state.level is not Level.NONE:
        said += f", {state.level.label}: {state.code}"
    return said


def _watchdog_s() -> float:
    """What systemd set for this very process; 0 where it set nothing that can be used."""
    owner = os.environ.get("WATCHDOG_PID", "")
    if owner and owner != str(os.getpid()):
        return 0.0
    given = os.environ.get("WATCHDOG_USEC", "")
    return int(given) / 1e6 if given.isascii() and given.isdecimal() else 0.0
