"""What waits to be sent: filled by the monitor's thread, emptied by the thread of a line or a connection.

Alerts are kept until they are out, or their arrival is confirmed, and go out one after the other; of events the newest
are kept, of states only the newest is.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import field
from typing import Generic, TypeVar

from wakeful.device.alerts.staleness import NewestState
from wakeful.frozen import dataclass

MAX_ALERTS = 1000
MAX_EVENTS = 200
OFFER_AGAIN_S = 0.5
UNHEARD_S = 60.0


Payload = TypeVar("Payload")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Payload]):
    payload: Payload
    queued_s: float


class AlertQueue(Generic[Payload]):
    """Alerts in their order, each until it is out. Times are seconds of one monotonic clock.

    One is under way at a time: so they arrive in order, and a line that breaks leaves at most one in doubt.

    Attributes:
        delivered: alerts that are out, or whose arrival was confirmed.
        dropped: alerts lost because over 1000 waited.
        undelivered: alerts given up because there had been no subscriber for a minute.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting[Payload]] = deque()
        self._under_way = False
        self._connected_s = 0.0
        self._not_before_s = 0.0
        self.delivered = 0
        self.dropped = 0
        self.undelivered = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, payload: Payload, now_s: float) -> None:
        """Queue one; the oldest that is not under way makes room."""
        with self._lock:
            if len(self._waiting) >= MAX_ALERTS:
                del self._waiting[1 if self._under_way else 0]
                self.dropped += 1
            self._waiting.append(_Waiting(payload, now_s))

    def take_over(self, before: AlertQueue[Payload], in_doubt: bool) -> None:
        """Put what waits in another queue before all of this one.

        ``in_doubt``: what is under way there as well, though it may arrive twice then.
        """
        with before._lock:
            stays = [before._waiting.popleft()] if before._under_way and not in_doubt else []
            waiting = list(before._waiting)
            before._waiting = deque(stays)
            before._under_way = bool(stays)
        with self._lock:
            # The one under way here, if any, stays at the head: it is half said.
            begun = [self._waiting.popleft()] if self._under_way else []
            self._waiting.extendleft(reversed(begun + waiting))

    def connected(self, now_s: float) -> None:
        """A connection is new: what was under way on the last one is in doubt and goes out again."""
        self.again()
        self._connected_s, self._not_before_s = now_s, now_s

    def again(self) -> None:
        """What is under way did not get out, and has to be taken once more."""
        with self._lock:
            self._under_way = False

    def take(self, now_s: float) -> Payload | None:
        """The alert to send now, which is under way from here on.

        None while one is under way, none waits, or it was just tried without a subscriber.
        """
        with self._lock:
            if not self._waiting or self._under_way or now_s < self._not_before_s:
                return None
            self._under_way = True
            return self._waiting[0].payload

    def due_in_s(self, now_s: float) -> float:
        """Seconds until ``take`` may have something, infinite if only news can change that."""
        if not self._waiting or self._under_way:
            return float("inf")
        return max(0.0, self._not_before_s - now_s)

    def confirmed(self, now_s: float, delivered: bool = True) -> None:
        """What was under way is out; ``delivered`` says whether there was a subscriber."""
        with self._lock:
            if not self._under_way:
                return
            self._under_way = False
            if delivered:
                self._waiting.popleft()
                self.delivered += 1
            elif now_s - max(self._connected_s, self._waiting[0].queued_s) < UNHEARD_S:
                self._not_before_s = now_s + OFFER_AGAIN_S
            else:
                self._waiting.popleft()
                self.undelivered += 1


@dataclass(frozen=True, slots=True)
class Outbox:
    """All that waits for a broker."""

    alerts: AlertQueue[bytes]
    events: deque[bytes] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))
    newest: NewestState = field(default_factory=NewestState)
