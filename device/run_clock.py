"""The time that a run publishes: capture times, kept from running backwards.

They would run backwards where a frame arrives that was captured before a moment already published without one, and
where a source sets its clock back (a camera that was plugged in again, a file whose time stamps start over).
"""

from __future__ import annotations

CLOCK_JUMP_NS = 1_000_000_000
"""A frame that was captured before the newest one by less than this is out of order; by more, the source has set its
clock back."""
MAX_LATE_NS = 30_000_000_000
"""A slow machine may take this long over frames that were captured before a moment that was published meanwhile. What
seems to be later is another clock."""


class RunClock:
    """Follows one source.

    Attributes:
        newest_ns: the newest time given out; None before the first.
    """

    def __init__(self) -> None:
        self.newest_ns: int | None = None
        self._captured_ns: int | None = None
        self._ahead_ns = 0

    def of_frame(self, captured_ns: int) -> int:
        """The run's time of a frame: that of its capture, or the newest time where the frame is late.

        After a clock was set back, time continues one second after the newest: a gap, since its length is unknown.
        """
        t_ns, newest_ns = captured_ns + self._ahead_ns, self._captured_ns
        set_back = newest_ns is not None and newest_ns - captured_ns >= CLOCK_JUMP_NS
        self._captured_ns = captured_ns if set_back or newest_ns is None else max(newest_ns, captured_ns)
        if self.newest_ns is not None and t_ns < self.newest_ns:
            late_ns = self.newest_ns - t_ns
            t_ns = self.newest_ns
            if set_back or late_ns >= MAX_LATE_NS:
                self._ahead_ns += late_ns + CLOCK_JUMP_NS
                t_ns += CLOCK_JUMP_NS
        self.newest_ns = t_ns
        return t_ns

    def of_moment(self, now_ns: int) -> int:
        """The run's time of a moment without a frame."""
        self.newest_ns = now_ns if self.newest_ns is None else max(now_ns, self.newest_ns)
        return self.newest_ns
