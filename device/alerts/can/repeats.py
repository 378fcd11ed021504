"""Further copies of the frames of alerts: one that is lost to a disturbance has two more to come."""

from __future__ import annotations

from collections import deque

from wakeful.device.alerts.can.frames import CanFrame

COPIES = 3
GAP_S = 0.02


class Repeats:
    """The copies that are due. Times are seconds of one monotonic clock; one thread uses it."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, int, CanFrame]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, frame: CanFrame, now_s: float) -> None:
        """The first copy is out. Older steps of the same alert, which it has overtaken, are not repeated any more."""
        self._waiting = deque(one for one in self._waiting if one[2].event != frame.event)
        self._waiting.append((now_s + GAP_S, COPIES - 1, frame))

    def due(self, now_s: float) -> CanFrame | None:
        """The copy to send now."""
        return self._waiting[0][2] if self._waiting and self._waiting[0][0] <= now_s else None

    def sent(self, now_s: float) -> None:
        """What was due is out."""
        _, copies, frame = self._waiting.popleft()
        if copies > 1:
            self._waiting.append((now_s + GAP_S, copies - 1, frame))

    def due_in_s(self, now_s: float) -> float:
        return max(0.0, self._waiting[0][0] - now_s) if self._waiting else float("inf")

    def clear(self) -> None:
        """The bus was away: what is late by then is stated by the heartbeat."""
        self._waiting.clear()
