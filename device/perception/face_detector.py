"""BlazeFace, short range: where faces are in the whole picture.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019. The network gives 896
anchors on two grids; overlapping answers are averaged by their scores instead of keeping the best alone, which makes
the boxes steadier (section 4 of the paper).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.network import Loader, load
from wakeful.device.perception.region import Region, around, whole
from wakeful.frozen import dataclass

NETWORK = "face_detection_short_range"
Box = tuple[float, float, float, float]

INPUT_PX = 128
# (cells a side, anchors a cell) of the two output grids of the short-range network.
GRIDS = ((16, 2), (8, 6))
SAME_FACE_IOU = 0.3
# The box to look at with the landmark networks, relative to the detected one (MediaPipe's face_landmark_front graph).
FACE_REGION_SCALE = 1.5


@dataclass(frozen=True, slots=True)
class Detection:
    """A found face, in picture pixels.

    Attributes:
        box: x0, y0, x1, y1.
        keypoints: float32 [6, 2]: right eye, left eye, nose, mouth, right ear, left ear (of the person).
    """

    box: Box
    keypoints: NDArray[np.float32]
    score: float

    @property
    def size_px(self) -> float:
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])

    @property
    def centre(self) -> tuple[float, float]:
        return (self.box[0] + self.box[2]) / 2.0, (self.box[1] + self.box[3]) / 2.0

    def region(self) -> Region:
        """Where the landmark networks shall look."""
        right, left = self.keypoints[0], self.keypoints[1]
        angle = around(self.keypoints, right, left, 1.0).angle_rad
        return Region(*self.centre, self.size_px * FACE_REGION_SCALE, angle)


class FaceDetector:
    """Finds all faces of a picture. Suits faces wider than about a tenth of the picture (short range)."""

    def __init__(self, min_score: float = 0.5, threads: int = 1, load: Loader = load) -> None:
        self._network = load(NETWORK, threads)
        self._anchors = anchor_centres()
        self._min_logit = float(np.log(min_score / (1.0 - min_score)))

    def __call__(self, image: NDArray[np.uint8], quarter: int = 0, part: Region | None = None) -> list[Detection]:
        """Faces of ``image`` (uint8 [H, W, 3] blue-green-red), best score first.

        Args:
            quarter: faces are looked for whose crown points up (0), to the right (1), down (2) or to the left (3).
            part: look only there, where smaller faces are found than in the whole image.
        """
        region = whole(image, quarter) if part is None else replace(part, angle_rad=quarter * math.pi / 2.0)
        boxes, logits = self._network(region.crop(image, INPUT_PX, -1.0, 1.0))
        found = logits[0, :, 0] > self._min_logit
        if not found.any():
            return []
        scores = 1.0 / (1.0 + np.exp(-logits[0, found, 0].clip(-100.0, 100.0)))
        points = decode(boxes[0, found], self._anchors[found])
        faces = [merge(points[group], scores[group]) for group in group_overlapping(points, scores)]
        return [_to_detection(face, score, region) for face, score in faces]


def anchor_centres() -> NDArray[np.float32]:
    """Anchor centres float32 [896, 2] as fractions of the input; all anchors of this network have size 1."""
    grids = []
    for cells, anchors in GRIDS:
        middle = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        x, y = np.meshgrid(middle, middle)
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), anchors, axis=0))
    return np.concatenate(grids)


def decode(raw: NDArray[np.float32], anchors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Regressor output to points.

    Args:
        raw: float32 [N, 16]: box centre, box size, six keypoints, in input pixels relative to the anchor.
        anchors: float32 [N, 2], fractions.

    Returns:
        float32 [N, 8, 2] as fractions of the input: two box corners, then the six keypoints.
    """
    points = raw.reshape(-1, 8, 2) / INPUT_PX
    centre = points[:, 0] + anchors
    half = points[:, 1] / 2.0
    corners = np.stack([centre - half, centre + half], axis=1)
    return np.concatenate([corners, points[:, 2:] + anchors[:, np.newaxis]], axis=1)


def group_overlapping(points: NDArray[np.float32], scores: NDArray[np.float32]) -> list[NDArray[np.intp]]:
    """Index groups of answers that mean the same face, best face first. One pass a face, not an anchor."""
    groups = []
    left = np.argsort(-scores)
    while left.size:
        same = box_iou(points[left[0], :2], points[left, :2]) > SAME_FACE_IOU
        same[0] = True  # a degenerate box overlaps nothing, not even itself
        groups.append(left[same])
        left = left[~same]
    return groups


def box_iou(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of one box [2, 2] (corners) with N others [N, 2, 2]."""
    overlap = np.minimum(box[1], others[:, 1]) - np.maximum(box[0], others[:, 0])
    shared = overlap.clip(0.0).prod(axis=1)
    area = (others[:, 1] - others[:, 0]).clip(0.0).prod(axis=1)
    own = (box[1] - box[0]).clip(0.0).prod()
    iou: NDArray[np.float32] = shared / np.maximum(own + area - shared, 1e-9)
    return iou


def overlap(box: Box, other: Box) -> float:
    """``box_iou`` of two boxes x0, y0, x1, y1."""
    one, two = (np.array(each, np.float32).reshape(2, 2) for each in (box, other))
    return float(box_iou(one, two[np.newaxis])[0])


def merge(points: NDArray[np.float32], scores: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """The score-weighted mean of one group and its best score."""
    weights = scores / scores.sum()
    return np.tensordot(weights, points, axes=1), float(scores.max())


def _to_detection(points: NDArray[np.float32], score: float, region: Region) -> Detection:
    placed = region.to_picture(points * INPUT_PX, INPUT_PX)
    (x0, y0), (x1, y1) = placed[:2].min(axis=0).tolist(), placed[:2].max(axis=0).tolist()
    return Detection((x0, y0, x1, y1), placed[2:], score)
