"""What the live page's server answers to programs: health checks, the newest state as JSON, figures for Prometheus.

The monitor's thread only notes the newest state and counts; each answer is made by the thread of its request. What is
unknown is ``null`` in JSON and no sample at all in the figures, never zero.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from wakeful.device.alerts.events import alert_fields
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.output import DECIMALS, rounded
from wakeful.device.alerts.report import Reporter, json_bytes
from wakeful.device.alerts.run import Run
from wakeful.device.alerts.staleness import NewestState
from wakeful.device.alerts.status_file import Progress
from wakeful.device.messages import Alert, DriverState, Health, Phase
from wakeful.version import __version__

MAX_AGE_S = 3.0
"""How old the last analysed frame of a healthy monitor may be, as for ``wakeful health``."""
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Content type of Prometheus' text format, which names its version."""

Labels = tuple[tuple[str, str], ...]
Sample = tuple[Labels, float | bool | None]

STATE_GAUGES = (
    ("face", "A face is seen.", "face", 1.0),
    ("eyes_closed", "The eyes are closed.", "eyes_closed", 1.0),
    ("closure_seconds", "Length of the running closure.", "closure_s", 1.0),
    ("off_road_seconds", "Length of the running glance away from the road.", "off_road_s", 1.0),
    ("perclos_coverage_ratio", "Share of the last 60 s in which the eyes were seen.", "perclos_coverage", 1.0),
    ("sleepiness_ratio", "Probability of drowsy as people rate themselves, by the last blinks.", "sleepiness", 1.0),
    (
        "sleepiness_coverage_ratio",
        "Share of the blinks that it rests on which were measured.",
        "sleepiness_coverage",
        1.0,
    ),
    ("kss_estimate", "Estimate of the Karolinska Sleepiness Scale, 1 to 9.", "kss_estimate", 1.0),
    ("looking", "The person looks at the camera.", "looking", 1.0),
    ("awake", "The person is awake.", "awake", 1.0),
    ("distance_metres", "Distance of the eyes from the camera.", "distance_m", 1.0),
    ("speed_kmh", "Speed of the vehicle, kilometres per hour.", "speed_kmh", 1.0),
    ("calibration_ratio", "Learned share of the personal baseline.", "calibration_pct", 0.01),
)
"""Name, meaning, field of a state and factor of the figures that are one number."""


