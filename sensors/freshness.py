"""Whether a frame that just arrived is as new as it seems.

The capture time of a stream's frames is the time at which they arrived. After a stall of the network or of this
machine, those that waited on the way arrive all at once, and the first of them are as old as the stall was long.
"""

from __future__ import annotations

from collections import deque
from statistics import median

GAP_S = 0.35
"""A pause from which on frames may have waited; with a frame period more it has to stay below the 0.5 s that no frame
may be older than."""
GAP_PERIODS = 2.0
"""The same in frame periods, for slow cameras, which always pause longer."""
TRUST_S, TRUST_SHARE = 0.4, 0.7
"""Frames are up to date again once this much of them took this share of its own time to arrive. On servers of the same
machine, those that come one by one take 0.9 to 1.1 of it, those that waited 0.05; a busy machine stops now and then
for 0.1 s, which is why a shorter time proves nothing. After a short pause, half of the pause is enough."""
LATE_S = 0.3
"""How much later than the promptest frames a frame with a time stamp may arrive."""
WINDOW_S = 30.0
"""Time over which the promptest frame is sought; the clocks of camera and board drift apart by far less than
``LATE_S`` in that time."""
SHORT_PERIOD_S, SLOW_PERIOD_S = 1 / 60, 0.1
"""Frame periods until the camera's own is known: frames that waited do not come as slowly as the latter."""
LONGEST_S = 5.0
"""After so long of only old frames the measure must be wrong: a camera that has become faster, a wrong clock."""

Moment = tuple[float, float]
"""When a frame arrived, and its own time."""


class Freshness:
    """The arrivals of one connection.

    With time stamps (RTSP) it is known how late a frame is, compared with the promptest ones. Without them (MJPEG,
    raw frames) those that follow a pause without the usual wait between them are taken for old. What has no time
    stamps and is late steadily, as on a line that is too slow for the images, is not noticed.
    """

    def __init__(self) -> None:
        self._last: Moment | None = None
        self._periods_s: deque[float] = deque(maxlen=15)
        self._behind_since_s: float | None = None
        self._trust_s = TRUST_S
        self._arrivals: deque[Moment] = deque()
        self._promptest: deque[Moment] = deque()

    def is_old(self, arrived_s: float, stamp_s: float | None = None) -> bool:
        """Whether the frame waited on its way.

        Args:
            arrived_s: any monotonic clock.
            stamp_s: the camera's own time of the frame, by any clock; None if it has none.
        """
        last, period_s = self._last, self._period_s
        own_s = stamp_s if stamp_s is not None else self._supposed_s(arrived_s)
        self._last = (arrived_s, own_s)
        if last is not None and stamp_s is not None and own_s <= last[1]:
            # Its clock was set: nothing before can be compared.
            self._promptest.clear()
            self._arrivals.clear()
        late = stamp_s is not None and self._lateness_s(arrived_s, own_s) > LATE_S
        if last is None:
            # What was sent while the stream was being looked at waits in its decoder; only time stamps can tell.
            if stamp_s is not None:
                self._fall_behind(arrived_s, TRUST_S)
        elif self._behind_since_s is None:
            waited_s = arrived_s - last[0]
            if waited_s > max(GAP_S, GAP_PERIODS * period_s):
                self._fall_behind(arrived_s, min(waited_s / 2, TRUST_S))
            else:
                self._periods_s.append(waited_s)
        self._catch_up(arrived_s, own_s)
        return late or self._behind_since_s is not None

    @property
    def _period_s(self) -> float:
        return median(self._periods_s) if self._periods_s else 0.0

    def _fall_behind(self, arrived_s: float, trust_s: float) -> None:
        self._behind_since_s, self._trust_s = arrived_s, trust_s
        self._arrivals.clear()

    def _supposed_s(self, arrived_s: float) -> float:
        """The own time of a frame without a stamp, as if the camera were perfectly regular."""
        if self._last is None:
            return 0.0
        waited_s = arrived_s - self._last[0]
        return self._last[1] + (self._period_s or (waited_s if waited_s > SLOW_PERIOD_S else SHORT_PERIOD_S))

    def _catch_up(self, arrived_s: float, own_s: float) -> None:
        """Ends being behind, if the last frames took their time to arrive."""
        if self._behind_since_s is None:
            return
        self._arrivals.append((arrived_s, own_s))
        while len(self._arrivals) > 2 and own_s - self._arrivals[1][1] >= self._trust_s:
            self._arrivals.popleft()
        took_s, takes_s = arrived_s - self._arrivals[0][0], own_s - self._arrivals[0][1]
        if arrived_s - self._behind_since_s > LONGEST_S:
            self._periods_s.clear()
            self._behind_since_s = None
        elif takes_s >= self._trust_s and took_s >= TRUST_SHARE * takes_s:
            self._behind_since_s = None
            if not self._periods_s:
                # A camera so slow that each of its frames follows a pause.
                self._periods_s.append(took_s / (len(self._arrivals) - 1))

    def _lateness_s(self, arrived_s: float, own_s: float) -> float:
        """How much more time passed between a frame's own time and its arrival than for the promptest of the last."""
        offset_s = arrived_s - own_s
        while self._promptest and self._promptest[-1][1] >= offset_s:
            self._promptest.pop()
        self._promptest.append((arrived_s, offset_s))
        while self._promptest[0][0] < arrived_s - WINDOW_S:
            self._promptest.popleft()
        return offset_s - self._promptest[0][1]
