"""From a cell to the synthetic driver's script."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from wakeful.device.scenarios.behaviour import DURATION_S, START_S
from wakeful.device.scenarios.matrix import FPS, Cell
from wakeful.sensors.scenario import Blink, Life, Scenario, Track

SWAY_DEG = 1.0
BLINK_S = 0.2
ATTENTIVE_BLINKS_S = (1.7, 4.6, 7.0)
"""Starts of blinks before the behaviour begins."""
AFTERWARDS_S = 15.4
"""Start of the blink after it."""
ASIDE = {"aside_deg": "yaw_deg", "aside_gaze_deg": "gaze_yaw_deg"}


def scenario(cell: Cell) -> Scenario:
    """The script of a cell. Cells of one head have the same poses until ``START_S``, those of one behaviour always."""
    light, eyewear, head, _ = cell.stage
    rest = {"yaw_deg": float(head.yaw_deg), "pitch_deg": float(head.pitch_deg)}
    fixed = {"brightness": light.brightness, "noise": light.noise, "glare": light.glare, "eyewear": eyewear, **rest}
    tracks = {name: Track((0.0,), (value,)) for name, value in fixed.items()}
    # Across the camera's axis: the portrait does not show what a turn away from the camera would bring into sight.
    across = -1.0 if head.yaw_deg > 0 else 1.0
    for name, course in cell.behaviour.courses.items():
        times = tuple(START_S + t_s for t_s, _ in course)
        if name in ASIDE:
            field = ASIDE[name]
            tracks[field] = Track(times, tuple(rest.get(field, 0.0) + across * change for _, change in course))
        elif name == "eyes":
            openings = tuple(opening for _, opening in course)
            tracks["eye_left"] = tracks["eye_right"] = Track(times, openings)
        else:
            tracks[name] = Track(times, tuple(rest.get(name, 0.0) + change for _, change in course))
    starts = (*ATTENTIVE_BLINKS_S, *(START_S + t_s for t_s in cell.behaviour.blinks_s), AFTERWARDS_S)
    return Scenario(
        name=cell.id,
        about=cell.behaviour.about,
        duration_s=DURATION_S,
        tracks=tracks,
        life=Life(sway_deg=SWAY_DEG, seed=seed(cell.head.words) % 100),
        blinks=tuple(Blink(start_s, start_s + BLINK_S) for start_s in sorted(starts)),
    )


def frame_times_s(fps: float = FPS) -> list[float]:
    """Times of all frames of a script."""
    return [index / fps for index in range(round(DURATION_S * fps))]


def seed(words: Sequence[str]) -> int:
    """The same number for the same words on every machine."""
    return zlib.crc32("/".join(filter(None, words)).encode())
