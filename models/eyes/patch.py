"""What the eye visibility network takes: a grey patch with the eye in its middle, in the patch's own contrast."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE_PX = 48
"""Side of the patch; the eye is half as wide."""
MIN_SPREAD = 4.0
"""Grey levels; a patch with a smaller standard deviation is not stretched any further."""


def standardise(patch: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey levels [SIZE_PX, SIZE_PX] as the network takes them: float32 [1, 1, SIZE_PX, SIZE_PX]."""
    levels: NDArray[Any] = patch.astype(np.float32)
    levels -= levels.mean()
    levels /= max(float(levels.std()), MIN_SPREAD)
    return levels[np.newaxis, np.newaxis]
