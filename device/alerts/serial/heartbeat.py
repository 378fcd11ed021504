"""When the serial line sends its status, and which: the sign of life that a receiver watches for.

Due every 0.5 s and when health, level or code changes; on slow lines changes are held back, so that statuses take at
most half of the line and an alert never queues behind many of them. The status of a monitor that has given no state for
2 s is ``stale`` (``wakeful.device.alerts.staleness``).
"""

from __future__ import annotations

from wakeful.device.alerts.serial import sentences
from wakeful.device.alerts.staleness import NewestState
from wakeful.device.messages import DriverState, Health

HEARTBEAT_S = 0.5


class Heartbeat:
    """Keeps the newest state and decides when to send it. Times are seconds of any one monotonic clock."""

    def __init__(self, baud: int) -> None:
        # Ten bits carry one character.
        self._min_gap_s = min(HEARTBEAT_S, 2 * sentences.MAX_LENGTH * 10 / baud)
        self._newest = NewestState()
        self._seq = 0
        self._sent_at = float("-inf")
        self._sent_key: tuple[object, ...] | None = None

    def start(self, now_s: float) -> None:
        self._newest.start(now_s)

    def at_once(self) -> None:
        """The line is new: a sign of life is due now, for the last one may not have got out."""
        self._sent_at = float("-inf")

    def beat(self, state: DriverState, now_s: float) -> bool:
        """Takes the monitor's newest state; True if it is news that should go out before its time."""
        before = self._newest.last
        self._newest.update(state, now_s)
        return before is None or _key(before, None) != _key(state, None)

    def due_in_s(self, now_s: float) -> float:
        """Seconds until the next status, 0 if it is due."""
        state = self._newest.last
        if state is None:
            return max(0.0, self._newest.stale_in_s(now_s), self._sent_at + HEARTBEAT_S - now_s)
        gap_s = self._min_gap_s if _key(state, self._override(now_s)) != self._sent_key else HEARTBEAT_S
        return max(0.0, self._sent_at + gap_s - now_s)

    def sentence_if_due(self, now_s: float, origin_ns: int) -> bytes:
        """The status to send now, or nothing."""
        if self.due_in_s(now_s) > 0.0:
            return b""
        state, health = self._newest.last, self._override(now_s)
        sentence = sentences.encode_status(state, seq=self._seq, origin_ns=origin_ns, health=health)
        self._seq += 1
        self._sent_at = now_s
        self._sent_key = _key(state, health)
        return sentence

    def _override(self, now_s: float) -> Health | None:
        return Health.STALE if self._newest.is_stale(now_s) else None


def _key(state: DriverState | None, health: Health | None) -> tuple[object, ...]:
    if state is None:
        return (health,)
    return (health or state.health, state.level, state.code)
