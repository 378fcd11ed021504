"""The contract of everything that carries alerts out of the process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from wakeful.device.messages import Alert, DriverState, Event, Given

if TYPE_CHECKING:
    from wakeful.device.perception.pipeline import Sighting
    from wakeful.sensors.frame import Frame


class Output(Protocol):
    """One way out. No method may wait for the world: it queues, writes a line, or drops and counts.

    The monitor calls, from its own thread: ``start`` once, then for each frame (or every 0.1 s while none come)
    ``alert`` and ``event`` for what happened, then ``state``. ``close`` comes once at the end, also after an error,
    and may take up to a second to get queued alerts out.
    """

    def start(self, origin_ns: int) -> None:
        """``origin_ns`` is the capture time that outputs publish as second 0."""
        ...

    def alert(self, alert: Alert) -> None: ...

    def event(self, event: Event) -> None: ...

    def state(self, state: DriverState) -> None: ...

    def close(self) -> None: ...


class Watcher(Protocol):
    """An output that also wants to know what stands behind the judgement; each of the two methods is optional.

    Both come before the alerts, events and state that follow from them.
    """

    def seen(self, frame: Frame, sighting: Sighting) -> None:
        """The picture and what perception found in it. The picture may be kept; to draw on it, copy it."""
        ...

    def fed(self, given: Given) -> None:
        """What the judge is given, everything and in its order."""
        ...


def seconds(t_ns: int, origin_ns: int) -> float:
    """Seconds since the first frame, to the millisecond."""
    return round((t_ns - origin_ns) / 1e9, 3)
