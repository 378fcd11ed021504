"""What one run of a cell left behind: everything the monitor reported, and the signals behind it."""

from __future__ import annotations

from wakeful.frozen import dataclass

SIGNALS = ("eye_open", "mouth_open", "yaw_deg", "pitch_deg", "gaze_yaw_deg", "gaze_pitch_deg", "closure_s")
"""Columns of ``Moment.signals``."""


@dataclass(frozen=True, slots=True)
class Reported:
    """An alert that was raised, or an event with its kind as ``code``; ``t_s`` is when it was reported."""

    t_s: float
    code: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class HealthChange:
    """From ``t_s`` on the monitor says ``health``, for ``reason``."""

    t_s: float
    health: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """The signals after one frame, in the order of ``SIGNALS``; ``eyes`` is how open they really were, 0 to 1."""

    t_s: float
    eyes: float
    signals: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A small picture, JPEG."""

    t_s: float
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Trace:
    """One run of a cell, in the order of time."""

    alerts: tuple[Reported, ...]
    events: tuple[Reported, ...]
    health: tuple[HealthChange, ...]
    moments: tuple[Moment, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()

    def health_at(self, t_s: float) -> HealthChange:
        """The last health at or before ``t_s``."""
        said = [change for change in self.health if change.t_s <= t_s]
        return said[-1] if said else HealthChange(0.0, "stale")
