"""Is it a face or a picture of one? What one camera can say: pictures do not blink, and do not turn.

A film on a screen blinks and turns like a person, and is not noticed. That is why nothing is ever opened by a face.
"""

from __future__ import annotations

WAIT_NS = 60_000_000_000
"""Without a sign of life for this long it may be a picture: people blink 17 times a minute, and 4 when they read
(Bentivoglio et al., Mov. Disord. 12, 1997)."""
TURN_DEG = 20.0
"""A head that is read to have turned so far has. Points of a flat picture keep their places to each other when it is
turned: five pictures, each turned by up to 30 degrees to either side, are read to turn by 3 to 13 degrees."""


class Liveness:
    """Follows one face from the moment it was recognized until it is clear."""

    def __init__(self) -> None:
        self._open = self._alive = False
        self._begin_ns = 0
        self._before_deg: float | None = None

    def begin(self, t_ns: int) -> None:
        """A face was recognized."""
        self._open, self._alive = True, False
        self._begin_ns = t_ns
        self._before_deg = None

    def blinked(self) -> None:
        """The eyes were closed and opened again."""
        self._alive = True

    def step(self, t_ns: int, yaw_deg: float | None) -> bool | None:
        """Take in one frame with the face; gives once whether it lives, and None before and after."""
        if not self._open:
            return None
        if self._alive or self._has_turned(yaw_deg):
            self._open = False
            return True
        if t_ns - self._begin_ns >= WAIT_NS:
            self._open = False
            return False
        return None

    def _has_turned(self, yaw_deg: float | None) -> bool:
        if yaw_deg is None:
            return False
        if self._before_deg is None:
            self._before_deg = yaw_deg
        return abs(yaw_deg - self._before_deg) >= TURN_DEG
