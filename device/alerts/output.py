"""The base class of everything that sends the monitor's results out of the process.

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
    """One output. No method may block on I/O: it queues, writes a line, or drops and counts.

    The monitor calls, from its own thread: ``begin`` and ``start`` once, then for each frame (or every 0.1 s while
    there are none) ``frame`` and ``engine_input``, ``alert`` and ``event`` for the results, and last ``state``.
    ``close`` is called once at the end, also after an error, and may take up to a second to send queued alerts.

    Only ``state`` must be implemented. It is the one call that is always made: it has the level and code of the most
    urgent active alert, so that an output which handles nothing else never shows an alert that is over, and a pause of
    more than two seconds between two calls means that the monitor hangs (``wakeful.device.alerts.staleness``).

    Attributes:
        problem: why the output does not work at present, in one line; None while it works.
        recording: whether it is writing a log of the drive.
    """

    problem: str | None = None
    recording: bool = False

    def begin(self, run: Run) -> None:
        """The run, for outputs that publish it; called before ``start``."""

    def start(self, origin_ns: int) -> None:
        """``origin_ns`` is the capture time that counts as second 0."""

    def frame(self, frame: Frame, sighting: Sighting) -> None:
        """The image, and what perception found in it. The image may be kept; copy it before drawing on it."""

    def engine_input(self, given: EngineInput) -> None:
        """Every input of the engine, in order."""

    def alert(self, alert: Alert) -> None:
        """One step of an alert: raised, escalated, acknowledged, cleared."""

    def event(self, event: Event) -> None:
        """Something other than an alert: a closure, a glance, a change of health."""

    @abstractmethod
    def state(self, state: DriverState) -> None:
        """The driver after this frame, or after 0.1 s without one."""

    def take_over(self, before: Self) -> None:
        """A changed configuration replaces ``before`` by this output: send what ``before`` has not sent yet."""

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
    | dict.fromkeys(("lid_open", "lid_lowered", "lid_narrowed", "lid_closed", "sleepiness", "sleepiness_coverage"), 3)
)
"""How exactly the figures of a state are published."""


def rounded(value: float | None, decimals: int) -> float | None:
    """A figure with so many decimals; None where it is unknown or no number."""
    return None if value is None or not math.isfinite(value) else round(value, decimals)
