"""The moving picture of the live page: the newest frame, drawn on and encoded once for everybody who looks.

The monitor leaves its frame, which costs it nothing, and only while somebody looks. A thread of its own copies, draws
and encodes; each viewer waits for the newest JPEG, so that who is slow gets fewer of them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.pipeline import Sighting
from wakeful.device.supervision.workers import Liveness, Worker
from wakeful.device.view.drawing import draw
from wakeful.frozen import dataclass
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

_log = logging.getLogger("wakeful.view")

MAX_FPS = 30.0
WIDTH_PX = 640
JPEG_QUALITY = 75


@dataclass(frozen=True, slots=True)
class Jpeg:
    """One encoded picture; ``number`` counts them."""

    data: bytes
    number: int


class Pictures:
    """Takes frames from the monitor's thread and hands JPEGs to any number of others.

    Args:
        max_fps: frames that come quicker are left out.
        width_px: much wider pictures are made about as wide, in whole steps: every second or third pixel.

    Attributes:
        watchers: how many look at present.
    """

    def __init__(
        self,
        max_fps: float = MAX_FPS,
        width_px: int = WIDTH_PX,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        liveness: Liveness | None = None,
    ) -> None:
        self._step_ns = round(1e9 / max_fps)
        self._width_px = width_px
        self._clock_ns = clock_ns
        # One lock, two reasons to wake up: a frame for the encoder does not wake the viewers.
        lock = threading.Lock()
        self._offered, self._encoded = threading.Condition(lock), threading.Condition(lock)
        self.watchers = 0
        self._due_ns: int | None = None
        self._waiting: tuple[Frame, Sighting] | None = None
        self._newest: Jpeg | None = None
        self.closed = False
        self._thread = Worker("view-pictures", self._run, liveness=liveness)
        self._thread.start()

    def offer(self, frame: Frame, sighting: Sighting) -> None:
        """Takes the frame if somebody looks and it is time for one; called by the monitor."""
        if self.watchers == 0 or not self._due(self._clock_ns()):
            return
        with self._offered:
            self._waiting = (frame, sighting)
            self._offered.notify()

    def watch(self) -> None:
        """Somebody begins to look; ``leave`` ends it."""
        with self._encoded:
            self.watchers += 1

    def leave(self) -> None:
        with self._encoded:
            self.watchers -= 1
            if self.watchers == 0:
                self._newest = None

    def after(self, number: int, timeout_s: float) -> Jpeg | None:
        """The newest picture if it is another than ``number``, waiting for it; None if none comes, or at the end."""
        with self._encoded:
            self._encoded.wait_for(lambda: self.closed or self._has_other_than(number), timeout_s)
            return self._newest if self._has_other_than(number) and not self.closed else None

    def close(self) -> None:
        with self._encoded:
            self.closed = True
            self._offered.notify()
            self._encoded.notify_all()
        self._thread.join(1.0)

    def _has_other_than(self, number: int) -> bool:
        return self._newest is not None and self._newest.number != number

    def _due(self, now_ns: int) -> bool:
        """Whether it is time for a picture. Time owed is kept: at most 25 of 30 frames a second are 25, not 15."""
        if self._due_ns is None or abs(now_ns - self._due_ns) > 2 * self._step_ns:
            self._due_ns = now_ns
        # Frames jitter: one that comes a little early is not left out for it.
        if now_ns < self._due_ns - self._step_ns // 4:
            return False
        self._due_ns += self._step_ns
        return True

    def _run(self) -> None:
        number = 0
        while True:
            with self._offered:
                self._offered.wait_for(lambda: self.closed or self._waiting is not None)
                if self.closed or self._waiting is None:
                    return
                (frame, sighting), self._waiting = self._waiting, None
            number += 1
            try:
                step = max(1, round(frame.image.shape[1] / self._width_px))
                jpeg = Jpeg(encode(frame.image[::step, ::step].copy(), sighting, 1.0 / step), number)
            except Exception as error:
                # One picture that cannot be drawn must not end the page.
                _log.warning("the live page left out a picture: %s: %s", type(error).__name__, error)
                continue
            with self._encoded:
                self._newest = jpeg if self.watchers else None
                self._encoded.notify_all()


def encode(picture: NDArray[np.uint8], sighting: Sighting, scale: float) -> bytes:
    """``picture`` (uint8 [height, width, 3], blue-green-red, changed) with the sighting drawn on it, as JPEG."""
    draw(picture, sighting, scale)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes()
