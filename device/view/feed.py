"""What the live page shows beside the picture: gauges, the last two minutes as curves, alerts as they come.

The monitor's thread only notes; text is made once for all viewers, in a thread of its own, ten times a second and at
once for an alert. Viewers wait in their own threads for what is new, as server-sent events.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from wakeful.device.alerts.events import alert_fields
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.output import seconds
from wakeful.device.alerts.run import Run, new_run_id
from wakeful.device.alerts.sound.tones import described
from wakeful.device.alerts.staleness import NewestState
from wakeful.device.alerts.wording import alert_text, code_text, event_text, health_text, status_text
from wakeful.device.messages import Alert, DriverState, Event, Health, Level, Phase
from wakeful.device.supervision.workers import Liveness, Worker
from wakeful.frozen import dataclass

EVERY_S = 0.1
CELL_NS = 250_000_000
CURVES_S = 120
MAX_RECENT = 40
NO_ALERT: Mapping[str, object] = MappingProxyType({})
CURVES = ("opening", "perclos", "yaw", "pitch", "gaze_yaw", "gaze_pitch")


@dataclass(frozen=True, slots=True)
class Message:
    """One server-sent event, ready to be written; ``number`` counts them."""

    number: int
    text: bytes


class Feed:
    """Collects from the monitor's thread, publishes to any number of viewers.

    Args:
        title: what is watched and by which rules.
        stats: figures of the loop, asked for at each message.
        expression_classes: names of the probabilities in ``DriverState.expression_p``.
    """

    def __init__(
        self,
        title: str,
        stats: Callable[[], LoopStats],
        expression_classes: tuple[str, ...] = (),
        clock_s: Callable[[], float] = time.monotonic,
        liveness: Liveness | None = None,
    ) -> None:
        self._title = title
        self._stats = stats
        self._classes = expression_classes
        self._clock_s = clock_s
        self._about = Run(new_run_id())
        self._changed = threading.Condition()
        self._newest = NewestState()
        self._cells: deque[list[float | None]] = deque(maxlen=round(CURVES_S * 1e9 / CELL_NS))
        self._active: dict[int, Alert] = {}
        self._recent: deque[dict[str, Any]] = deque(maxlen=MAX_RECENT)
        self._messages: deque[Message] = deque(maxlen=64)
        self._number = 0
        self._closed = False
        self._thread = Worker("view-feed", self._run, liveness=liveness)

    def begin(self, run: Run) -> None:
        self._about = run

    def start(self, origin_ns: int) -> None:
        self._about = replace(self._about, origin_ns=origin_ns)
        self._thread.start()

    def state(self, state: DriverState) -> None:
        """Notes the newest state and its place in the curves."""
        with self._changed:
            self._newest.update(state, self._clock_s())
            self._add_to_curves(state)

    def alert(self, alert: Alert) -> None:
        """Publishes the alert at once."""
        over = alert.phase == Phase.CLEARED
        with self._changed:
            if over:
                self._active.pop(alert.seq, None)
            else:
                self._active[alert.seq] = alert
            level = "none" if over or alert.phase == Phase.ACKNOWLEDGED else alert.level.label
            self._happened(alert.t_ns, alert_text(alert), level, self._names(alert))

    def event(self, event: Event) -> None:
        text = event_text(event)
        if text:
            with self._changed:
                self._happened(event.t_ns, text, "note" if event.kind == "marker" else "none")

    def welcome(self) -> Message:
        """The first message to a new viewer: all that led to now. What comes later has a higher number."""
        with self._changed:
            greeting = {
                "title": self._title,
                "cell_s": CELL_NS / 1e9,
                "curves_s": CURVES_S,
                "names": CURVES,
                "cells": list(self._cells),
                "recent": list(self._recent),
                "tones": described(),
            }
            return Message(self._number, _sse("welcome", greeting))

    def after(self, number: int, timeout_s: float) -> list[Message] | None:
        """Messages with a higher number, waiting for the first; empty if none comes; None at the end.

        A viewer who was so slow that messages are gone gets those that are left.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._number > number, timeout_s)
            if self._closed:
                return None
            return [message for message in self._messages if message.number > number]

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        while not self._closed:
            time.sleep(EVERY_S)
            with self._changed:
                state, active, cells = self._newest.last, self._active_alerts(), list(self._cells)[-2:]
            if state is None:
                continue
            # Made into text outside of the lock, for which the monitor's thread may be waiting.
            text = _sse("state", {**self._gauges(state), "standing": active, "cells": cells})
            with self._changed:
                self._publish(text)

    def _happened(self, t_ns: int, text: str, level: str, names: Mapping[str, object] = NO_ALERT) -> None:
        entry = {"t": seconds(t_ns, self._about.origin_ns), "text": text, "level": level, **names}
        self._recent.append(entry)
        self._publish(_sse("happened", {**entry, "standing": self._active_alerts()}))

    def _active_alerts(self) -> list[dict[str, Any]]:
        """The active alerts, the most urgent first."""
        alerts = sorted(self._active.values(), key=lambda alert: (-alert.level, -alert.t_ns))
        return [_standing(alert) | self._names(alert) for alert in alerts]

    def _names(self, alert: Alert) -> dict[str, object]:
        """Which alert it is, as every other output names it."""
        fields = alert_fields(alert, self._about, "")
        return {name: fields[name] for name in ("run", "id")}

    def _publish(self, text: bytes) -> None:
        self._number += 1
        self._messages.append(Message(self._number, text))
        self._changed.notify_all()

    def _add_to_curves(self, state: DriverState) -> None:
        """A value a cell: the lowest eye opening, since a blink must show, and the newest of the others."""
        opening = _mean(state.eye_open_left, state.eye_open_right)
        start_s = state.t_ns // CELL_NS * CELL_NS - self._about.origin_ns
        cell_s = round(start_s / 1e9, 2)
        if self._cells and self._cells[-1][0] == cell_s:
            before = self._cells.pop()[1]
            opening = before if opening is None else opening if before is None else min(before, opening)
        elif self._cells and (self._cells[-1][0] or 0.0) > cell_s:
            self._cells.clear()  # the clock of the source went back
        angles = (state.yaw_deg, state.pitch_deg, state.gaze_yaw_deg, state.gaze_pitch_deg)
        self._cells.append(
            [cell_s, _short(opening, 2), _short(state.perclos_60s, 3), *(_short(angle, 0) for angle in angles)]
        )

    def _gauges(self, state: DriverState) -> dict[str, Any]:
        health = state.health
        if self._newest.is_stale(self._clock_s()):
            health = Health.STALE
        stats = self._stats()
        return {
            "t": seconds(state.t_ns, self._about.origin_ns),
            "health": str(health),
            "health_text": health_text(health) + (f": {code_text(state.reason)}" if state.reason else ""),
            "says": status_text(state) if health == state.health else "the monitor does not answer",
            "level": state.level.label if health == state.health else Level.NONE.label,
            "notes": list(state.notes),
            "eyes": [_short(state.eye_open_left, 2), _short(state.eye_open_right, 2)],
            "closed": state.eyes_closed,
            "closure_s": _short(state.closure_s, 1),
            "lids": state.lids,
            "mouth": _short(state.mouth_open, 2),
            "head": [_short(angle, 1) for angle in (state.yaw_deg, state.pitch_deg, state.roll_deg)],
            "gaze": [_short(angle, 1) for angle in (state.gaze_yaw_deg, state.gaze_pitch_deg)],
            "zone": state.gaze_zone,
            "off_road_s": _short(state.off_road_s, 1),
            "perclos": _short(state.perclos_60s, 3),
            "coverage": _short(state.perclos_coverage, 2),
            "sleepiness": _short(state.sleepiness, 2),
            "sleepiness_coverage": _short(state.sleepiness_coverage, 2),
            "kss": _short(state.kss_estimate, 1),
            "learned_pct": _short(state.calibration_pct, 0),
            "speed_kmh": _short(state.speed_kmh, 0),
            "expression": state.expression,
            "expression_p": [[name, _short(p, 2)] for name, p in zip(self._classes, state.expression_p, strict=False)],
            "fps": _short(stats.fps, 1),
            "age_ms": _short(stats.frame_age_ms, 0),
            "dropped": stats.dropped,
            "landmarks": stats.landmarks,
        }


def _standing(alert: Alert) -> dict[str, Any]:
    return {
        "seq": alert.seq,
        "name": code_text(alert.code),
        "level": alert.level.label,
        "acknowledged": alert.phase == Phase.ACKNOWLEDGED,
    }


def _mean(left: float | None, right: float | None) -> float | None:
    known = [eye for eye in (left, right) if eye is not None]
    return sum(known) / len(known) if known else None


def _short(value: float | None, decimals: int) -> float | int | None:
    if value is None or not math.isfinite(value):
        return None
    return round(value, decimals) if decimals else round(value)


def _sse(kind: str, content: Mapping[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(content, separators=(',', ':'), allow_nan=False)}\n\n".encode()
