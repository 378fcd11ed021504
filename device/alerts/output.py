"""The base of everything that carries what the monitor finds out of the process.

An output of another package derives from ``Output`` too; ten lines are enough:

    class SeatShaker(Output):
        def state(self, state: DriverState) -> None:
            self._motor.value = state.level >= Level.WARNING
"""

# ruff: noqa: B027 (empty methods are the defaults that a subclass may keep)

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

from wakeful.device.alerts.run import Run
from wakeful.device.messages import Alert, DriverState, Event
from wakeful.device.state.inputs import EngineInput

if TYPE_CHECKING:
    from wakeful.device.perception.pipeline import Sighting
    from wakeful.sensors.frame import Frame


class Output(ABC):
    """One way out. No method may wait for the world: it queues, writes a line, or drops and counts.

    The monitor calls, from its own thread: ``begin`` and ``start`` once, then for each frame (or every 0.1 s while
    none come) ``frame`` and ``engine_input``, ``alert`` and ``event`` for what follows from them, and last ``state``.
    ``close`` comes once at the end, also after an error, and may take up to a second to send queued alerts.

    Only ``state`` has to be written. It is the one call that always comes: it carries the level and code of the most
    urgent active alert, so that an output which handles nothing else never shows an alert that is over, and a pause of
    more than two seconds between two calls means that the monitor hangs (``wakeful.device.alerts.staleness``).

    Attributes:
        problem: why the output does not work at present, in one line; None while it does.
        recording: whether it writes a log of the drive at present.
    """

    problem: str | None = None
    recording: bool = False

    def begin(self, run: Run) -> None:
        """Which run this is, for outputs that publish it; comes before ``start``."""

    def start(self, origin_ns: int) -> None:
        """``origin_ns`` is the capture time that outputs publish as second 0."""

    def frame(self, frame: Frame, sighting: Sighting) -> None:
        """The image and what perception found in it. The image may be kept; to draw on it, copy it."""

    def engine_input(self, given: EngineInput) -> None:
        """Everything that the engine gets, in its order."""

    def alert(self, alert: Alert) -> None:
        """One step in the life of an alert."""

    def event(self, event: Event) -> None:
        """Something that happened and is not an alert: a closure, a glance, a change of health."""

    @abstractmethod
    def state(self, state: DriverState) -> None:
        """The driver after this frame, or after a while without one."""

    def take_over(self, before: Self) -> None:
        """A changed configuration replaces ``before`` by this output: send what ``before`` could not send yet."""

    def close(self) -> None:
        """Releases everything; nothing is called afterwards."""


def seconds(t_ns: int, origin_ns: int) -> float:
    """Seconds since the first frame, to the millisecond."""
    return round((t_ns - origin_ns) / 1e9, 3)


DECIMALS = (
    dict.fromkeys(("closure_s", "eye_open_left", "eye_open_right", "mouth_open", "perclos_coverage", "off_road_s"), 3)
    | dict.fromkeys(("perclos_60s", "perclos_180s"), 4)
    | dict.fromkeys(("kss_estimate", "yaw_deg", "pitch_deg", "roll_deg", "gaze_yaw_deg", "gaze_pitch_deg"), 1)
    | dict.fromkeys(("calibration_pct", "speed_kmh"), 1)
    | dict.fromkeys(("looking_s", "distance_m"), 2)
    | dict.fromkeys(("lid_open", "lid_lowered", "lid_narrowed", "lid_closed"), 3)
)
"""How exactly the figures of a state are published."""


def rounded(value: float | None, decimals: int) -> float | None:
    """A figure with so many decimals; None where it is unknown or no number."""
    return None if value is None or not math.isfinite(value) else round(value, decimals)
