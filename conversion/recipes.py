"""How each network is quantized for boards, with what was found for it."""

from __future__ import annotations

from dataclasses import dataclass

from conversion.quantize import Settings
from models.variants import Precision


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one network is quantized.

    Attributes:
        equalize: strength (``conversion.equalize``) of making channels alike beforehand; 0: not at all.
        ships: its QDQ file goes with wakeful.
    """

    settings: Settings
    equalize: float = 0.0
    ships: bool = True


# Anchors far from any face answer with boxes of thousands of pixels and logits of minus ten thousand. Boxes of faces
# reach 106 px and key points -62 px in the calibration set; logits of -3 and 12 are scores of 0.05 and 0.99999.
BOXES = {"regressors": (-96.0, 128.0), "classificators": (-3.0, 12.0)}
PRESENCE = {"conv2d_31": (-12.0, 12.0)}

RECIPES = {
    # With 8-bit activations the best boxes overlap with those of the float network by only 78 %. Values that hardly
    # ever occur, where no face is, would coarsen the steps of all others: without them a v68 is off by a third as much.
    "face_detection_short_range": Recipe(
        Settings(Precision.A16W8, per_channel=True, percentile=99.99, ranges=BOXES), equalize=0.75
    ),
    # One scale for each channel halves the error of the points.
    "face_landmark": Recipe(Settings(Precision.A16W8, per_channel=True, ranges=PRESENCE)),
    "iris_landmark": Recipe(Settings(Precision.A16W8, per_channel=True)),
    # Compiles wholly, but its points are a pixel away: weights of 8 bits are too few, so that it is not shipped.
    "face_landmarks_detector": Recipe(Settings(Precision.A16W8, per_channel=True), equalize=0.5, ships=False),
    "expression": Recipe(Settings(Precision.A16W8, per_channel=True)),
}
