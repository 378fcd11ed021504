"""What the expression networks take and give; shared by training and by the monitor, so that both mean the same.

A face is 48x48 grey levels, as in FER2013. Networks see it standardised: its own mean becomes 0 and its own spread 1,
so that neither exposure nor contrast of a camera matters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIZE_PX = 48
FERPLUS_CLASSES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
FER2013_CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
# A face with less contrast than this, in grey levels, is not stretched further: it would be noise.
MIN_SPREAD = 8.0


def standardise(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Network input [N, 1, 48, 48] float32 from grey faces [N, 48, 48] uint8."""
    levels = faces.astype(np.float32)
    mean = levels.mean(axis=(1, 2), keepdims=True)
    spread = np.maximum(levels.std(axis=(1, 2), keepdims=True), MIN_SPREAD)
    return np.asarray((levels - mean) / spread, np.float32)[:, None]
