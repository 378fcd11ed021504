"""Landmarks in a log: whole numbers of 16 bits, all high bytes before all low ones, so that zstd finds what repeats.

numpy is imported when there are points: most logs hold none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wakeful.device.landmarks import CONTOUR_POINTS, IRIS_POINTS, MESH_POINTS, EyeLandmarks, Landmarks
from wakeful.device.record.checks import InvalidMessage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEP_PX = 1 / 8
LARGE_IMAGE_PX = 3200
"""In larger images the step grows with the longer side: points beyond their edges fit too."""
_EYE = 2 * (CONTOUR_POINTS + IRIS_POINTS)
COUNT = 3 * MESH_POINTS + 2 * _EYE


def step_px(landmarks: Landmarks) -> float:
    """Pixels per step of the packed points."""
    return STEP_PX * max(1.0, max(landmarks.width, landmarks.height) / LARGE_IMAGE_PX)


def flat(landmarks: Landmarks) -> NDArray[np.float32]:
    """All coordinates in one row: the mesh, then contour and iris of the left and of the right eye."""
    import numpy as np

    left, right = landmarks.left_eye, landmarks.right_eye
    parts = (landmarks.points, left.contour, left.iris, right.contour, right.iris)
    return np.concatenate([part.ravel() for part in parts])


def pack(landmarks: Landmarks) -> bytes:
    """The points, to within half a step."""
    import numpy as np

    steps = np.round(np.nan_to_num(flat(landmarks)) / step_px(landmarks)).clip(-(1 << 15), (1 << 15) - 1)
    return steps.astype(">i2").view(np.uint8).reshape(-1, 2).T.tobytes()


def unpack(data: bytes, step: float, width: int, height: int) -> Landmarks:
    """What ``pack`` packed.

    Raises:
        InvalidMessage: these are not the points of a face.
    """
    import numpy as np

    if len(data) != 2 * COUNT or not 0.0 < step < 1e3:
        raise InvalidMessage("the points are not those of a face")
    steps = np.frombuffer(data, np.uint8).reshape(2, -1).T.copy().view(">i2").ravel()
    mesh, left, right = np.split(steps.astype(np.float32) * np.float32(step), [3 * MESH_POINTS, 3 * MESH_POINTS + _EYE])
    return Landmarks(mesh.reshape(-1, 3), _eye(left), _eye(right), width, height)


def _eye(row: NDArray[np.float32]) -> EyeLandmarks:
    points = row.reshape(-1, 2)
    return EyeLandmarks(points[:CONTOUR_POINTS], points[CONTOUR_POINTS:])
