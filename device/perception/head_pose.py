"""Which way the head points: yaw, pitch and roll in degrees from landmarks and a canonical face.

The camera is a pinhole whose focal length is given or guessed (as long as the picture is wide: about 53 degrees
across). Angles are of the head against the camera's axes, in the driver's own terms (see ``wakeful.device.messages``).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2

# Mesh point: place in the canonical face, cm; x to the person's left, y up, z out of the face. From MediaPipe's
# canonical face model (Apache-2.0). Points of the upper face and nose alone: the jaw moves when a driver yawns.
CANONICAL_POINTS = {
    4: (0.0, -0.463, 7.587),
    6: (0.0, 2.473, 5.789),
    10: (0.0, 8.262, 4.482),
    33: (-4.446, 2.664, 3.173),
    263: (4.446, 2.664, 3.173),
    54: (-6.279, 6.615, 1.426),
    284: (6.279, 6.615, 1.426),
    67: (-3.524, 8.006, 3.729),
    297: (3.524, 8.006, 3.729),
    117: (-5.259, 0.946, 2.974),
    346: (5.259, 0.946, 2.974),
    119: (-3.301, 0.862, 3.873),
    348: (3.301, 0.862, 3.873),
    121: (-1.821, 1.468, 4.224),
    350: (1.821, 1.468, 4.224),
    127: (-7.743, 2.365, -2.005),
    356: (7.743, 2.365, -2.005),
    129: (-1.786, -0.978, 4.850),
    358: (1.786, -0.978, 4.850),
    133: (-1.856, 2.585, 3.758),
    362: (1.856, 2.585, 3.758),
    143: (-6.408, 2.236, 1.561),
    372: (6.408, 2.236, 1.561),
    198: (-1.247, 0.230, 5.681),
    420: (1.247, 0.230, 5.681),
}
INDICES = np.array(list(CANONICAL_POINTS))
# OpenCV's axes: x right, y down, z away from the camera; so turned, the canonical face looks at the camera.
_MODEL = np.array(list(CANONICAL_POINTS.values()), dtype=np.float64) * (1.0, -1.0, -1.0)
_MODEL_CENTRE = _MODEL.mean(axis=0)
_MODEL_SPREAD = _MODEL - _MODEL_CENTRE
_EVENLY = np.full(len(INDICES), 1.0 / len(INDICES))
_MODEL_SQUARES = float((_MODEL_SPREAD**2).sum())


@dataclass(frozen=True, slots=True)
class HeadPose:
    """The head in the camera's frame.

    Attributes:
        yaw_deg: positive to the person's left. pitch_deg: positive up. roll_deg: positive to the right shoulder.
        distance_cm: from the camera, if the head has the canonical size and the focal length is right.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    distance_cm: float


def head_pose(points: NDArray[np.float32], width_px: int, height_px: int, focal_px: float | None) -> HeadPose | None:
    """Head pose from mesh points: the rotation and scale that lay the canonical face onto them with the least squares.

    The depth that the networks give is used. Without it (perspective-n-point) a face seen from above is nearly a flat
    one to the fit, and half of a head's sinking was lost.

    Args:
        points: float32 [468, 3], picture pixels and depth in the same unit, smaller is nearer.
        width_px, height_px: size of the picture; its middle is taken for the optical axis.
        focal_px: focal length; None guesses the longer side of the picture.

    Returns:
        None where no pose fits (points in one place, behind the camera).
    """
    focal = focal_px or float(max(width_px, height_px))
    placed = points.take(INDICES, axis=0).astype(np.float64)
    # A face whose pixels are its unit of length is as far away as the focal length in pixels.
    depth = placed[:, 2]
    depth += focal - _EVENLY @ depth
    placed -= (width_px / 2.0, height_px / 2.0, 0.0)
    placed[:, :2] *= (depth / focal)[:, np.newaxis]
    # The model's spread has no mean, so that of the points drops out of the product.
    centre, spread = _EVENLY @ placed, placed.T @ _MODEL_SPREAD
    if not math.isfinite(np.vdot(spread, spread)) or depth.min() <= 0.0:
        return None
    # Kabsch's rotation (Acta Cryst. A 32, 1976) with Umeyama's scale (IEEE PAMI 13, 1991).
    strengths, left, right = cv2.SVDecomp(spread)
    first, second, third = strengths[:, 0].tolist()
    if second <= 1e-6 * max(first, 1.0):
        return None
    rotation = left @ right
    if _determinant(rotation.tolist()) < 0.0:
        left[:, 2], third = -left[:, 2], -third
        rotation = left @ right
    px_per_cm = (first + second + third) / _MODEL_SQUARES
    if px_per_cm <= 0.0:
        return None
    shift_cm = centre / px_per_cm - rotation @ _MODEL_CENTRE
    return HeadPose(*angles_deg(rotation), distance_cm=math.hypot(*shift_cm.tolist()))


def _determinant(rows: list[list[float]]) -> float:
    (a, b, c), (d, e, f), (g, h, i) = rows
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def bearing_deg(x_px: float, y_px: float, width_px: int, height_px: int, focal_px: float) -> tuple[float, float]:
    """The way from a point of the picture to the camera: yaw and pitch, degrees, signs as for the head.

    A face in the middle of the picture has (0, 0): who looks straight ahead there looks into the camera.
    """
    x, y = (x_px - width_px / 2.0) / focal_px, (y_px - height_px / 2.0) / focal_px
    return math.degrees(math.atan2(-x, 1.0)), math.degrees(math.atan2(y, math.hypot(x, 1.0)))


def angles_deg(rotation: NDArray[np.float64]) -> tuple[float, float, float]:
    """Yaw, pitch and roll of a rotation matrix [3, 3] in OpenCV's axes, identity being a face that looks at the camera.

    The head is rolled first, then pitched, then yawed: yaw and pitch are the direction of the nose, whatever the roll.
    """
    # The nose points along -z of the face, the crown along -y.
    (_, crown_x, nose_x), (_, crown_y, nose_y), (_, crown_z, nose_z) = (-rotation).tolist()
    yaw = math.atan2(nose_x, -nose_z)
    pitch = math.atan2(-nose_y, math.hypot(nose_x, nose_z))
    # The crown of an unrolled head with this yaw and pitch, and the direction to its right shoulder.
    level_x, level_y, level_z = -math.sin(yaw) * math.sin(pitch), -math.cos(pitch), math.cos(yaw) * math.sin(pitch)
    to_right = -crown_x * math.cos(yaw) - crown_z * math.sin(yaw)
    roll = math.atan2(to_right, crown_x * level_x + crown_y * level_y + crown_z * level_z)
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)
