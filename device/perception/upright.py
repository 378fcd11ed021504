"""Which way up the camera is, from the face, and the face as the upright picture would have it.

Angles of head and gaze mean nothing in a picture on its side: a nod would be a shake of the head. So points are turned
upright before anything is measured; pixels are not, since the networks cut their crops along the face anyway.
"""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.landmarks import Eye, FaceLandmarks
from wakeful.sensors.mounting import Cut

log = logging.getLogger("wakeful.perception")

LEANS_DEG = 60.0
"""A head that is further from upright is not leaning, the picture is turned: necks bend aside by 45 degrees (Swartz,
Floyd & Cendoma, J Athl Train 40, 2005), and eyes are drawn level within a few."""
TURNS_AFTER_NS = 1_000_000_000
"""A camera does not turn while somebody watches through it, so a turn has to last."""
REPORTED_AFTER_NS = 2_000_000_000

Points = NDArray[np.float32]


class CameraTurn:
    """Follows how the picture is turned: by how many quarters clockwise a face's crown points away from up."""

    def __init__(self) -> None:
        self._quarter: int | None = None
        self._agreed_ns = self._since_ns = 0
        self._reported = 0

    def see(self, t_ns: int, angle_rad: float) -> int:
        """Quarters, 0 to 3, with one more frame.

        Args:
            angle_rad: of the line from the right to the left eye, clockwise from level.
        """
        nearest = round(angle_rad / (math.pi / 2.0)) % 4
        if self._quarter is None:
            # The first face decides at once, and everything before it was seen upright.
            self._begin(t_ns, nearest if _leans_too_far(angle_rad, 0) else 0)
        elif not _leans_too_far(angle_rad, self._quarter) or t_ns < self._agreed_ns:
            self._agreed_ns = t_ns
        elif t_ns - self._agreed_ns >= TURNS_AFTER_NS:
            self._begin(t_ns, nearest)
        quarter = self._quarter or 0
        if quarter not in (0, self._reported) and t_ns - self._since_ns >= REPORTED_AFTER_NS:
            self._reported = quarter
            log.warning("the picture is turned: rotate it by %d degrees ([source] rotate)", rotate_deg(quarter))
        return quarter

    def _begin(self, t_ns: int, quarter: int) -> None:
        self._quarter, self._agreed_ns, self._since_ns = quarter, t_ns, t_ns


def rotate_deg(quarter: int) -> int:
    """By how many degrees the picture has to be turned clockwise."""
    return -90 * quarter % 360


def upright(face: FaceLandmarks, quarter: int, width: int, height: int) -> FaceLandmarks:
    """The face in the picture turned upright; ``width`` and ``height`` are those of the picture as it is."""
    if quarter == 0:
        return face
    return replace(
        face,
        points=_turned(face.points, quarter, width, height),
        left=_turned_eye(face.left, quarter, width, height),
        right=_turned_eye(face.right, quarter, width, height),
    )


def in_whole_picture(face: FaceLandmarks, cut: Cut | None) -> FaceLandmarks:
    """The face in the picture that the frame was cut from."""
    if cut is None:
        return face
    corner = np.array((cut.left_px, cut.top_px, 0.0), np.float32)

    def moved(points: Points) -> Points:
        return points + corner[: points.shape[1]]

    left, right = (replace(eye, contour=moved(eye.contour), iris=moved(eye.iris)) for eye in (face.left, face.right))
    return replace(face, points=moved(face.points), left=left, right=right)


def in_picture(direction: NDArray[np.float64], quarter: int) -> NDArray[np.float64]:
    """A direction [2] of the upright picture (x right, y down) in the picture as it is."""
    x, y = direction
    return np.array(((x, y), (-y, x), (-x, -y), (y, -x))[quarter])


def _turned_eye(eye: Eye, quarter: int, width: int, height: int) -> Eye:
    contour, iris = (_turned(points, quarter, width, height) for points in (eye.contour, eye.iris))
    return replace(eye, contour=contour, iris=iris)


def _turned(points: Points, quarter: int, width: int, height: int) -> Points:
    """Points [N, >=2] of the picture, in that picture turned anticlockwise by ``quarter`` times 90 degrees."""
    x, y = points[:, 0], points[:, 1]
    right, below = width - 1.0 - x, height - 1.0 - y
    turned = points.copy()
    turned[:, 0], turned[:, 1] = ((x, y), (y, right), (right, below), (below, x))[quarter]
    return turned


def _leans_too_far(angle_rad: float, quarter: int) -> bool:
    return math.cos(angle_rad - quarter * math.pi / 2.0) < math.cos(math.radians(LEANS_DEG))
