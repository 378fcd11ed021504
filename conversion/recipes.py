"""How each network is quantized for boards, with what was found for it."""

from __future__ import annotations

import math
from dataclasses import replace

from wakeful.conversion.quantize import Settings
from wakeful.frozen import dataclass
from wakeful.models.variants import Precision


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one network is quantized.

    Attributes:
        equalize: strength (``wakeful.conversion.equalize``) of making channels alike beforehand; 0: not at all.
        headroom: every second calibration input is shown once more, so many times as strong, so that unusual inputs
            find room above the bounds of the usual ones.
        times_usual: calibration inputs that drive the network further than so many times its usual values are left
            out (``wakeful.conversion.typical``).
    """

    settings: Settings
    equalize: float = 0.0
    headroom: float = 1.0
    times_usual: float = math.inf


# Anchors far from any face answer with boxes of thousands of pixels and logits of minus ten thousand. Boxes of faces
# reach 106 px and key points -62 px in the calibration set; logits of -3 and 12 are scores of 0.05 and 0.99999.
BOXES = {"regressors": (-96.0, 128.0), "classificators": (-3.0, 12.0)}
PRESENCE = {"conv2d_31": (-12.0, 12.0)}
PRESENCE_OWN = {"presence": (-12.0, 12.0)}
# A logit too, and a share.
PRESENCE_V2 = {"Identity_1": (-12.0, 12.0), "Identity_2": (0.0, 1.0)}

RECIPES = {
    # With 8-bit activations the best boxes overlap with those of the float network by only 78 %. Values that hardly
    # ever occur, where no face is, would coarsen the steps of all others: a v68 was off by 54 steps of 256 with them.
    "face_detection_short_range": Recipe(
        Settings(Precision.A16W8, per_channel=True, percentile=99.99, ranges=BOXES), equalize=0.75, times_usual=10.0
    ),
    "face_landmark": Recipe(Settings(Precision.A16W8, per_channel=True, ranges=PRESENCE)),
    "iris_landmark": Recipe(Settings(Precision.A16W8, per_channel=True)),
    # Each of its hundred layers loses a little: without equalization the error of the points is a third larger.
    "face_landmarks_detector": Recipe(Settings(Precision.A16W8, per_channel=True, ranges=PRESENCE_V2), equalize=0.5),
    "expression": Recipe(Settings(Precision.A16W8, per_channel=True)),
    "face": Recipe(Settings(Precision.A16W8, per_channel=True, ranges=PRESENCE_OWN), headroom=1.3),
    "lids": Recipe(Settings(Precision.A16W8, per_channel=True), headroom=1.3),
    "mouth": Recipe(Settings(Precision.A16W8, per_channel=True), headroom=1.3),
    "identity": Recipe(Settings(Precision.A16W8, per_channel=True), headroom=1.3),
}

# The project's own networks for processors. The last matrices stay in float: places are read to a hundredth of a pixel.
# Bounds that cut off the rarest activations make the error of the points a fifth smaller than the largest ones or those
# that cut off five times as many; equalized channels change nothing.
_FOR_PROCESSORS = Settings(Precision.INT8, per_channel=True, percentile=99.9975, float_ends=True)
INT8_RECIPES = {
    # All points are made of 96 numbers. In 256 steps, these let the points of a still face jitter by 0.29 % of the eye
    # corners' distance, half as much again as without (0.20 %; 0.064 % in float).
    "face": Recipe(replace(_FOR_PROCESSORS, fine_ends=True)),
    **dict.fromkeys(("lids", "mouth", "identity"), Recipe(_FOR_PROCESSORS)),
}
