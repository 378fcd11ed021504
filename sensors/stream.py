"""Cameras that are reached over a network or a pipe: one connection after the other, each a ``Stream``."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from wakeful.errors import SourceError
from wakeful.sensors.freshness import Freshness
from wakeful.sensors.live import Capture, LiveCamera, Patience
from wakeful.sensors.source import SourceInfo

CONNECT_S = 3.0
"""Time for each step of connecting, and for the next bytes of a stream, before it counts as broken."""

PATIENCE = Patience(longest_retry_s=1.0, first_frame_s=4.0)
"""A server that is back is found within ``CONNECT_S`` and one pause, so within 5 s of whatever kept it away."""

STARTS = 2.0
"""How many times as long as at the first time connecting may take."""


class Stream(Capture, Protocol):
    """One connection to a camera.

    ``grab`` waits for the next whole frame and is False at the end of the connection; ``retrieve`` decodes that frame.
    Both, and ``open``, raise ``SourceError`` with what went wrong; ``EndOfSource`` where nothing can follow.
    """

    @property
    def stamp_s(self) -> float | None:
        """The camera's own time of the grabbed frame, by any clock; None if it has none."""
        ...

    @property
    def overtaken(self) -> bool:
        """Whether a whole newer frame waits already, so that the grabbed one need not be decoded."""
        ...

    def open(self) -> SourceInfo:
        """Connect and wait for the first frame, which the next ``grab`` gives. Called once, before all others."""
        ...

    def interrupt(self) -> None:
        """Make a waiting ``open`` or ``grab`` return soon. Called by other threads, at any time."""
        ...


class StreamCamera(LiveCamera):
    """A camera behind streams; a ``Source``.

    Args:
        make: makes the next connection, not opened yet.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Stream],
        *,
        patience: Patience = PATIENCE,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._make = make
        self._stream: Stream | None = None
        self._freshness = Freshness()
        begun_ns = clock_ns()
        super().__init__(name, self._connected, lambda: False, patience=patience, clock_ns=clock_ns)
        # Some boards take seconds to start a camera; it must never be given up just before it starts.
        took_s = (clock_ns() - begun_ns) / 1e9
        self._patience = replace(patience, first_frame_s=max(patience.first_frame_s, STARTS * took_s))

    def _connected(self) -> tuple[Stream, SourceInfo]:
        stream = self._stream = self._make()
        try:
            info = stream.open()
        except BaseException:
            stream.release()
            raise
        self._freshness = Freshness()
        return stream, info

    def wants(self, capture: Capture, t_ns: int) -> bool:
        stream = self._stream
        # A connection that was given up may still deliver; its frames are not taken in.
        if stream is None or capture is not stream:
            return True
        return not self._freshness.is_old(t_ns / 1e9, stream.stamp_s) and not stream.overtaken

    def why(self, error: SourceError, before: str) -> str:
        return str(error)

    def interrupt(self) -> None:
        if self._stream is not None:
            self._stream.interrupt()
