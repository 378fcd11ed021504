"""What other programs read of the monitor: states, alerts and events as JSON objects, by MQTT and by the local stream.

``report.schema.json`` beside this file describes each of them. ``null`` is unknown, never zero. ``t`` counts seconds
since the first frame; ``time`` is the wall clock (UTC): of an alert when it was published, so that one which waited for
its way out still says when it was, of a state when its frame was captured. ``id`` names one alert for good, the same in
every output; ``step`` names one step of it: whoever gets that twice can drop the second.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Sequence
from dataclasses import field
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING

from wakeful.device.alerts.events import alert_fields, event_fields
from wakeful.device.alerts.output import DECIMALS, rounded, seconds
from wakeful.device.alerts.run import Run, new_run_id, utc_text
from wakeful.device.landmarks import EyeLandmarks, Landmarks
from wakeful.device.messages import Alert, DriverState, Event
from wakeful.device.people import Person
from wakeful.frozen import dataclass
from wakeful.version import __version__

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROTOCOL = 2
SCHEMA = "report.schema.json"

Report = dict[str, object]

STATE = (
    *("kind", "t", "time", "frame", "health", "reason", "level", "code", "face", "eyes_closed", "closure_s"),
    *("eye_open_left", "eye_open_right", "mouth_open", "perclos_60s", "perclos_180s", "perclos_coverage"),
    *("kss_estimate", "yaw_deg", "pitch_deg", "roll_deg", "gaze_yaw_deg", "gaze_pitch_deg", "gaze_zone", "off_road_s"),
    *("expression", "expression_p", "notes", "calibration_pct", "speed_kmh", "ignition", "gear"),
    *("looking", "looking_s", "awake", "distance_m", "lid_open", "lid_lowered", "lid_narrowed", "lid_closed", "person"),
    *("sleepiness", "sleepiness_coverage", "people", "driver"),
)
"""What the report of a state holds."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Words the reports of one run.

    Attributes:
        device: the name of this monitor.
        expression_classes: names of the probabilities in ``DriverState.expression_p``.
        run: distinguishes this run's numbers of alerts from those of another run, and says when its second 0 was.
    """

    device: str
    expression_classes: Sequence[str] = ()
    run: Run = field(default_factory=lambda: Run(new_run_id()))

    @property
    def origin_ns(self) -> int:
        """Capture time of second 0."""
        return self.run.origin_ns

    def hello(self) -> Report:
        """Which monitor and run reports."""
        return {
            "kind": "hello",
            "protocol": PROTOCOL,
            "wakeful": __version__,
            "device": self.device,
            "run": self.run.id,
            "expressions": list(self.expression_classes),
        }

    def state(self, state: DriverState) -> Report:
        """The driver's state at one moment. Ratios and seconds have three decimals, angles one."""
        special = {
            "kind": "state",
            "t": seconds(state.t_ns, self.origin_ns),
            "time": self.run.time_at(state.t_ns),
            "frame": state.seq,
            "health": str(state.health),
            "level": state.level.label,
            "expression_p": self._shares(state.expression_p),
            "notes": list(state.notes),
            "people": None if state.people is None else [self._person(one) for one in state.people],
        }
        return {name: special[name] if name in special else _published(state, name) for name in STATE}

    def _person(self, person: Person) -> Report:
        places = {name: rounded(getattr(person, name), 3) for name in ("x", "y", "width", "height")}
        return {
            "id": person.id,
            "watched": person.watched,
            **places,
            "looking": person.looking,
            "distance_m": rounded(person.distance_m, DECIMALS["distance_m"]),
            "expression": person.expression,
            "expression_p": self._shares(person.expression_p),
        }

    def _shares(self, expression_p: Sequence[float]) -> Report:
        return {name: rounded(p, 3) for name, p in zip(self.expression_classes, expression_p, strict=False)}

    def alert(self, alert: Alert, raised_at: datetime) -> Report:
        """One step of an alert: raised, escalated, acknowledged, cleared."""
        return alert_fields(alert, self.run, utc_text(raised_at))

    def health(self, state: DriverState) -> Report:
        """How well the monitor itself is doing."""
        return {
            "kind": "health",
            "t": seconds(state.t_ns, self.origin_ns),
            "health": str(state.health),
            "reason": state.reason,
            "notes": list(state.notes),
        }

    def landmarks(self, t_ns: int, seq: int, face: Landmarks) -> Report:
        """The points of the face in frame ``seq``, pixels with one decimal."""
        return {
            "kind": "landmarks",
            "t": seconds(t_ns, self.origin_ns),
            "seq": seq,
            "width": face.width,
            "height": face.height,
            "points": _pixels(face.points),
            "left_eye": _eye(face.left_eye),
            "right_eye": _eye(face.right_eye),
        }

    def event(self, event: Event) -> Report:
        """Something that happened and is no alert."""
        return event_fields(event, self.origin_ns)


def machine_name() -> str:
    """This machine's name, as far as it can be part of a topic."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname().split(".")[0])[:64] or "wakeful"


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def json_bytes(report: Report) -> bytes:
    """One report in one line of JSON, without a line end."""
    return json.dumps(report, allow_nan=False, separators=(",", ":")).encode()


def schema() -> dict[str, object]:
    """The JSON schema of all reports, by their ``kind``."""
    text = resources.files("wakeful.device.alerts").joinpath(SCHEMA).read_text(encoding="utf-8")
    found: dict[str, object] = json.loads(text)
    return found


def _eye(eye: EyeLandmarks) -> Report:
    return {"contour": _pixels(eye.contour), "iris": _pixels(eye.iris)}


def _pixels(points: NDArray[np.float32]) -> object:
    # Rounded as float64: a float32 has no short decimal form.
    return points.astype(float).round(1).tolist()


def _published(state: DriverState, name: str) -> object:
    value = getattr(state, name)
    return rounded(value, DECIMALS[name]) if name in DECIMALS else value
