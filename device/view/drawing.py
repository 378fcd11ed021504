"""Draws what perception saw onto a picture: the seat, landmarks, lids, irises, the axes of the head and the gaze."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.head_pose import HeadPose
from wakeful.device.perception.landmarks import Eye
from wakeful.device.perception.pipeline import Sighting
from wakeful.device.perception.seat import Box
from wakeful.device.perception.upright import in_picture
from wakeful.sensors.opencv import cv2

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

# Blue-green-red, as on the page: a quiet accent for what is measured, a warm one for where the person looks.
MESH: Colour = (214, 196, 120)
LIDS: Colour = (255, 255, 255)
IRIS: Colour = (120, 235, 255)
LEFTWARDS: Colour = (110, 110, 255)
UPWARDS: Colour = (143, 216, 123)
FORWARDS: Colour = (255, 182, 108)
GAZE: Colour = (102, 209, 255)

SEAT: Colour = (190, 190, 190)
SEAT_CORNER = 0.15
"""Length of the corners of the seat, as a share of its shorter side."""

NOSE_TIP = 1
AXES_REACH = 0.42
GAZE_REACH = 0.8
"""Lengths of the axes and of the gaze, in widths of the face."""
# A contour's corners and lids, in the order in which they make one closed line (see ``Eye``).
OUTLINE = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 14, 13, 12, 11, 10, 9])
# Sub-pixel places for OpenCV's lines: 3 bits behind the point.
SHIFT = 3


def draw(picture: Picture, sighting: Sighting, scale: float = 1.0) -> None:
    """Draws ``sighting`` into ``picture`` (uint8 [height, width, 3], blue-green-red), which is changed.

    Args:
        scale: size of ``picture`` over that of the picture which perception saw.
    """
    if sighting.seat is not None:
        _draw_seat(picture, sighting.seat, scale)
    face = sighting.landmarks
    if face is None:
        return
    _draw_mesh(picture, face.points[:, :2] * scale)
    # As in the picture turned upright, whichever way the head lies in this one.
    width_px = float(np.ptp(face.points[:, sighting.quarter % 2])) * scale
    eyes = (face.left, face.right)
    for eye in eyes:
        _draw_eye(picture, eye, scale)
    if sighting.pose is not None:
        start = face.points[NOSE_TIP, :2] * scale
        for toward, colour in zip(axes(sighting.pose), (LEFTWARDS, UPWARDS, FORWARDS), strict=True):
            end = start + in_picture(toward, sighting.quarter) * AXES_REACH * width_px
            _line(picture, start, end, colour, 2)
    seen = sighting.observation
    if seen.gaze_yaw_deg is not None and seen.gaze_pitch_deg is not None:
        gaze = in_picture(_direction(seen.gaze_yaw_deg, seen.gaze_pitch_deg), sighting.quarter)
        for eye in eyes:
            _line(picture, eye.iris[0] * scale, eye.iris[0] * scale + gaze * GAZE_REACH * width_px, GAZE, 2)


def axes(pose: HeadPose) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The head's own left, up and forward, each [2] in the picture (x right, y down), of length 1 before projection.

    The reverse of ``wakeful.device.perception.head_pose.angles_deg``, seen along the camera's axis.
    """
    yaw, pitch, roll = (math.radians(angle) for angle in (pose.yaw_deg, pose.pitch_deg, pose.roll_deg))
    level = np.array([-math.sin(yaw) * math.sin(pitch), -math.cos(pitch)])
    right = np.array([-math.cos(yaw), 0.0])
    up = math.cos(roll) * level + math.sin(roll) * right
    left = math.sin(roll) * level - math.cos(roll) * right
    return left, up, _direction(pose.yaw_deg, pose.pitch_deg)


def _direction(yaw_deg: float, pitch_deg: float) -> NDArray[np.float64]:
    yaw, pitch = math.radians(yaw_deg), math.radians(pitch_deg)
    return np.array([math.sin(yaw) * math.cos(pitch), -math.sin(pitch)])


def _draw_mesh(picture: Picture, points: NDArray[np.float32]) -> None:
    """A dot of 2x2 pixels for each landmark, in one indexed write: circles would cost a millisecond."""
    height, width = picture.shape[:2]
    corner = np.floor(points).astype(np.int32)
    inside = (corner >= 0).all(axis=1) & (corner[:, 0] < width - 1) & (corner[:, 1] < height - 1)
    x, y = corner[inside].T
    x = (x[:, None] + (0, 1, 0, 1)).ravel()
    y = (y[:, None] + (0, 0, 1, 1)).ravel()
    picture[y, x] = MESH


def _draw_seat(picture: Picture, seat: Box, scale: float) -> None:
    """Corners around where the centre of the driver's face is expected: a whole frame would look like a found face."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = np.clip(np.array(seat) * scale, 1, [width - 2, height - 2] * 2).tolist()
    long = SEAT_CORNER * min(x1 - x0, y1 - y0)
    for x, inwards_x in ((x0, long), (x1, -long)):
        for y, inwards_y in ((y0, long), (y1, -long)):
            ends = np.array([(x + inwards_x, y), (x, y), (x, y + inwards_y)])
            cv2.polylines(picture, [_fixed_point(ends)], False, SEAT, 1, cv2.LINE_AA, SHIFT)
    at = (round(x0) + 4, round(y1) - 6)
    cv2.putText(picture, "seat", at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, SEAT, 1, cv2.LINE_AA)


def _draw_eye(picture: Picture, eye: Eye, scale: float) -> None:
    outline = _fixed_point(eye.contour[OUTLINE] * scale)
    cv2.polylines(picture, [outline], True, LIDS, 1, cv2.LINE_AA, SHIFT)
    radius = float(np.linalg.norm(eye.iris[1:] - eye.iris[0], axis=1).mean()) * scale
    x, y = _fixed_point(eye.iris[0] * scale)
    cv2.circle(picture, (int(x), int(y)), round(radius * (1 << SHIFT)), IRIS, 1, cv2.LINE_AA, SHIFT)


def _line(picture: Picture, start: NDArray[np.floating], end: NDArray[np.floating], colour: Colour, px: int) -> None:
    (x0, y0), (x1, y1) = _fixed_point(start), _fixed_point(end)
    cv2.line(picture, (int(x0), int(y0)), (int(x1), int(y1)), colour, px, cv2.LINE_AA, SHIFT)


def _fixed_point(points: NDArray[np.floating]) -> NDArray[np.int32]:
    # Landmarks of a face half out of the picture may lie far away; OpenCV's lines hold 16 bits before the point.
    whole: NDArray[np.int32] = np.clip(points * (1 << SHIFT), -200_000, 200_000).round().astype(np.int32)
    return whole
