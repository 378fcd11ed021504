"""How far apart the lids are in millimetres, and how sure that is: a measure of eyes that needs nobody to be learned.

A picture has no scale; two things in a face have nearly the same size in everybody. The iris measures 11.71 mm across,
with a standard deviation of 0.42 mm between people (Ruefer, Schroeder & Erb, Cornea 24, 2005). The skull as a whole
varies by about 5 % (bizygomatic breadth 138 mm, standard deviation 7 mm: NIOSH head-and-face survey, Zhuang &
Bradtmiller 2005), and it is seen with shut eyes too.
"""

from __future__ import annotations

import math

from wakeful.device.perception.head_pose import HeadPose
from wakeful.device.perception.landmarks import Eye
from wakeful.frozen import dataclass

IRIS_MM, IRIS_SHARE = 11.71, 0.42 / 11.71
FACE_SHARE = 0.05
IRIS_READ_SHARE = 0.05
"""Error with which readers measure the iris's diameter, as a share of it."""


@dataclass(frozen=True, slots=True)
class LidGap:
    """Mean distance of the lids in the middle of the eyes, and its standard deviation, mm."""

    mm: float
    sd_mm: float


def lid_gap(eyes: list[Eye], pose: HeadPose, focal_px: float, iris_px: float | None) -> LidGap | None:
    """The gap of the eyes given, mean over them.

    Args:
        eyes: those that can be read; only readers that say how sure they are of lids (``Eye.spread``) count.
        pose: of the head; its distance gives the scale of the skull.
        focal_px: focal length.
        iris_px: diameter of the iris as if it looked into the camera; None where no eye is open.

    Returns:
        None without such an eye.
    """
    seen = [(eye.aspect, eye.spread, math.hypot(*eye.along)) for eye in eyes if eye.aspect is not None]
    known = [(aspect * width, spread * width) for aspect, spread, width in seen if spread is not None]
    if not known:
        return None
    mm_per_px, share = _scale(pose, focal_px, iris_px)
    gap_mm = sum(gap for gap, _ in known) / len(known) * mm_per_px
    # The error of one lid point; a gap is the mean of differences of two, whose errors go together within a lid.
    off_mm = math.sqrt(2.0 * sum(spread**2 for _, spread in known)) / len(known) * mm_per_px
    return LidGap(gap_mm, math.hypot(off_mm, share * gap_mm))


def _scale(pose: HeadPose, focal_px: float, iris_px: float | None) -> tuple[float, float]:
    """Millimetres a pixel at the eyes, and its standard deviation as a share: skull and iris, by their certainty."""
    by_face = 10.0 * pose.distance_cm / focal_px
    if not iris_px:
        return by_face, FACE_SHARE
    by_iris, iris_share = IRIS_MM / iris_px, math.hypot(IRIS_SHARE, IRIS_READ_SHARE)
    face_weight, iris_weight = FACE_SHARE**-2, iris_share**-2
    both = (face_weight * by_face + iris_weight * by_iris) / (face_weight + iris_weight)
    return both, (face_weight + iris_weight) ** -0.5
