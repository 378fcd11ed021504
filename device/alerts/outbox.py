"""What waits to be published: filled by the monitor's thread, emptied by the thread of a connection.

Alerts are kept until their arrival is confirmed and go out one after the other; of events the newest are kept, of
states only the newest is.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from device.alerts.report import NewestState

MAX_ALERTS = 1000
MAX_EVENTS = 200
OFFER_AGAIN_S = 0.5
UNHEARD_S = 60.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    payload: bytes
    queued_s: float


class AlertQueue:
    """Alerts in their order, each until somebody has got it. Times are seconds of one monotonic clock.

    One is under way at a time: so they arrive in order, and a connection that breaks leaves at most one in doubt.

    Attributes:
        delivered: alerts whose arrival was confirmed.
        dropped: alerts lost because over 1000 waited.
        unheard: alerts given up because nobody had listened for a minute.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()
        self._under_way: int | None = None
        self._connected_s = 0.0
        self._not_before_s = 0.0
        self.delivered = 0
        self.dropped = 0
        self.unheard = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, payload: bytes, now_s: float) -> None:
        """Queue one; the oldest that is not under way makes room."""
        with self._lock:
            if len(self._waiting) >= MAX_ALERTS:
                del self._waiting[1 if self._under_way is not None else 0]
                self.dropped += 1
            self._waiting.append(_Waiting(payload, now_s))

    def take_over(self, before: AlertQueue) -> None:
        """Put what waits in another queue before all of this one. What is under way there may arrive twice."""
        with before._lock:
            waiting = list(before._waiting)
            before._waiting.clear()
            before._under_way = None
        with self._lock:
            self._waiting.extendleft(reversed(waiting))
            self._under_way = None

    def connected(self, now_s: float) -> None:
        """A connection is new: what was under way on the last one is in doubt and goes out again."""
        self._under_way = None
        self._connected_s, self._not_before_s = now_s, now_s

    def next(self, now_s: float) -> bytes | None:
        """The alert to publish now; None while one is under way, none waits, or it was just offered in vain."""
        with self._lock:
            if not self._waiting or self._under_way is not None or now_s < self._not_before_s:
                return None
            return self._waiting[0].payload

    def due_in_s(self, now_s: float) -> float:
        """Seconds until ``next`` may have something, infinite if only news can change that."""
        if not self._waiting or self._under_way is not None:
            return float("inf")
        return max(0.0, self._not_before_s - now_s)

    def under_way(self, number: int) -> None:
        """The alert that ``next`` gave was published under this number."""
        self._under_way = number

    def confirmed(self, number: int, heard: bool, now_s: float) -> None:
        """Message ``number`` has arrived; ``heard`` says whether anybody listens there."""
        if number != self._under_way:
            return
        self._under_way = None
        with self._lock:
            if heard:
                self._waiting.popleft()
                self.delivered += 1
            elif now_s - max(self._connected_s, self._waiting[0].queued_s) < UNHEARD_S:
                self._not_before_s = now_s + OFFER_AGAIN_S
            else:
                self._waiting.popleft()
                self.unheard += 1


@dataclass(frozen=True, slots=True)
class Outbox:
    """All that waits."""

    alerts: AlertQueue = field(default_factory=AlertQueue)
    events: deque[bytes] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))
    newest: NewestState = field(default_factory=NewestState)
