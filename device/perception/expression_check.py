"""Proves that the monitor reads a face as the network was trained to: labelled faces sent through the whole pipeline.

Each face, enlarged to 240 px, is put into a grey 640x480 picture; detector, landmarks, crop and network see it as they
see a camera's. What that costs against the network reading the faces themselves is the figure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.expression import ExpressionReader
from wakeful.device.perception.pipeline import Perception
from wakeful.frozen import dataclass
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

FACE_PX = 240
PICTURE = (480, 640)
BACKGROUND = 128
# Faces come from different people: far enough apart in time for the pipeline to take each for a new one.
APART_NS = 10_000_000_000


@dataclass(frozen=True, slots=True)
class PipelineCheck:
    """Accuracies are over the faces that the pipeline found.

    Attributes:
        landmarks: the reader in use.
        found: share of the faces that were found.
        own: the network on the faces themselves; pipeline: through the pipeline.
        agree: share with the same answer both ways.
    """

    landmarks: str
    faces: int
    found: float
    own: float
    pipeline: float
    agree: float


def check_pipeline(
    faces: NDArray[np.uint8], labels: NDArray[np.int64], own: NDArray[np.int64], landmarks: str = "auto"
) -> PipelineCheck:
    """Sends ``faces`` [N, 48, 48] with ``labels`` [N] through the pipeline; ``own`` [N] are answers to them as such."""
    perception = Perception(landmarks, expression=ExpressionReader())
    answers = np.array([_answer(perception, face, i) for i, face in enumerate(faces)])
    found = answers >= 0
    known = max(int(found.sum()), 1)
    return PipelineCheck(
        landmarks=perception.traits.name,
        faces=len(faces),
        found=float(found.mean()),
        own=float((own == labels)[found].sum() / known),
        pipeline=float((answers == labels)[found].sum() / known),
        agree=float((answers == own)[found].sum() / known),
    )


def picture_of(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A face [48, 48] in the middle of a grey picture [480, 640, 3]."""
    height, width = PICTURE
    picture = np.full((height, width, 3), BACKGROUND, np.uint8)
    top, left = (height - FACE_PX) // 2, (width - FACE_PX) // 2
    large = cv2.resize(face, (FACE_PX, FACE_PX), interpolation=cv2.INTER_CUBIC)
    picture[top : top + FACE_PX, left : left + FACE_PX] = large[..., np.newaxis]
    return picture


def _answer(perception: Perception, face: NDArray[np.uint8], number: int) -> int:
    """Class of the face, -1 where none is found. An empty picture before it makes the pipeline forget the last one."""
    t_ns = number * APART_NS
    perception.observe(Frame(np.full((*PICTURE, 3), BACKGROUND, np.uint8), t_ns, 2 * number))
    seen = perception.observe(Frame(picture_of(face), t_ns + APART_NS // 2, 2 * number + 1))
    return -1 if seen.expression is None else int(np.argmax(seen.expression))
