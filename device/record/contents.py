"""What is in a recording, read once from its beginning to its end: for ``wakeful log info``."""

from __future__ import annotations

from collections import Counter
from dataclasses import field

from wakeful.device.messages import Alert, DriverState, Event, Observation, Phase, Tick
from wakeful.device.record.reader import Recording
from wakeful.device.record.schema import ALERT, MARKER, OBSERVATION, STATE, TICK
from wakeful.frozen import dataclass

GAP_NS = 500_000_000
"""Longer without an input is a gap: the monitor itself calls that stale."""
MAX_GAPS = 1000


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without anything recorded; a negative length is a clock that jumped back."""

    from_s: float
    length_s: float


@dataclass(slots=True)
class Contents:
    """Figures of a recording.

    Attributes:
        messages, bytes: by channel.
        first_ns, last_ns: capture times; None in a recording without inputs.
        gaps: the first thousand of them.
        raised: alerts by code. markers: (s, text).
        health_frames: states in each health.
    """

    messages: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    first_ns: int | None = None
    last_ns: int | None = None
    gaps: list[Gap] = field(default_factory=list)
    raised: Counter[str] = field(default_factory=Counter)
    markers: list[tuple[float, str]] = field(default_factory=list)
    health_frames: Counter[str] = field(default_factory=Counter)

    @property
    def seconds(self) -> float:
        """From the first input to the last."""
        return 0.0 if self.first_ns is None or self.last_ns is None else max(0.0, (self.last_ns - self.first_ns) / 1e9)


def contents(recording: Recording) -> Contents:
    """Read a recording; its ``damage`` and ``missing`` are known afterwards."""
    found = Contents()
    for file in recording.files:
        for message in file.raw():
            found.messages[message.topic] += 1
            found.bytes[message.topic] += len(message.data)
    for entry in recording.entries(OBSERVATION, TICK, ALERT, MARKER, STATE):
        value = entry.value
        if isinstance(value, Observation | Tick):
            _time(found, value.t_ns, recording.config.origin_ns)
        elif isinstance(value, Alert):
            found.raised[value.code] += value.phase is Phase.RAISED
        elif isinstance(value, Event):
            found.markers.append((recording.config.seconds(int(value.data["pressed_ns"])), str(value.data["text"])))
        elif isinstance(value, DriverState):
            found.health_frames[value.health.value] += 1
    return found


def _time(found: Contents, t_ns: int, origin_ns: int) -> None:
    if found.first_ns is None or found.last_ns is None:
        found.first_ns = found.last_ns = t_ns
        return
    passed_ns = t_ns - found.last_ns
    if not 0 <= passed_ns <= GAP_NS and len(found.gaps) < MAX_GAPS:
        found.gaps.append(Gap((found.last_ns - origin_ns) / 1e9, passed_ns / 1e9))
    found.last_ns = t_ns
