"""Alerts and events as JSON lines: one object per line, ``t`` in seconds since the first frame.

The first line says which run this is and when its second 0 was, by the wall clock and by the monotonic clock.

{"t": 0.0, "kind": "run", "run": "5f0c91aa", "time": "2026-03-01T12:00:00.250Z", "origin_utc_ns": 1772366400250000000,
 "origin_monotonic_ns": 81250000000, "wakeful": "0.2.0"}          (in one line)
{"t": 7.61, "kind": "alert", "code": "microsleep", "level": "warning", "phase": "raised", "seq": 1,
 "evidence": {"closure_s": 1.0}, "time": "2026-03-01T12:00:07.860Z", "run": "5f0c91aa", "id": "5f0c91aa-1",
 "step": "5f0c91aa-1-raised-warning-7610000000"}                  (in one line)
{"t": 3.77, "kind": "closure", "start": 3.57, "end": 3.77}
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from wakeful.device.alerts.background import BackgroundWriter
from wakeful.device.alerts.output import Output, seconds
from wakeful.device.alerts.run import Run, new_run_id
from wakeful.device.messages import Alert, DriverState, Event
from wakeful.device.supervision.workers import Liveness
from wakeful.version import __version__


class EventsOutput(Output):
    """Writes ``target``, or the standard output for ``-``.

    Raises:
        ConfigError: the file cannot be created.
    """

    def __init__(self, target: Path | str, liveness: Liveness | None = None) -> None:
        self._lines = BackgroundWriter(target, liveness)
        self._run = Run(new_run_id())

    @property
    def dropped(self) -> int:
        """Lines that could not be written."""
        return self._lines.dropped

    def begin(self, run: Run) -> None:
        self._run = run

    def start(self, origin_ns: int) -> None:
        self._run = replace(self._run, origin_ns=origin_ns)
        self._lines.write(run_line(self._run))

    def alert(self, alert: Alert) -> None:
        self._lines.write(alert_line(alert, self._run))

    def event(self, event: Event) -> None:
        self._lines.write(event_line(event, self._run.origin_ns))

    def state(self, state: DriverState) -> None:
        """States are signals, not events."""

    def close(self) -> None:
        self._lines.close()


def run_line(run: Run) -> str:
    """The first JSON line, line end included."""
    fields = {
        "t": 0.0,
        "kind": "run",
        "run": run.id,
        "time": run.time_at(run.origin_ns),
        "origin_utc_ns": run.utc_ns,
        "origin_monotonic_ns": run.origin_ns,
        "wakeful": __version__,
    }
    return json_line(fields)


def alert_line(alert: Alert, run: Run) -> str:
    """The JSON line of an alert, line end included."""
    return json_line(alert_fields(alert, run, run.time_at(alert.t_ns)))


def event_line(event: Event, origin_ns: int) -> str:
    """The JSON line of an event, line end included."""
    return json_line(event_fields(event, origin_ns))


def alert_fields(alert: Alert, run: Run, time: str) -> dict[str, object]:
    """What is published of an alert: ``id`` names the alert, ``step`` this one step in its life."""
    origin_ns, name = run.origin_ns, f"{run.id}-{alert.seq}"
    return {
        "t": seconds(alert.t_ns, origin_ns),
        "kind": "alert",
        "code": alert.code,
        "level": alert.level.label,
        "phase": str(alert.phase),
        "seq": alert.seq,
        "evidence": published(alert.evidence, origin_ns),
        "time": time,
        "run": run.id,
        "id": name,
        "step": f"{name}-{alert.phase}-{alert.level.label}-{alert.t_ns - origin_ns}",
    }


def event_fields(event: Event, origin_ns: int) -> dict[str, object]:
    """What is published of an event."""
    head = {"t": seconds(event.t_ns, origin_ns), "kind": event.kind}
    return {**head, **published(event.data, origin_ns), **head}


def published(data: Mapping[str, object], origin_ns: int) -> dict[str, object]:
    """``data`` for readers: ``start_ns`` becomes ``start`` in seconds, floats have three decimals, NaN is null."""
    result: dict[str, object] = {}
    for key, value in data.items():
        if key.endswith("_ns"):
            result[key.removesuffix("_ns")] = seconds(int(value), origin_ns)  # type: ignore[call-overload]
        elif value is None or isinstance(value, (str, bool, int)):
            result[key] = value
        else:
            number = float(value)  # type: ignore[arg-type]
            result[key] = round(number, 3) if math.isfinite(number) else None
    return result


def json_line(fields: Mapping[str, object]) -> str:
    """One JSON object, line end included."""
    return json.dumps(fields, allow_nan=False) + "\n"
