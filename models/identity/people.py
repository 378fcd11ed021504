"""Which pictures may be learned: nobody of the test, nobody of those who choose the threshold, by name.

Names of YouTube Faces are names of LFW, so that a person keeps his fold in all sets.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from wakeful.models.face.build import Targets

LABELS = "faces_labels.npz"
LFW = "lfw"
TEST_FOLDS, THRESHOLD_FOLD = (0, 1), 2


def lfw_folds(data: Path) -> dict[str, int]:
    """Fold of each person of LFW."""
    with np.load(data / LABELS) as labels:
        sources = labels["source_names"][labels["source"]]
        mine = (sources == LFW) & (labels["person"] >= 0)
        names = labels["person_names"][labels["person"][mine]]
        return dict(zip(names.tolist(), labels["fold"][mine].astype(int).tolist(), strict=True))


def splits(targets: Targets, data: Path) -> NDArray[np.str_]:
    """``train``, ``valid`` (fold 2: chooses the threshold) or ``out`` (folds 0 and 1, no points) of each picture."""
    folds = lfw_folds(data)
    fold = np.array([folds.get(str(name), -1) for name in targets.person])
    split = np.full(len(fold), "train", "<U5")
    split[(fold == THRESHOLD_FOLD) & (targets.source == LFW)] = "valid"
    split[(fold == THRESHOLD_FOLD) & (targets.source != LFW)] = "out"
    split[np.isin(fold, TEST_FOLDS) | ~np.isfinite(targets.points[:, 0, 0])] = "out"
    return split


def numbered(targets: Targets, split: NDArray[np.str_]) -> NDArray[np.intp]:
    """Number of the person of each picture to learn, -1 for those named once or never."""
    known = (split == "train") & (targets.person != "")
    names, place, count = np.unique(targets.person[known], return_inverse=True, return_counts=True)
    number = np.full(len(names), -1, np.intp)
    number[count > 1] = np.arange(int((count > 1).sum()))
    out = np.full(len(targets.person), -1, np.intp)
    out[known] = number[place]
    return out
