"""The figures of a whole run, for ``--summary`` and for whoever compares two runs."""

from __future__ import annotations

import json
import resource
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from wakeful.device.messages import Phase
from wakeful.device.state.engine import Step
from wakeful.errors import ConfigError
from wakeful.files import write_file
from wakeful.version import __version__

BIN_MS = 0.02
BINS = 25_000


class Durations:
    """A histogram of durations. Resolution 0.02 ms; everything over 0.5 s counts as 0.5 s."""

    def __init__(self) -> None:
        self._counts = np.zeros(BINS + 1, dtype=np.int64)
        self.count = 0

    def add(self, seconds: float) -> None:
        self._counts[min(int(seconds * 1000.0 / BIN_MS), BINS)] += 1
        self.count += 1

    def percentile_ms(self, percent: float) -> float | None:
        """Upper end of the bin that holds this percentile, ms; None before the first repetition."""
        if self.count == 0:
            return None
        rank = np.searchsorted(np.cumsum(self._counts), max(1, np.ceil(self.count * percent / 100.0)))
        return round((int(rank) + 1) * BIN_MS, 3)


class Summary:
    """Counts while the monitor runs; constant memory.

    Attributes:
        perception, decision: time of each frame from the image to the observation, and on to the alerts.
    """

    def __init__(self, about: dict[str, Any]) -> None:
        self._about = about
        self._began_s = time.monotonic()
        self._cpu_began_s = time.process_time()
        self._first_ns: int | None = None
        self._last_ns = 0
        self._frames = 0
        self._faces = 0
        self._alerts: Counter[str] = Counter()
        self._events: Counter[str] = Counter()
        self._health_frames: Counter[str] = Counter()
        self.perception = Durations()
        self.decision = Durations()

    def frame(self, step: Step) -> None:
        """Count one frame."""
        state = step.state
        self._first_ns = state.t_ns if self._first_ns is None else self._first_ns
        self._last_ns = state.t_ns
        self._frames += 1
        self._faces += state.face
        self._health_frames[state.health.value] += 1
        self.happened(step)

    def happened(self, step: Step) -> None:
        """Count the alerts and events of a frame, or of a moment without one."""
        self._alerts.update(alert.code for alert in step.alerts if alert.phase is Phase.RAISED)
        self._events.update(event.kind for event in step.events)

    def figures(self, dropped: int, network_faults: int) -> dict[str, Any]:
        """The figures as plain values: seconds, milliseconds, shares of 1, megabytes."""
        wall_s = time.monotonic() - self._began_s
        return {
            "version": __version__,
            **self._about,
            "frames": self._frames,
            "dropped": dropped,
            "duration_s": round((self._last_ns - (self._first_ns or 0)) / 1e9, 3) if self._frames else 0.0,
            "wall_s": round(wall_s, 3),
            "cpu_s": round(time.process_time() - self._cpu_began_s, 3),
            "frames_per_s": round(self._frames / wall_s, 2) if wall_s else None,
            "face_share": round(self._faces / self._frames, 4) if self._frames else None,
            "perception_ms": _spread(self.perception),
            "decision_ms": _spread(self.decision),
            "memory_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, 1),
            "network_faults": network_faults,
            "alerts_raised": dict(self._alerts),
            "events": dict(self._events),
            "health_frames": dict(self._health_frames),
        }


def write_summary(target: str, figures: dict[str, Any]) -> None:
    """Write ``figures`` as JSON, readable by its owner alone.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        write_file(Path(target), json.dumps(figures, indent=2) + "\n", private=True)
    except OSError as error:
        raise ConfigError(f"{target}: the summary cannot be written ({error.strerror}); choose another file") from error


def _spread(durations: Durations) -> dict[str, float | None]:
    return {"median": durations.percentile_ms(50), "p99": durations.percentile_ms(99)}
