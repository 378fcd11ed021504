"""Landmarks by Google's face_landmarks_detector: 478 points with both irises in one run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.device.messages import ReaderTraits
from wakeful.device.perception.landmarks import Eye, FaceLandmarks, require_finite, sigmoid
from wakeful.device.perception.network import Loader, load
from wakeful.device.perception.region import Region
from wakeful.device.stages import UNWATCHED
from wakeful.models.face.points import LEFT_EYE, RIGHT_EYE
from wakeful.sensors.frame import Frame

INPUT_PX = 256
RIGHT_IRIS = slice(468, 473)
LEFT_IRIS = slice(473, 478)


class V2Reader:
    """The best reader of eyelids; its file is on no package index (``wakeful models list`` says how to get it)."""

    traits = ReaderTraits("v2", closed_ratio=0.05, wide_mouth_aspect=0.7)
    # Against the iris network, whose distances are published as right within 10 %, over four clips of real people.
    found_presence = 0.0
    iris_drawn = 1.07
    rates_eyes = False
    reads_each_eye = False

    def __init__(self, min_presence: float = 0.5, threads: int = 1, load: Loader = load) -> None:
        self._network = load("face_landmarks_detector", threads)
        self._min_presence = min_presence
        self.stages = UNWATCHED

    def __call__(self, frame: Frame, region: Region, *, one_eye: bool = False) -> FaceLandmarks | None:
        raw, logit, _ = self._network(region.crop(frame.image, INPUT_PX, 0.0, 1.0, brighten=True))
        presence = sigmoid(logit.item())
        if presence < self._min_presence:
            return None
        points = region.to_picture(require_finite(raw, "face_landmarks_detector").reshape(478, 3), INPUT_PX)
        return face_of(points, presence)

    def close(self) -> None:
        """Nothing is held."""


def face_of(points: NDArray[np.float32], presence: float) -> FaceLandmarks:
    """A face from the 478 points of this network, in pixels of the image."""
    return FaceLandmarks(
        points=points[:468],
        left=Eye(points[LEFT_EYE, :2], points[LEFT_IRIS, :2]),
        right=Eye(points[RIGHT_EYE, :2], points[RIGHT_IRIS, :2]),
        presence=presence,
    )
