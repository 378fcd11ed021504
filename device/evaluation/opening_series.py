"""Replays series of lid openings in millimetres through the whole engine: which closures and alerts come of them.

A file (``.npz``) holds ``NAME_t`` in seconds and ``NAME_mm`` [frames, 2] of the left and the right eye for each series.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.device.messages import Observation, Phase, ReaderTraits
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.profile import Profile
from wakeful.frozen import dataclass

MILLIMETRES = ReaderTraits("millimetres", closed_ratio=0.0, wide_mouth_aspect=1.0)
EYE_WIDTH_MM = 28.0
"""From corner to corner, as of most adults; the engine learns the rest by itself."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series: seconds, and openings in millimetres of the left and the right eye, NaN where not seen."""

    name: str
    t_s: NDArray[np.float64]
    mm: NDArray[np.float64]

    def at(self, fps: float) -> Series:
        """The series as a slower camera sees it; a faster one sees nothing more."""
        times = np.arange(self.t_s[0], self.t_s[-1], 1.0 / fps)
        nearest = np.minimum(np.searchsorted(self.t_s, times), len(self.t_s) - 1)
        return Series(self.name, self.t_s[nearest], self.mm[nearest])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the engine made of one series: closures and their alerts, in seconds, and its last sleepiness."""

    name: str
    closures_s: tuple[float, ...]
    alerts: tuple[tuple[float, str, str], ...]
    sleepiness: float | None
    coverage: float


def load(folder: Path) -> list[Series]:
    """All series of a folder; files of another kind are left out."""
    found = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            names = sorted(name[:-2] for name in file.files if name.endswith("_t") and f"{name[:-2]}_mm" in file.files)
            found += [Series(_short(n), file[f"{n}_t"].astype(float), file[f"{n}_mm"].astype(float)) for n in names]
    return found


def replay(series: Series, profile: Profile) -> Outcome:
    """Frame after frame through an engine that knows nothing of the person."""
    engine = Engine(EngineConfig(profile, MILLIMETRES))
    alerts, closures = [], []
    state = None
    for seq, (t_s, pair) in enumerate(zip(series.t_s, series.mm, strict=True)):
        left, right = (float(mm) / EYE_WIDTH_MM if np.isfinite(mm) else None for mm in pair)
        seen = Observation(
            round(t_s * 1e9), seq, True, eye_aspect_left=left, eye_aspect_right=right,
            yaw_deg=0.0, pitch_deg=0.0, roll_deg=0.0, gaze_yaw_deg=0.0, gaze_pitch_deg=0.0,
        )  # fmt: skip
        step = engine.step(seen)
        state = step.state
        alerts += [(t_s, a.code, a.level.label) for a in step.alerts if a.phase in (Phase.RAISED, Phase.ESCALATED)]
        closures += [
            (int(e.data["end_ns"]) - int(e.data["start_ns"])) / 1e9 for e in step.events if e.kind == "closure"
        ]
    return Outcome(
        series.name,
        tuple(closures),
        tuple(alerts),
        state.sleepiness if state else None,
        state.sleepiness_coverage if state else 0.0,
    )


def _short(name: str) -> str:
    """``P1 - squints`` from a name that holds the same twice, as file and as column."""
    return name.split(".tsv")[0].replace("_", " ")
