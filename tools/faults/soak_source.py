"""The camera of the soak: a person who nods off in every cycle, and faults that last simulated seconds.

Time is simulated: it moves by a frame, or by the wait for one, with each look at the camera. Faults that a camera
itself tells (unplugged, frozen, black) come as its contract says: nothing but ``StaleFrame``, and ``lost`` after 1.2 s.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import EndOfSource, SourceInfo, StaleFrame

CYCLE_S = 30.0
SHUT_FROM_S, SHUT_TO_S = 20.0, 21.6
LOST_AFTER_S = 1.2
VARIANTS = 6


class SoakSource:
    """Pictures by the simulated clock.

    Args:
        conduct: called before each look with the simulated seconds so far; begins and ends faults.

    Attributes:
        fault: ``""``, ``silent`` (unplugged, frozen, black), ``noise``, ``small`` or ``slow`` (5 frames a second).
        hold_s: seconds of real time to wait before each frame, while something outside needs time to recover.
    """

    def __init__(self, duration_s: float, fps: float, conduct: Callable[[float], None]) -> None:
        self.info = SourceInfo(name="soak", live=True, width=640, height=480, fps=fps)
        self.fault = ""
        self.hold_s = 0.0
        self.dropped = 0
        self._duration_ns = round(duration_s * 1e9)
        self._period_ns = round(1e9 / fps)
        self._conduct = conduct
        self._now_ns = 0
        self._last_good_ns = 0
        self._seq = 0
        self._pictures = {
            shut: [_picture(0.0 if shut else 1.0, seed) for seed in range(VARIANTS)] for shut in (True, False)
        }
        self._noise = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)

    def clock_ns(self) -> int:
        """The simulated time."""
        return self._now_ns

    @property
    def lost(self) -> str | None:
        return self.fault if (self._now_ns - self._last_good_ns) / 1e9 > LOST_AFTER_S else None

    def read_latest(self, max_age_s: float) -> Frame:
        """See ``wakeful.sensors.source.Source``."""
        if self._now_ns >= self._duration_ns:
            raise EndOfSource("the soak is over")
        if self.hold_s:
            time.sleep(self.hold_s)
        self._conduct(self._now_ns / 1e9)
        if self.fault == "silent":
            self._now_ns += round(max_age_s * 1e9)
            raise StaleFrame("no new frame")
        self._now_ns += self._period_ns if self.fault != "slow" else max(self._period_ns, 200_000_000)
        self._last_good_ns = self._now_ns
        self._seq += 1
        return Frame(self._image(), self._now_ns, self._seq)

    def _image(self) -> NDArray[np.uint8]:
        if self.fault == "noise":
            return self._noise
        shut = SHUT_FROM_S <= self._now_ns / 1e9 % CYCLE_S < SHUT_TO_S
        picture = self._pictures[shut][self._seq % VARIANTS]
        return np.ascontiguousarray(picture[::2, ::2]) if self.fault == "small" else picture

    def close(self) -> None: ...


def _picture(opening: float, seed: int) -> NDArray[Any]:
    return render(DriverPose(eye_left=opening, eye_right=opening), seed=seed)
