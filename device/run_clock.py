"""The time that a run publishes: capture times, kept from running backwards.

They would run backwards where a frame arrives that was captured before a moment already published without one, and
where a source sets its clock back (a camera that was plugged in again, a file whose time stamps start over).
"""

from __future__ import annotations

CLOCK_JUMP_NS = 1_000_000_000
"""A frame that is older than the newest by less than this is late; by more, the source has set its clock back."""


class RunClock:
    """Follows one source.

    Attributes:
        newest_ns: the newest time given out; None before the first.
    """

    def __init__(self) -> None:
        self.newest_ns: int | None = None
        self._ahead_ns = 0

    def of_frame(self, captured_ns: int) -> int:
        """The run's time of a frame: that of its capture, or the newest time where the frame is late.

        After a clock was set back, time continues one second after the newest: a gap, since its length is unknown.
        """
        t_ns = captured_ns + self._ahead_ns
        if self.newest_ns is not None and t_ns < self.newest_ns:
            late_ns = self.newest_ns - t_ns
            t_ns = self.newest_ns
            if late_ns >= CLOCK_JUMP_NS:
                self._ahead_ns += late_ns + CLOCK_JUMP_NS
                t_ns += CLOCK_JUMP_NS
        self.newest_ns = t_ns
        return t_ns

    def of_moment(self, now_ns: int) -> int:
        """The run's time of a moment without a frame."""
        self.newest_ns = now_ns if self.newest_ns is None else max(now_ns, self.newest_ns)
        return self.newest_ns
