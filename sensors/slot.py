"""The hand-over between a thread that captures and the loop that looks: one slot, the newest frame wins.

``LatestSlot`` is that slot. ``PacedSource`` makes a complete ``Source`` of anything that can be written as an iterator
of (time stamp, picture): video files, image folders, the synthetic driver. Cameras have a thread of their own
(``wakeful.sensors.live``) and share the slot.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from threading import Condition, Event, Thread

import numpy as np
from numpy.typing import NDArray

from wakeful.sensors.frame import Frame
from wakeful.sensors.source import EndOfSource, SourceInfo, StaleFrame

CLOSE_TIMEOUT_S = 2.0
"""How long ``close`` waits for a thread that is busy in a decoder or a driver before it leaves it behind."""


class LatestSlot:
    """Room for one frame between two threads. A frame that is overwritten before it was taken counts as dropped."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._frame: Frame | None = None
        self._end: Exception | None = None
        self._dropped = 0

    @property
    def dropped(self) -> int:
        return self._dropped

    def put(self, frame: Frame) -> None:
        """Lay down the newest frame, in place of the one that nobody took."""
        with self._changed:
            if self._frame is not None:
                self._dropped += 1
            self._frame = frame
            self._changed.notify_all()

    def skip(self) -> None:
        """Count a frame that the source had but could not deliver."""
        with self._changed:
            self._dropped += 1

    def end(self, reason: Exception) -> None:
        """No frame will follow: once the last one is taken, ``take`` raises ``reason``. The first reason stays."""
        with self._changed:
            if self._end is None:
                self._end = reason
            self._changed.notify_all()

    def take(self, timeout_s: float, *, not_before_ns: int | None = None) -> Frame | None:
        """The frame in the slot, or the next one to come within ``timeout_s``; None if none came.

        A waiting frame captured before ``not_before_ns`` is too old to be of use: it is dropped.
        """
        with self._changed:
            if self._frame is not None and not_before_ns is not None and self._frame.t_ns < not_before_ns:
                self._frame = None
                self._dropped += 1
            self._changed.wait_for(lambda: self._frame is not None or self._end is not None, max(timeout_s, 0.0))
            if self._frame is None and self._end is not None:
                raise self._end
            frame, self._frame = self._frame, None
            return frame


class PacedSource:
    """A ``Source`` made of an iterator of (time stamp in ns, uint8 BGR picture [height, width, 3]).

    ``realtime=False``: every ``read_latest`` takes the iterator's next item; nothing is dropped and no thread runs.
    ``realtime=True``: a thread plays the items by the clock. Playing starts with the first ``read_latest``; each frame
    is released when its time stamp has passed since then, and is lost (and counted) if nobody takes it in time.

    Args:
        frames: time stamps must rise. The picture None stands for one that cannot be decoded: its number and time are
            used up and it counts as dropped. An exception from the iterator reaches the reader after the last frame.
        close: called once, after the iterator was left for good.
        clock_ns: monotonic clock, ns.
    """

    def __init__(
        self,
        info: SourceInfo,
        frames: Iterator[tuple[int, NDArray[np.uint8] | None]],
        *,
        realtime: bool,
        close: Callable[[], None] | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.info = info
        self._numbered = enumerate(frames)
        self._realtime = realtime
        self._close = close
        self._clock_ns = clock_ns
        self._slot = LatestSlot()
        self._stop = Event()
        self._player: Thread | None = None

    @property
    def dropped(self) -> int:
        return self._slot.dropped

    @property
    def lost(self) -> str | None:
        """Always None: what was recorded cannot be unplugged, and a dark or still recording is what was asked for."""
        return None

    def read_latest(self, max_age_s: float) -> Frame:
        """See ``wakeful.sensors.source.Source``."""
        if self._stop.is_set():
            raise EndOfSource(f"{self.info.name} was closed")
        if not self._realtime:
            return self._next_frame()
        if self._player is None:
            self._player = Thread(target=self._play, name=f"play {self.info.name}", daemon=True)
            self._player.start()
        frame = self._slot.take(max_age_s)
        if frame is None:
            raise StaleFrame(f"{self.info.name}: no new frame for {max_age_s:g} s")
        return frame

    def close(self) -> None:
        if self._stop.is_set():
            return
        self._stop.set()
        self._slot.end(EndOfSource(f"{self.info.name} was closed"))
        if self._player is not None:
            self._player.join(CLOSE_TIMEOUT_S)
            if self._player.is_alive():
                # Releasing a decoder that another thread is still inside would crash the process.
                return
        if self._close is not None:
            self._close()

    def _next_frame(self) -> Frame:
        for seq, (pts_ns, image) in self._numbered:
            if image is not None:
                return Frame(image=image, t_ns=pts_ns, seq=seq)
            self._slot.skip()
        raise EndOfSource(f"{self.info.name} is over")

    def _play(self) -> None:
        start_ns: int | None = None
        try:
            for seq, (pts_ns, image) in self._numbered:
                if image is None:
                    self._slot.skip()
                    continue
                if start_ns is None:
                    start_ns = self._clock_ns() - pts_ns
                due_ns = start_ns + pts_ns
                if self._stop.wait(max(due_ns - self._clock_ns(), 0) / 1e9):
                    return
                self._slot.put(Frame(image=image, t_ns=due_ns, seq=seq))
            self._slot.end(EndOfSource(f"{self.info.name} is over"))
        except Exception as error:
            # The reader must learn of it: a thread that dies in silence looks like a camera that hangs.
            self._slot.end(error)


Pictures = Iterator[tuple[int, NDArray[np.uint8] | None]]


def with_first_picture(frames: Pictures) -> tuple[NDArray[np.uint8] | None, Pictures]:
    """Look at the first picture that can be decoded without using it up: (that picture or None, all frames again)."""
    seen = []
    with suppress(EndOfSource):
        for item in frames:
            seen.append(item)
            if item[1] is not None:
                return item[1], chain(seen, frames)
    return None, iter(seen)
