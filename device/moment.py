"""One moment of a drive, as programs get it: live, from a log, or from a running service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from wakeful.device.landmarks import Landmarks
from wakeful.device.messages import Alert, DriverState, Event, Observation
from wakeful.frozen import dataclass

if TYPE_CHECKING:
    from wakeful.sensors.frame import Frame

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """The driver after one frame, or after a while without one, and what happened since the moment before.

    Attributes:
        t_s: seconds since the first frame.
        utc_ns: the same moment by the wall clock, ns since 1970 (UTC); ``time`` gives it as a datetime.
        state: the driver, and the health of the monitor itself.
        alerts: steps of alerts, in their order: raised, escalated, acknowledged, cleared.
        events: what else happened: closures, glances, yawns, changes of health, markers.
        observation: what was measured in the frame; None without a frame, and from a running service.
        frame: the frame itself; None without one (stale, camera lost), from a log, and from a running service.
        landmarks: the points of the face; None without one, from a log without them, and from a service that does not
            send them (``wakeful run --stream-landmarks``) or where numpy is not installed.
    """

    t_s: float
    utc_ns: int
    state: DriverState
    alerts: tuple[Alert, ...] = ()
    events: tuple[Event, ...] = ()
    observation: Observation | None = None
    frame: Frame | None = None
    landmarks: Landmarks | None = None

    @property
    def time(self) -> datetime:
        """The moment by the wall clock, UTC, to the microsecond."""
        return EPOCH + timedelta(microseconds=self.utc_ns // 1000)
