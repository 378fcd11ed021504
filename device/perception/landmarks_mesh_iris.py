"""Landmarks by the 468-point mesh for the face and the iris network for each eye."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.device.messages import ReaderTraits
from wakeful.device.perception.landmarks import LEFT_CORNERS, RIGHT_CORNERS, Eye, FaceLandmarks, require_finite, sigmoid
from wakeful.device.perception.network import Loader, load
from wakeful.device.perception.region import Region, around
from wakeful.device.stages import UNWATCHED
from wakeful.models.face.points import LEFT_EYE, RIGHT_EYE
from wakeful.sensors.frame import Frame

MESH_PX = 192
EYE_PX = 64
# An eye's region relative to the distance of its corners (MediaPipe's iris_landmark graphs).
EYE_SCALE = 2.3
CONTOUR_POINTS = 16
IRIS_POINTS = 5
SURELY_WIDER = 1.2


class MeshIrisReader:
    """Needs only networks that the package index carries."""

    traits = ReaderTraits("mesh+iris", closed_ratio=0.25, wide_mouth_aspect=0.62)
    found_presence = 0.0
    iris_drawn = 1.0
    rates_eyes = False
    reads_each_eye = True

    def __init__(self, min_presence: float = 0.5, threads: int = 1, load: Loader = load) -> None:
        self._mesh = load("face_landmark", threads)
        self._iris = load("iris_landmark", threads)
        self._min_presence = min_presence
        self.stages = UNWATCHED
        self._unread = ""

    def __call__(self, frame: Frame, region: Region, *, one_eye: bool = False) -> FaceLandmarks | None:
        image = frame.image
        raw, logit = self._mesh(region.crop(image, MESH_PX, 0.0, 1.0, brighten=True))
        presence = sigmoid(logit.item())
        if presence < self._min_presence:
            return None
        points = region.to_picture(require_finite(raw, "face_landmark").reshape(468, 3), MESH_PX)
        corners = points[:, :2]
        self.stages.done("landmarks")
        self._unread = self._far_eye(corners) if one_eye else ""
        left = right = None
        if self._unread != "left":
            left = self._eye(image, corners[LEFT_CORNERS[1]], corners[LEFT_CORNERS[0]], mirrored=True)
        if self._unread != "right":
            right = self._eye(image, corners[RIGHT_CORNERS[0]], corners[RIGHT_CORNERS[1]], mirrored=False)
        self.stages.done("iris")
        return FaceLandmarks(
            points=points,
            left=left or _of_mesh(corners, LEFT_EYE),
            right=right or _of_mesh(corners, RIGHT_EYE),
            presence=presence,
            unread=self._unread,
        )

    def close(self) -> None:
        """Nothing is held."""

    def _far_eye(self, corners: NDArray[np.float32]) -> str:
        """The eye that looks narrower because the head is turned; the same one as before while they hardly differ."""
        left, right = (
            np.linalg.norm(corners[outer] - corners[inner]) for outer, inner in (LEFT_CORNERS, RIGHT_CORNERS)
        )
        if self._unread and max(left, right) < SURELY_WIDER * min(left, right):
            return self._unread
        return "left" if left < right else "right"

    def _eye(
        self, image: NDArray[np.uint8], start: NDArray[np.float32], end: NDArray[np.float32], *, mirrored: bool
    ) -> Eye:
        """One eye. The person's left eye is mirrored: unmirrored, the network reads closed lids as half open.

        ``start`` is the corner nearer the left edge of the image.
        """
        region = around(np.stack([start, end]), start, end, EYE_SCALE, mirrored)
        contour, iris = self._iris(region.crop(image, EYE_PX, 0.0, 1.0, brighten=True))
        return Eye(
            contour=_placed(contour.reshape(-1, 3)[:CONTOUR_POINTS], region), iris=_placed(iris.reshape(-1, 3), region)
        )


def _of_mesh(corners: NDArray[np.float32], contour: NDArray[np.intp]) -> Eye:
    """An eye from the mesh alone, which has no iris: that is put in the middle."""
    points = corners[contour]
    return Eye(points, np.repeat(points.mean(axis=0, keepdims=True), IRIS_POINTS, axis=0))


def _placed(raw: NDArray[np.float32], region: Region) -> NDArray[np.float32]:
    return region.to_picture(require_finite(raw, "iris_landmark")[:, :2], EYE_PX)
