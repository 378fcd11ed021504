"""A recorded drive as the report needs it: curves as columns, everything else as spans and moments in seconds.

Read once from the log's beginning to its end, and once more for the pictures near what happened. All sizes are bounded,
because a log comes from outside: see the constants.
"""

from __future__ import annotations

from array import array
from collections import deque
from dataclasses import field
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from wakeful.device.messages import Alert, DriverState, Event, Health, Level, Phase
from wakeful.device.record.reader import Recording
from wakeful.device.record.schema import ALERT, EVENT, HEALTH, MARKER, RULES, STATE, LogConfig
from wakeful.device.state.inputs import NewRules
from wakeful.frozen import dataclass

MAX_FRAMES = 5_000_000
"""Two days at 30 frames per second; what comes later is left out, and the report says so."""
MAX_SPANS = 50_000
MAX_MOMENTS = 2000
MAX_LATENCY_NS = 60_000_000_000
"""A state that came later than that is a clock that was set, not a slow monitor."""
GAP_S = 0.5
"""Longer without a state is a gap, as for the monitor itself."""

CURVES = (
    *("eye_open_left", "eye_open_right", "mouth_open", "yaw_deg", "pitch_deg", "roll_deg"),
    *("gaze_yaw_deg", "gaze_pitch_deg", "perclos_60s", "perclos_180s", "perclos_coverage", "kss_estimate", "speed_kmh"),
    *("sleepiness", "sleepiness_coverage"),
)
"""Fields of ``DriverState`` that are curves."""
_curves_of = attrgetter(*CURVES)


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasted, in seconds since the first frame."""

    start_s: float
    end_s: float
    name: str

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(slots=True)
class AlertLife:
    """One alert from its raising to its end.

    Attributes:
        level: the highest it reached.
        end_s: when it was cleared; None: it was still active at the end of the log.
        acknowledged_s: when somebody said that it was noticed.
        evidence: what it was raised for.
        at_start: it was already active when the log begins.
    """

    seq: int
    code: str
    level: Level
    start_s: float
    end_s: float | None = None
    acknowledged_s: float | None = None
    evidence: dict[str, float] = field(default_factory=dict)
    at_start: bool = False


@dataclass(slots=True)
class Drive:
    """One recording.

    Attributes:
        latency_ms: float32 [frames]: from the capture to the state, NaN where unknown.
        t_s: float64 [frames], never falling. curves: by field, float32 [frames], NaN where unknown.
        seqs: int64 [frames]: the source's number of each frame.
        health, zones, expressions: what held when; unknown zones and expressions have no span.
        events: closures, long blinks, glances, yawns, nods. notes: what was wrong with the monitor itself.
        markers: moments that somebody marked, ``end_s`` like ``start_s``. changes: moments from which other rules held.
        gaps: times without a state.
        damage: what is wrong with the log, one line per fault.
    """

    name: str
    config: LogConfig
    t_s: NDArray[np.float64]
    seqs: NDArray[np.int64]
    latency_ms: NDArray[np.float32]
    curves: dict[str, NDArray[np.float32]]
    health: list[Span]
    zones: list[Span]
    expressions: list[Span]
    alerts: list[AlertLife]
    events: list[Span]
    notes: list[Span]
    markers: list[Span]
    changes: list[Span]
    gaps: list[Span]
    damage: list[str]

    @property
    def start_s(self) -> float:
        """When the first state came; 0 but in a part cut out of a longer recording."""
        return float(self.t_s[0]) if len(self.t_s) else 0.0

    @property
    def end_s(self) -> float:
        return float(self.t_s[-1]) if len(self.t_s) else 0.0


class Runs:
    """What holds, from frame to frame, as spans."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._name = ""
        self._start_s = self._last_s = 0.0

    def see(self, t_s: float, name: str) -> None:
        """``name`` holds at this moment, "" for unknown."""
        if name == self._name and t_s - self._last_s <= GAP_S:
            self._last_s = t_s
            return
        # What held until the last frame is taken to hold up to this one, unless frames are missing between.
        self.end(t_s if t_s - self._last_s <= GAP_S else self._last_s)
        self._name, self._start_s, self._last_s = name, t_s, t_s

    def end(self, t_s: float | None = None) -> list[Span]:
        """All spans, the last one ended."""
        if self._name and len(self.spans) < MAX_SPANS:
            self.spans.append(Span(self._start_s, self._last_s if t_s is None else t_s, self._name))
        self._name = ""
        return self.spans


