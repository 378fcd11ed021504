"""Numbers of a profile's sections that cannot be: negative times, shares above 1, a smaller bound above its greater."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields

from wakeful.device.state.profile import Profile
from wakeful.device.state.profile_problem import Problem

SECTIONS = ("eyes", "perclos", "blinks", "gaze", "mouth", "nod", "health", "latch", "engagement")
SHARES = {
    "eyes": ("closed_below", "open_above", "lowered_drop", "baseline_floor"),
    "perclos": ("min_coverage",),
    "mouth": ("yawn_above", "yawn_peak"),
}
# Below these no closure would ever be seen: no reader sees an eye close to nothing, and frames come apart and get lost.
# One blink has no spread, and log odds may be negative.
LEAST = {
    ("eyes", "closed_below"): 0.1,
    ("eyes", "bridge_s"): 0.2,
    ("blinks", "own"): 2.0,
    ("blinks", "own_least"): 2.0,
    ("blinks", "window"): 1.0,
    ("blinks", "least"): 1.0,
    ("blinks", "intercept"): -100.0,
}
# Pairs of which the first must not exceed the second.
ORDERED = (
    ("eyes", "closed_below", "open_above"),
    ("blinks", "least", "window"),
    ("gaze", "learn_s", "learn_until_s"),
    ("mouth", "yawn_above", "yawn_peak"),
    ("mouth", "yawn_min_s", "yawn_max_s"),
    ("engagement", "cone_deg", "leave_deg"),
)


def section_problems(profile: Profile) -> Iterator[Problem]:
    """All problems of the sections' numbers."""
    for section in SECTIONS:
        values = getattr(profile, section)
        if values is None:
            continue
        for key in (field.name for field in fields(values)):
            value = getattr(values, key)
            if not isinstance(value, float | int):
                continue
            least = LEAST.get((section, key), 0.0)
            highest = 1.0 if key in SHARES.get(section, ()) else math.inf
            if not least <= value <= highest or value == math.inf:
                fix = f"a share from {least:g} to 1" if highest == 1.0 else f"{least:g} or more"
                yield Problem((section, key), f"{section}.{key} = {value:g}: it should be {fix}")
    for section, low, high in ORDERED:
        values = getattr(profile, section)
        if values is not None and getattr(values, low) > getattr(values, high):
            given = f"{section}.{low} = {getattr(values, low):g} is above {high} = {getattr(values, high):g}"
            yield Problem((section, low), f"{given}: it should be that or less", (section, high))
