"""Pictures of a set of cut faces that show no face to the monitor's own network: profiles, hands, drawings, scenes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.grey_crop import standardised
from wakeful.device.perception.landmarks_wakeful import FACE_PX, FACE_SCALE, LEAST_SPREAD
from wakeful.device.perception.network import load
from wakeful.sensors.opencv import cv2

FACES = 2.0
"""Middle logit of presence from which a set is one of faces: eyes have -7, faces cut as in FER2013 and ORL 6."""
NO_FACE = -3.0
"""Logit below which a picture shows no face: 17 in 1,000 of FER2013, most of them turned, covered or cut askew, and
130 of 150 scenes. AUC of scenes against faces 0.99."""


def without_face(small: NDArray[np.uint8], readable: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Pictures without a face, the surest first; none where the set is not one of faces that fill their pictures."""
    shown = np.flatnonzero(readable)
    if not len(shown):
        return shown
    logits = presence(small[shown])
    if np.median(logits) < FACES:
        return shown[:0]
    order = np.argsort(logits, kind="stable")
    return shown[order[: int((logits < NO_FACE).sum())]]


def presence(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The network's logit that a face fills each of these grey pictures [N, side, side]."""
    network = load("face")
    edge = round(small.shape[1] * (FACE_SCALE - 1.0) / 2.0)
    found = np.empty(len(small), np.float32)
    for i, one in enumerate(small):
        wide = cv2.copyMakeBorder(one, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
        crop = np.asarray(cv2.resize(wide, (FACE_PX, FACE_PX), interpolation=cv2.INTER_CUBIC), np.uint8)
        found[i] = network(standardised(crop, LEAST_SPREAD)[np.newaxis])[1].item()
    return found