class _Reading:
    """Takes in a log's messages."""

    def __init__(self, config: LogConfig) -> None:
        self._seconds = config.seconds
        self.times, self.seqs, self.latency_ms = array("d"), array("q"), array("f")
        self.columns = [array("f") for _ in CURVES]
        self.health, self.zones, self.expressions = Runs(), Runs(), Runs()
        self.alerts: dict[int, AlertLife] = {}
        self.finished: list[AlertLife] = []
        self.events: deque[Span] = deque(maxlen=MAX_SPANS)
        self.notes: list[Span] = []
        self.open_notes: dict[str, float] = {}
        self.markers: list[Span] = []
        self.changes: list[Span] = []
        self.gaps: list[Span] = []
        self.frame = -1
        self.too_long = self.backwards = 0

    def state(self, state: DriverState, latency_ns: int) -> None:
        if len(self.times) >= MAX_FRAMES:
            self.too_long += 1
            return
        t_s = self._seconds(state.t_ns)
        if self.times and t_s < self.times[-1]:
            self.backwards += 1
            t_s = self.times[-1]
        if self.times and t_s - self.times[-1] > GAP_S and len(self.gaps) < MAX_SPANS:
            self.gaps.append(Span(self.times[-1], t_s, "gap"))
        self.times.append(t_s)
        self.seqs.append(state.seq)
        self.latency_ms.append(latency_ns / 1e6 if 0 < latency_ns < MAX_LATENCY_NS else np.nan)
        for column, value in zip(self.columns, _curves_of(state), strict=True):
            column.append(np.nan if value is None else value)
        self.health.see(t_s, str(state.health) + (f": {state.reason}" if state.health == Health.DEGRADED else ""))
        self.zones.see(t_s, state.gaze_zone)
        self.expressions.see(t_s, state.expression or "")

    def alert(self, alert: Alert) -> None:
        t_s = self._seconds(alert.t_ns)
        life = self.alerts.get(alert.seq)
        if life is None:
            if len(self.finished) + len(self.alerts) >= MAX_MOMENTS:
                return
            life = AlertLife(alert.seq, alert.code, alert.level, t_s, evidence=dict(alert.evidence))
            life.at_start = alert.phase is not Phase.RAISED
            self.alerts[alert.seq] = life
        life.level = max(life.level, alert.level)
        if alert.phase is Phase.ACKNOWLEDGED:
            life.acknowledged_s = t_s
        elif alert.phase is Phase.CLEARED:
            life.end_s = t_s
            self.finished.append(self.alerts.pop(alert.seq))

    def event(self, event: Event) -> None:
        start_ns, end_ns = event.data.get("start_ns"), event.data.get("end_ns")
        if event.kind == "marker":
            t_s = self._seconds(int(event.data["pressed_ns"]))
            if len(self.markers) < MAX_MOMENTS:
                self.markers.append(Span(t_s, t_s, str(event.data["text"])))
        elif event.kind == "health" and "note" in event.data:
            self._note(str(event.data["note"]), self._seconds(event.t_ns), "over" in event.data)
        elif isinstance(start_ns, int) and isinstance(end_ns, int) and start_ns <= end_ns:
            self.events.append(Span(self._seconds(start_ns), self._seconds(end_ns), event.kind))

    def rules(self, rules: NewRules) -> None:
        t_s = self._seconds(rules.t_ns)
        if len(self.changes) < MAX_MOMENTS:
            self.changes.append(Span(t_s, t_s, "other rules"))

    def _note(self, code: str, t_s: float, over: bool) -> None:
        if over and code in self.open_notes:
            self.notes.append(Span(self.open_notes.pop(code), t_s, code))
        elif not over and len(self.notes) + len(self.open_notes) < MAX_MOMENTS:
            self.open_notes.setdefault(code, t_s)


def read_drive(recording: Recording) -> Drive:
    """Reads all of a recording but its pictures."""
    reading = _Reading(recording.config)
    for entry in recording.entries(STATE, ALERT, EVENT, HEALTH, MARKER, RULES):
        value = entry.value
        if isinstance(value, DriverState):
            reading.state(value, entry.ready_ns - entry.log_ns)
        elif isinstance(value, Alert):
            reading.alert(value)
        elif isinstance(value, Event):
            reading.event(value)
        elif isinstance(value, NewRules):
            reading.rules(value)
    return _drive(recording, reading)


def _drive(recording: Recording, reading: _Reading) -> Drive:
    end_s = reading.times[-1] if reading.times else 0.0
    notes = [*reading.notes, *(Span(start_s, end_s, code) for code, start_s in reading.open_notes.items())]
    damage = list(recording.damage)
    if not recording.complete and not recording.config.cut:
        damage.append("parts of the recording are missing")
    if recording.missing and not recording.config.cut:
        damage.append(f"{recording.missing} messages of the monitor are missing")
    if reading.backwards:
        damage.append(f"the clock went back: {reading.backwards} frames are shown at the time before them")
    if reading.too_long:
        damage.append(f"the drive is longer than this report can show: the last {reading.too_long} frames are left out")
    return Drive(
        name=recording.name,
        config=recording.config,
        t_s=np.array(reading.times, np.float64),
        seqs=np.array(reading.seqs, np.int64),
        latency_ms=np.array(reading.latency_ms, np.float32),
        curves={name: np.array(column, np.float32) for name, column in zip(CURVES, reading.columns, strict=True)},
        health=reading.health.end(),
        zones=reading.zones.end(),
        expressions=reading.expressions.end(),
        alerts=sorted([*reading.finished, *reading.alerts.values()], key=lambda life: life.start_s),
        events=sorted(reading.events, key=lambda span: span.start_s),
        notes=sorted(notes, key=lambda span: span.start_s),
        markers=sorted(reading.markers, key=lambda span: span.start_s),
        changes=reading.changes,
        gaps=reading.gaps,
        damage=damage,
    )
