"""A source that repeats another one without end, for measurements that need more frames than the source has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wakeful.sensors.frame import Frame
from wakeful.sensors.source import EndOfSource, Source, Wrapped


class EndlessSource(Wrapped):
    """A ``Source`` whose time stamps and sequence numbers continue to rise from one repetition to the next.

    Args:
        again: opens the source; called once per repetition.
    """

    def __init__(self, again: Callable[[], Source]) -> None:
        self._again = again
        super().__init__(again())
        self._dropped = 0
        self._shift_ns = self._shift = 0
        self._newest: Frame | None = None
        self._closed = False

    @property
    def dropped(self) -> int:
        return self._dropped + super().dropped

    def read_latest(self, max_age_s: float) -> Frame:
        """See ``wakeful.sensors.source.Source``. Ends only when it is closed, or if the source has no frames."""
        try:
            frame = self._source.read_latest(max_age_s)
        except EndOfSource:
            if self._closed or self._newest is None or self._newest.seq < self._shift:
                raise
            self._start_over()
            frame = self._source.read_latest(max_age_s)
        frame = replace(frame, t_ns=frame.t_ns + self._shift_ns, seq=frame.seq + self._shift)
        self._newest = frame
        return frame

    def close(self) -> None:
        self._closed = True
        super().close()

    def _start_over(self) -> None:
        assert self._newest is not None
        self._source.close()
        self._dropped += self._source.dropped
        if not self._source.info.live:  # live frames carry the clock's own time
            self._shift_ns = self._newest.t_ns + round(1e9 / (self._source.info.fps or 30.0))
        self._shift = self._newest.seq + 1
        self._source = self._again()