class Programs:
    """Notes what the monitor publishes, and makes the answers.

    Args:
        stats: figures of the loop, asked for with each answer.
        expression_classes: names of the probabilities in a state.
        clock_s: the clock by which a state grows old.
    """

    def __init__(
        self,
        stats: Callable[[], LoopStats],
        expression_classes: tuple[str, ...] = (),
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stats = stats
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._reporter = Reporter("", expression_classes)
        self._newest = NewestState()
        self._progress = Progress(clock_s())
        self._active: dict[int, Alert] = {}
        self._alerts: Counter[tuple[str, str]] = Counter()

    def begin(self, run: Run) -> None:
        self._reporter = replace(self._reporter, run=run)

    def state(self, state: DriverState) -> None:
        with self._lock:
            now_s = self._clock_s()
            self._newest.update(state, now_s)
            self._progress.note(state, now_s)

    def alert(self, alert: Alert) -> None:
        with self._lock:
            if alert.phase is Phase.CLEARED:
                self._active.pop(alert.seq, None)
            else:
                self._active[alert.seq] = alert
            if alert.phase in (Phase.RAISED, Phase.ESCALATED):
                self._alerts[alert.code, alert.level.label] += 1

    def trouble(self) -> str:
        """Why frames are not analysed, in a few words without anything about a person; "" if they are."""
        return self._progress.status.trouble(self._clock_s(), MAX_AGE_S)

    def healthz(self) -> tuple[bool, bytes]:
        """Whether frames are analysed, and the same as JSON."""
        trouble = self.trouble()
        return not trouble, json.dumps({"ok": not trouble, "trouble": trouble}).encode()

    def state_json(self) -> bytes:
        """The newest state and the last step of each active alert, worded as in every other output."""
        with self._lock:
            state, alerts = self._newest.at(self._clock_s()), sorted(self._active.values(), key=lambda one: one.seq)
        run = self._reporter.run
        return json_bytes(
            {
                "state": self._reporter.state(state) if state else None,
                "alerts": [alert_fields(alert, run, run.time_at(alert.t_ns)) for alert in alerts],
            }
        )

    def metrics(self) -> bytes:
        """Everything as figures in Prometheus' text format."""
        with self._lock:
            state, age_s = self._newest.at(self._clock_s()), self._clock_s() - self._progress.status.turn_s
            frames, alerts = self._progress.status.frames, dict(self._alerts)
        stats = self._stats()
        lines = [
            *_family("info", "gauge", "The monitor.", [(_about(stats), 1.0)]),
            *_gauge("healthy", "Frames are analysed.", not self.trouble()),
            *_family("frames_total", "counter", "Analysed frames.", [((), float(frames))]),
            *_family(
                "frames_dropped_total",
                "counter",
                "Frames that were captured and never analysed.",
                [((), float(stats.dropped))],
            ),
            *_gauge("frames_per_second", "Frames analysed per second, lately.", stats.fps),
            *_gauge(
                "frame_age_seconds", "From the capture of the newest frame to its state.", stats.frame_age_ms / 1000.0
            ),
            *_family(
                "alerts_total",
                "counter",
                "Alerts that were raised or escalated.",
                [((("code", code), ("level", level)), float(count)) for (code, level), count in sorted(alerts.items())],
            ),
        ]
        if state is not None:
            lines += [*_gauge("state_age_seconds", "Age of the newest state.", age_s), *self._about_state(state)]
        return "".join(lines).encode()

    def _about_state(self, state: DriverState) -> Iterable[str]:
        healths: list[Sample] = [((("health", one.value),), one is state.health) for one in Health]
        yield from _family("health", "gauge", "The monitor's health: 1 for the present one.", healths)
        yield from _family(
            "note", "gauge", "What is wrong with the monitor itself.", [((("note", one),), 1.0) for one in state.notes]
        )
        yield from _gauge("alert_level", "0 none, 1 advisory, 2 warning, 3 urgent, 4 emergency.", float(state.level))
        for name, text, field, factor in STATE_GAUGES:
            # Without a frame behind it a state knows nothing: its False is no answer.
            value = getattr(state, field) if state.health.has_frame else None
            if isinstance(value, float):
                value = rounded(value * factor, DECIMALS.get(field, 3))
            yield from _gauge(name, text, value)
        perclos: list[Sample] = [((("window", "60s"),), state.perclos_60s), ((("window", "180s"),), state.perclos_180s)]
        yield from _family("perclos_ratio", "gauge", "Share of the time with closed eyes.", perclos)
        shares = zip(self._reporter.expression_classes, state.expression_p, strict=False)
        expressions: list[Sample] = [((("expression", name),), rounded(p, 3)) for name, p in shares]
        yield from _family("expression_ratio", "gauge", "Probability of each expression.", expressions)


def _about(stats: LoopStats) -> Labels:
    return ("version", __version__), ("landmarks", stats.landmarks), ("runtime", stats.runtime)


def _gauge(name: str, text: str, value: float | bool | None) -> list[str]:
    return _family(name, "gauge", text, [((), value)])


def _family(name: str, kind: str, text: str, samples: Iterable[Sample]) -> list[str]:
    """One figure with its samples; unknown values are left out, and a figure without any too."""
    known = [(labels, float(value)) for labels, value in samples if value is not None]
    if not known:
        return []
    head = f"# HELP wakeful_{name} {text}\n# TYPE wakeful_{name} {kind}\n"
    return [head, *(f"wakeful_{name}{_labels(labels)} {value!r}\n" for labels, value in known)]


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
