"""Finds test faces that are also in the training split: FER2013 holds many pictures twice, cut a little differently."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAME = 0.98
BLOCK = 2048


def near_copies(tested: NDArray[np.uint8], trained: NDArray[np.uint8], same: float = SAME) -> NDArray[np.bool_]:
    """Which of ``tested`` [N, 48, 48] have a normalised cross-correlation of ``same`` or more with one of ``trained``.

    The correlation is that of whole pictures at the same place: the cosine between pictures whose mean is taken off.
    """
    mine = _directions(tested)
    found = np.zeros(len(tested), bool)
    for start in range(0, len(trained), BLOCK):
        others = _directions(trained[start : start + BLOCK])
        found |= (mine @ others.T).max(axis=1) >= same
    return found


def _directions(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Each face as a vector of length 1 whose mean is 0; a blank face is all zeros and resembles none."""
    flat = faces.reshape(len(faces), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(length, 1e-6), np.float32)
