"""Finds test faces that are also in the training split: FER2013 holds many pictures twice, cut a little differently."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.models.dataset.copies import directions

SAME = 0.98
BLOCK = 2048


def near_copies(tested: NDArray[np.uint8], trained: NDArray[np.uint8], same: float = SAME) -> NDArray[np.bool_]:
    """Which of ``tested`` [N, 48, 48] have a normalised cross-correlation of ``same`` or more with one of ``trained``.

    The correlation is that of whole pictures at the same place: the cosine between pictures whose mean is taken off.
    """
    mine = directions(tested)
    found = np.zeros(len(tested), bool)
    for start in range(0, len(trained), BLOCK):
        others = directions(trained[start : start + BLOCK])
        found |= (mine @ others.T).max(axis=1) >= same
    return found
