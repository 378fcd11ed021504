"""What all lines to the outside have in common: alerts that wait, and a thread that opens the line again and again.

A new one derives from ``Wire`` and implements only how it is opened and what it sends. One thread owns the line; the
monitor's leaves an alert in the queue and wakes it, so a peer that stops reading, or a cable that is pulled, costs the
loop nothing. Alerts survive an outage and go out in their order.
"""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from collections.abc import Callable
from contextlib import closing
from typing import Generic, Protocol, Self, TypeVar

from wakeful.device.alerts.outbox import AlertQueue
from wakeful.device.alerts.output import Output
from wakeful.device.alerts.speed_watch import SpeedWatch
from wakeful.device.alerts.waker import Waker
from wakeful.device.messages import Command
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.workers import Liveness, Worker
from wakeful.errors import WakefulError

FIRST_RETRY_S = 0.2
LONGEST_RETRY_S = 2.0
STEADY_AFTER_S = 2.0
CLOSE_TIMEOUT_S = 0.8

_log = logging.getLogger("wakeful.wire")


class Closable(Protocol):
    """An open line."""

    def close(self) -> None: ...


Payload = TypeVar("Payload")
Line = TypeVar("Line", bound=Closable)


class Wire(Output, Generic[Payload, Line]):
    """Speaks until it is closed, for as long as the line takes to come up.

    Args:
        name: of the part, and at the head of what is logged.
        where: what is opened, as the user named it.
        kind: how the user calls it: ``the serial line``.
        stuck_s: an opening that takes longer will not come back.
        on_command: called with each command received, from this wire's own thread.
        notes: records that the vehicle's speed is lost.
    """

    open_works = True
    """Whether a line that can be opened works; where not, the subclass reports that it does once it has seen it."""

    def __init__(
        self,
        name: str,
        where: str,
        kind: str,
        stuck_s: float,
        on_command: Callable[[Command], None] | None,
        notes: Notes | None = None,
        liveness: Liveness | None = None,
    ) -> None:
        self._where = where
        self._on_command = on_command
        self._alerts = AlertQueue[Payload]()
        self._watch = SpeedWatch(f"{kind} {where}", self._pass_on, notes)
        self._waker = Waker()
        self._origin_ns = 0
        self._closing = False
        self._give_up_s = float("inf")
        self._heir: Wire[Payload, Line] | None = None
        self._worker = Worker(name, self._run, stuck_s=stuck_s, liveness=liveness)

    @property
    def alerts_sent(self) -> int:
        """Alerts the line has taken whole, or whose arrival was confirmed where that is possible."""
        return self._alerts.delivered

    @property
    def alerts_dropped(self) -> int:
        """Alerts lost because over 1000 waited, or because nobody had listened for a minute."""
        return self._alerts.dropped + self._alerts.undelivered

    def start(self, origin_ns: int) -> None:
        self._origin_ns = origin_ns
        self._worker.start()

    def take_over(self, before: Self, in_doubt: bool = False) -> None:
        """Send what ``before``, which is about to be closed, could not send yet.

        ``in_doubt``: at once also what it is just sending. Without that it may finish, and leaves what it could not.
        """
        before._heir = self
        self._inherit(before._alerts, in_doubt)

    def close(self) -> None:
        if self._closing:
            return
        self._give_up_s = time.monotonic() + CLOSE_TIMEOUT_S
        self._closing = True
        self._waker.wake()
        self._worker.join(CLOSE_TIMEOUT_S + 0.2)
        if self._heir is not None:
            self._heir._inherit(self._alerts, in_doubt=True)
        lost = len(self._alerts) + self.alerts_dropped
        if lost:
            _log.warning("%s: %d alerts could not be sent", self._where, lost)

    @abstractmethod
    def _open(self) -> Line:
        """Opens the line; raises WakefulError."""

    @abstractmethod
    def _speak(self, line: Line) -> None:
        """Sends and receives all there is, as long as ``_on_duty``; raises WakefulError when the line is gone."""

    def _queue(self, alert: Payload) -> None:
        self._alerts.put(alert, time.monotonic())
        self._waker.wake()

    def _inherit(self, alerts: AlertQueue[Payload], in_doubt: bool) -> None:
        self._alerts.take_over(alerts, in_doubt)
        self._waker.wake()

    def _pass_on(self, command: Command) -> None:
        if self._on_command is None:
            return
        try:
            self._on_command(command)
        except Exception:
            _log.exception("%s: %s could not be passed on", self._where, command)

    def _on_duty(self) -> bool:
        """Whether the calling thread should go on."""
        return self._worker.in_charge() and not (self._closing and self._may_end())

    def _may_end(self) -> bool:
        return not self._unfinished() or self.problem is not None or time.monotonic() > self._give_up_s

    def _unfinished(self) -> bool:
        return len(self._alerts) > 0

    def _run(self) -> None:
        retry_s = FIRST_RETRY_S
        while self._on_duty():
            opened_s = float("inf")
            try:
                with self._worker.part.working():
                    line = self._open()
                with closing(line):
                    if not self._worker.in_charge():
                        return
                    opened_s = time.monotonic()
                    self._alerts.connected(opened_s)
                    if self.open_works:
                        self._report(None)
                    self._speak(line)
            except WakefulError as error:
                self._report(str(error))
            except Exception as error:  # whatever a driver or a library raises, the line must come back
                _log.debug("%s failed", self._where, exc_info=error)
                self._report(f"{self._where}: {error!r}")
            if time.monotonic() - opened_s > STEADY_AFTER_S:
                retry_s = FIRST_RETRY_S
            self._sleep(self._pause_s(retry_s))
            retry_s = min(2.0 * retry_s, LONGEST_RETRY_S)

    def _pause_s(self, retry_s: float) -> float:
        return retry_s

    def _sleep(self, duration_s: float) -> None:
        until_s = time.monotonic() + duration_s
        while not self._closing and (remaining_s := until_s - time.monotonic()) > 0:
            self._watch.look(time.monotonic())
            self._waker.wait(min(remaining_s, self._watch.due_in_s(time.monotonic())))

    def _report(self, problem: str | None) -> None:
        """Says once that the line is down, and once that it is back. A thread that was replaced has no say."""
        if not self._worker.in_charge():
            return
        name = self._worker.part.name
        if problem is not None and self.problem is None and not self._closing:
            _log.warning("%s: %s; trying again until it works", name, problem)
        elif problem is None and self.problem is not None:
            _log.warning("%s: %s works again", name, self._where)
        self.problem = problem
