"""A driver who does the same few seconds for ever: input for measurements that need many frames and many alerts.

Frames are rendered beforehand, so that a measured time is wakeful's own and not that of the renderer.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.device.alerts.output import Output
from wakeful.device.app import run
from wakeful.device.config.layers import load_settings
from wakeful.sensors.driver_face import HEIGHT_PX, WIDTH_PX, render
from wakeful.sensors.scenario import Scenario
from wakeful.sensors.slot import PacedSource
from wakeful.sensors.source import Source, SourceInfo

FPS = 30.0

MICROSLEEPS = """
duration_s = 2.4
keyframes = [
    { t = 0.5, eyes = 1 },
    { t = 0.6, eyes = 0, roll_deg = 0, yaw_deg = 0 },
    { t = 1.2, roll_deg = 3, yaw_deg = 4 },
    { t = 1.75, eyes = 0 },
    { t = 1.85, eyes = 1, roll_deg = 0, yaw_deg = 0 },
]
"""
"""Shut for 1.15 s out of every 2.4 s: an alert is raised and cleared in each round."""

COMING_AND_GOING = """
duration_s = 4.0
keyframes = [
    { t = 0.5, eyes = 1, yaw_deg = 0, present = true },
    { t = 0.6, eyes = 0 },
    { t = 1.8, eyes = 0 },
    { t = 1.9, eyes = 1, yaw_deg = 20 },
    { t = 3.2, present = false, yaw_deg = 0 },
    { t = 3.7, present = true },
]
"""
"""A microsleep, a glance and half a second out of the picture, so that the face is searched for anew in each round."""


def rendered(script: str) -> list[NDArray[np.uint8]]:
    """The frames of a scenario written as in a scenario file, uint8 [480, 640, 3] each."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "loop.toml"
        file.write_text(script, encoding="utf-8")
        scenario = Scenario.load(str(file))
    return [render(scenario.pose_at(seq / FPS), seed=seq) for seq in range(round(scenario.duration_s * FPS))]


def looped(pictures: list[NDArray[np.uint8]], *, realtime: bool, duration_s: float | None = None) -> PacedSource:
    """A source that plays ``pictures`` again and again at 30 frames a second; without end, or for ``duration_s``."""
    info = SourceInfo(name="loop", live=realtime, width=WIDTH_PX, height=HEIGHT_PX, fps=FPS)
    frames = _timed(pictures)
    if duration_s is not None:
        frames = itertools.islice(frames, round(duration_s * FPS))
    return PacedSource(info, frames, realtime=realtime)


def _timed(pictures: list[NDArray[np.uint8]]) -> Iterator[tuple[int, NDArray[np.uint8] | None]]:
    for seq in itertools.count():
        yield round(seq * 1e9 / FPS), pictures[seq % len(pictures)]


def run_looped(source: Source, overrides: Mapping[str, object], *watching: Output) -> int:
    """``wakeful run`` with ``source`` in place of a camera and further outputs beside its own; gives the exit status.

    Args:
        overrides: settings by their dotted names, as the command line gives them.
    """
    settings, profile = load_settings(None, None, overrides)
    return run(settings, profile, source=source, watching=watching)
