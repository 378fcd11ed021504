"""What no face can measure is unknown: numbers from a broken network or a hostile log end here."""

from __future__ import annotations

import math
from dataclasses import replace
from operator import attrgetter
from typing import Any

from wakeful.device.messages import Observation

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
    "lid_gap_mm",
    "lid_gap_sd_mm",
)
"""The fields of an observation that are angles and ratios of the face."""
LENGTHS = ("iris_px", "focal_px")
"""Its fields that are lengths, by which distances are checked."""
GET_MEASURES = attrgetter(*MEASURES)
GET_LENGTHS = attrgetter(*LENGTHS)
# A softmax in half precision, or a mean over both eyes, misses a sum of 1 by less.
SUM_WITHIN = 0.01
# No angle and no ratio of a face is larger, and no length in a picture.
LARGEST_MEASURE, LARGEST_PX = 360.0, 100_000.0


def are_probabilities(shares: tuple[float, ...]) -> bool:
    """Whether these are the probabilities of the four states of the lids."""
    return len(shares) == 4 and all(0.0 <= one <= 1.0 for one in shares) and abs(sum(shares) - 1.0) <= SUM_WITHIN


def without_impossible(seen: Observation) -> Observation:
    """Measures that are no numbers, or that no face can have, are unknown."""
    # Comparisons with NaN are false, so they find it too.
    broken: dict[str, Any] = {
        name: None
        for name, value in zip(MEASURES, GET_MEASURES(seen), strict=True)
        if value is not None and not -LARGEST_MEASURE <= value <= LARGEST_MEASURE
    }
    for name, length in zip(LENGTHS, GET_LENGTHS(seen), strict=True):
        if length is not None and not 0.0 < length <= LARGEST_PX:
            broken[name] = None
    if seen.expression is not None and not all(map(math.isfinite, seen.expression)):
        broken["expression"] = None
    if seen.lid_states is not None and not are_probabilities(seen.lid_states):
        broken["lid_states"] = None
    return replace(seen, **broken) if broken else seen
