"""A camera as a source: captured in its own thread, supervised, and reopened when it is lost.

Three threads, so that a driver or network call that never returns blocks nothing else:

- the reader calls ``read_latest`` and ``lost``; neither waits longer than the given time;
- the capture thread calls the driver: grab, take the time, decode, check, put into the slot;
- the supervisor thread notices when no good frame arrives and replaces the capture thread, after growing pauses.

There is one rule for all faults: **no good frame for 1.2 s is a lost camera**. Black, frozen and unreadable images
are not good frames; a failed or hanging grab gives none. The most recent fault is the reported reason.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event, Lock, Thread
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import SourceError
from wakeful.frozen import dataclass
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2
from wakeful.sensors.pixels import to_bgr8
from wakeful.sensors.slot import CLOSE_TIMEOUT_S, LatestSlot
from wakeful.sensors.source import EndOfSource, SourceInfo, SourceNotFound, StaleFrame
from wakeful.sensors.watch import BLACK, PictureWatch

log = logging.getLogger("wakeful.camera")

UNPLUGGED = "unplugged"
UNREADABLE = "unreadable"
HANGING = "hanging"
LATE = "late"
"""Reasons besides ``frozen`` and ``black``: device gone; images cannot be decoded; no images and no error; only old
images. A network camera has a sentence where its connection failed."""

MAX_HANGING_THREADS = 2
"""Limit of capture threads that hang inside a driver: no further thread is started at this number."""
NOTED_BLACK = 16
"""Black images that are remembered until somebody asks."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Waiting times, s.

    Attributes:
        lost_after_s: without a good frame until the camera counts as lost. Has to stay below 2 s, and above the
            frame period of the slowest camera.
        first_retry_s, longest_retry_s: pause before the camera is opened again; doubles from the first to the longest.
            One that is plugged in again is opened at once.
        first_frame_s: time a newly opened camera has for its first good frame before it is closed again.
    """

    lost_after_s: float = 1.2
    first_retry_s: float = 0.5
    longest_retry_s: float = 3.0
    first_frame_s: float = 3.0

    def pauses_s(self) -> Iterator[float]:
        """0.5, 1, 2, 3, 3, ..."""
        pause_s = self.first_retry_s
        while True:
            yield pause_s
            pause_s = min(2 * pause_s, self.longest_retry_s)


class Capture(Protocol):
    """One opening of a camera, as ``cv2.VideoCapture`` has it."""

    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, Any]: ...
    def release(self) -> None: ...


class LiveCamera:
    """A camera of any kind; a ``Source``.

    Args:
        name: what the user calls it.
        connect: opens it, and says what it delivers; called again after each loss.
        present: whether it is there at all, asked when it gives no frame.
        clock_ns: monotonic clock, ns.

    Raises:
        SourceNotFound, SourceError: the camera cannot be opened now. Later losses never raise; see ``lost``.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], tuple[Capture, SourceInfo]],
        present: Callable[[], bool],
        *,
        patience: Patience | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._name = name
        self._connect = connect
        self.present = present
        self._patience = patience or Patience()
        self._clock_ns = clock_ns
        self._slot = LatestSlot()
        self._black: deque[tuple[int, int]] = deque(maxlen=NOTED_BLACK)
        self._watch = PictureWatch()
        self._lock = Lock()
        self._closed = Event()
        self._seq = 0
        opened, self.info = self._connect()
        self._last_good_ns = clock_ns()
        self._session = _Session(self, opened, HANGING)
        self._session.start()
        self._start_supervisor()

    @property
    def dropped(self) -> int:
        return self._slot.dropped

    @property
    def lost(self) -> str | None:
        """See ``wakeful.sensors.source.Source``. Computed from the time: correct while the driver hangs, too."""
        if self._without_good_frame_s() <= self._patience.lost_after_s:
            return None
        return self._session.complaint

    def read_latest(self, max_age_s: float) -> Frame:
        """See ``wakeful.sensors.source.Source``. While the camera is lost, StaleFrame comes after ``max_age_s``."""
        oldest_ns = self._clock_ns() - round(max_age_s * 1e9)
        frame = self._slot.take(max_age_s, not_before_ns=oldest_ns)
        if frame is None:
            reason = self.lost
            raise StaleFrame(f"{self._name}: no new frame for {max_age_s:g} s" + (f" ({reason})" if reason else ""))
        return frame

    def close(self) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        self._slot.end(EndOfSource(f"{self._name} was closed"))
        self._supervisor.join(CLOSE_TIMEOUT_S)
        self._session.stopped.set()
        self.interrupt()
        self._session.join(CLOSE_TIMEOUT_S)

    def take_black(self) -> list[tuple[int, int]]:
        """Number and time of the newest black images since the last call: a lamp may flash between them."""
        return [self._black.popleft() for _ in range(len(self._black))]

    def threads(self) -> list[tuple[str, Callable[[], bool], Callable[[], None]]]:
        """The thread that must never end while the camera is open: its name, whether it runs, and how to restart it.

        A capture thread may end: the supervisor thread replaces it.
        """
        return [
            ("camera supervisor", lambda: self._closed.is_set() or self._supervisor.is_alive(), self._start_supervisor)
        ]

    def _start_supervisor(self) -> None:
        self._supervisor = Thread(target=self._supervise, name=f"supervise {self._name}", daemon=True)
        self._supervisor.start()

    def _in_words(self, lost: str | None) -> str:
        if lost is None:
            return f"{self._name}: images again"
        return lost if lost.startswith(self._name) else f"{self._name}: no images ({lost})"

    def _without_good_frame_s(self) -> float:
        return (self._clock_ns() - self._last_good_ns) / 1e9

    def wants(self, capture: Capture, t_ns: int) -> bool:
        """Whether the frame that was just grabbed is worth decoding; only cameras that can be behind say no."""
        return True

    def why(self, error: SourceError, before: str) -> str:
        """The reason that a failed opening is; ``before``: the one until then."""
        # Right after plugging in there is no permission until udev has set it: no reason of its own.
        return UNPLUGGED if isinstance(error, SourceNotFound) else before

    def interrupt(self) -> None:
        """Make the call return that the capture thread is in, where that is possible."""

    # Called by the capture thread:

    def reopen(self) -> Capture:
        capture, self.info = self._connect()
        return capture

    def now_ns(self) -> int:
        return self._clock_ns()

    def take_in(self, session: _Session, image: NDArray[np.uint8] | None, t_ns: int) -> str | None:
        """Check a captured image (None: it could not be decoded), pass it on if it is good, and return its fault."""
        with self._lock:
            if session is not self._session:
                return HANGING
            seq, self._seq = self._seq, self._seq + 1
            fault = UNREADABLE if image is None else self._watch.fault(image)
            if image is None or fault is not None:
                if fault == BLACK:
                    self._black.append((seq, t_ns))
                self._slot.skip()
                return fault
            height, width = image.shape[:2]
            if (width, height) != (self.info.width, self.info.height):
                self.info = replace(self.info, width=width, height=height)
            self._last_good_ns = t_ns
            self._slot.put(Frame(image=image, t_ns=t_ns, seq=seq))
            return None

    def leave_out(self, session: _Session) -> None:
        """Count a frame that is not worth decoding."""
        with self._lock:
            if session is self._session:
                self._seq += 1
                self._slot.skip()

    def end(self, reason: EndOfSource) -> None:
        """There will never be another frame."""
        self._slot.end(reason)

    # Called by the supervisor thread:

    def _supervise(self) -> None:
        pauses_s = self._patience.pauses_s()
        left_behind: list[_Session] = []
        reported = ""
        while not self._closed.wait(self._patience.lost_after_s / 20):
            session, lost = self._session, self.lost
            if (lost or "") != reported:
                reported = lost or ""
                log.warning("%s", self._in_words(lost))
            if lost is None:
                if session.age_s() > self._patience.longest_retry_s:
                    pauses_s = self._patience.pauses_s()
                continue
            if session.is_alive() and session.age_s() < self._patience.first_frame_s:
                continue
            if self._plugged_in_within(next(pauses_s)):
                # Its permissions may come a moment after the device itself: then it is tried again soon.
                pauses_s = self._patience.pauses_s()
            if self._closed.is_set():
                return
            left_behind = [one for one in left_behind if one.is_alive()]
            if self.lost is not None and len(left_behind) < MAX_HANGING_THREADS:
                left_behind.append(session)
                self._replace(session)

    def _plugged_in_within(self, pause_s: float) -> bool:
        """Wait until a device that was not there is there again, or this time has passed, or all is closed."""
        step_s, was_there = self._patience.lost_after_s / 20, self.present()
        for _ in range(max(1, round(pause_s / step_s))):
            if self._closed.wait(step_s):
                return False
            is_there = self.present()
            if is_there and not was_there:
                return True
            was_there = is_there
        return False

    def _replace(self, session: _Session) -> None:
        session.stopped.set()
        self.interrupt()
        # The device opens again only after the old thread has released it; a hanging thread is not waited for.
        session.join(self._patience.first_retry_s)
        fresh = _Session(self, None, session.complaint)
        with self._lock:
            self._session = fresh
        fresh.start()


