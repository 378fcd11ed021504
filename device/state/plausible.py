"""What no face can measure is unknown: numbers from a broken network or a hostile log end here."""

from __future__ import annotations

import math
from dataclasses import replace
from operator import attrgetter
from typing import Any

from device.messages import Observation

MEASURES = (
    "eye_aspect_left",
    "eye_aspect_right",
    "lid_drop",
    "mouth_aspect",
    "yaw_deg",
    "pitch_deg",
    "roll_deg",
    "gaze_yaw_deg",
    "gaze_pitch_deg",
    "bearing_yaw_deg",
    "bearing_pitch_deg",
)
"""The fields of an observation that are angles and ratios of the face."""
GET_MEASURES = attrgetter(*MEASURES)
# No angle and no ratio of a face is larger.
LARGEST_MEASURE = 360.0


def without_impossible(seen: Observation) -> Observation:
    """Measures that are no numbers, or that no face can have, are unknown."""
    values = GET_MEASURES(seen)
    # Comparisons with NaN are false, so this finds it too.
    broken: dict[str, Any] = {
        name: None
        for name, value in zip(MEASURES, values, strict=True)
        if value is not None and not -LARGEST_MEASURE <= value <= LARGEST_MEASURE
    }
    if seen.expression is not None and not all(map(math.isfinite, seen.expression)):
        broken["expression"] = None
    return replace(seen, **broken) if broken else seen
