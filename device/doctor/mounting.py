"""The shape that squeezed images should have, from the proportions of the face in them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from wakeful.device.perception.pipeline import Perception
from wakeful.device.perception.proportion import LEAST_PROPORTION, proportion_of
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

ASPECTS = {"4:3": 4 / 3, "16:9": 16 / 9, "3:4": 3 / 4, "9:16": 9 / 16}
"""Shapes that cameras have."""
SURE = 0.9
"""Presence below which a face in an image of another shape is too unlike a face to have right proportions."""
ALIKE = 0.05
"""Shapes whose faces are off by so little more than the best are as good: the surest face decides between them."""
LOOKS, LATER_NS = 4, 2_000_000_000
"""A face is found within three looks, whichever way it was turned before, and read again where it was found."""


def best_aspect(frame: Frame, shown: float, perception: Perception, *, on_side: bool) -> str:
    """The shape of ``ASPECTS`` in which the face has the proportions of a face; "" if there is none.

    Args:
        frame: an upright image of the face.
        shown: width over height that the source's whole image has now.
        on_side: the upright image is the source's image turned on its side.
    """
    seen = {name: _seen(frame, shown / aspect, perception, on_side) for name, aspect in ASPECTS.items()}
    least = min(off for off, _ in seen.values())
    most = min(least + ALIKE, abs(math.log(LEAST_PROPORTION)))
    alike = {name: presence for name, (off, presence) in seen.items() if off <= most}
    return max(alike, key=lambda name: alike[name], default="")


def _seen(frame: Frame, higher: float, perception: Perception, on_side: bool) -> tuple[float, float]:
    """How far the proportions of the face are from right ones if the source's images were ``higher`` times as high,
    and the presence of that face."""
    across, down = (higher, 1.0) if on_side else (1.0, higher)
    image = cv2.resize(frame.image, None, fx=across, fy=down, interpolation=cv2.INTER_LINEAR)
    for number in range(1, LOOKS + 1):
        # Later each time, so that the face is not looked for where it was in images of another shape.
        later = replace(frame, image=np.asarray(image, np.uint8), t_ns=frame.t_ns + number * LATER_NS)
        seen = perception.look(later)
    if seen.landmarks is None or seen.observation.presence < SURE:
        return math.inf, 0.0
    return abs(math.log(proportion_of(seen.landmarks.points))), seen.observation.presence