class _Session(Thread):
    """The capture thread: one session with the device, from opening it to losing it."""

    RETRY_GRAB_S = 0.02
    GIVE_UP_GRABBING_S = 1.0

    def __init__(self, camera: LiveCamera, opened: Capture | None, complaint: str) -> None:
        super().__init__(name=f"capture {camera.info.name}", daemon=True)
        self.stopped = Event()
        self.complaint = complaint
        self._camera = camera
        self._opened = opened
        self._born_ns = camera.now_ns()

    def age_s(self) -> float:
        return (self._camera.now_ns() - self._born_ns) / 1e9

    def run(self) -> None:
        try:
            capture = self._opened or self._camera.reopen()
        except SourceError as error:
            self._complain(error)
            return
        try:
            self._capture(capture)
        except SourceError as error:
            self._complain(error)
        except EndOfSource as end:
            self._camera.end(end)
        finally:
            capture.release()

    def _complain(self, error: SourceError) -> None:
        # What comes of being stopped is not why it was stopped.
        if not self.stopped.is_set():
            self.complaint = self._camera.why(error, self.complaint)

    def _capture(self, capture: Capture) -> None:
        grabbed_ns = self._camera.now_ns()
        while not self.stopped.is_set():
            if capture.grab():
                grabbed_ns = self._camera.now_ns()
                if not self._camera.wants(capture, grabbed_ns):
                    self._camera.leave_out(self)
                    self.complaint = LATE
                    continue
                fault = self._camera.take_in(self, _retrieved(capture), grabbed_ns)
                self.complaint = fault or HANGING
            elif not self._camera.present():
                # Releasing at once frees the device number for when the camera is plugged in again.
                self.complaint = UNPLUGGED
                return
            elif self._camera.now_ns() - grabbed_ns > self.GIVE_UP_GRABBING_S * 1e9:
                self.complaint = HANGING
                return
            else:
                self.stopped.wait(self.RETRY_GRAB_S)


def _retrieved(capture: Capture) -> NDArray[np.uint8] | None:
    try:
        decoded, image = capture.retrieve()
        return to_bgr8(image) if decoded and image is not None else None
    except (cv2.error, SourceError):
        return None
