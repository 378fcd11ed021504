"""Where the time of a frame goes: the loop and perception report when a stage is done.

Only the benchmark counts; everything else uses ``UNWATCHED``, which costs the call of an empty function per stage.
"""

from __future__ import annotations

import time
from collections.abc import Callable

STAGES = (
    "capture", "detect", "landmarks", "iris", "lids", "mouth", "pose", "eyes", "expression", "state", "alerts", "loop",
)  # fmt: skip
"""In the order of a frame. ``eyes``: opening, gaze, readability; ``loop``: the monitor's own counts."""


class Stages:
    """Counts nothing."""

    def done(self, stage: str) -> None:
        """All time since the last call was spent in ``stage``."""


class WatchedStages(Stages):
    """Counts nanoseconds by stage until they are taken."""

    def __init__(self, clock_ns: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock_ns = clock_ns
        self._last_ns = clock_ns()
        self._spent_ns: dict[str, int] = {}

    def begin(self) -> None:
        """Starts counting now; earlier time belongs to no stage."""
        self._last_ns = self._clock_ns()
        self._spent_ns.clear()

    def done(self, stage: str) -> None:
        now_ns = self._clock_ns()
        self._spent_ns[stage] = self._spent_ns.get(stage, 0) + now_ns - self._last_ns
        self._last_ns = now_ns

    def take(self) -> dict[str, int]:
        """What was counted, by stage; stages that did not run are not in it."""
        spent_ns, self._spent_ns = self._spent_ns, {}
        return spent_ns


UNWATCHED = Stages()
