"""How a camera may look at the same face: nearer, farther, tilted, mirrored, with other proportions.

Effects as in ``tools.light_rig.effects``. They move the face, so they stand last in a chain.
"""

from __future__ import annotations

import numpy as np

from tools.light_rig.effects import Effect, Picture, Shot
from wakeful.sensors.opencv import cv2


def mirror(picture: Picture, shot: Shot, value: float) -> Picture:
    """Left and right exchanged."""
    return np.asarray(cv2.flip(picture, 1), np.uint8)


def roll(picture: Picture, shot: Shot, value: float) -> Picture:
    """Turned by ``value`` degrees anticlockwise about the face."""
    return _moved(picture, shot, value, 1.0, 1.0)


def zoom(picture: Picture, shot: Shot, value: float) -> Picture:
    """``value`` times as large, about the face."""
    return _moved(picture, shot, 0.0, value, value)


def stretch(picture: Picture, shot: Shot, value: float) -> Picture:
    """``value`` times as wide as it should be, about the face, as by one field or a wrong setting of a camera."""
    return _moved(picture, shot, 0.0, value, 1.0)


def shift(picture: Picture, shot: Shot, value: float) -> Picture:
    """The face ``value`` of the picture's width to the right of where it is."""
    return _warped(picture, np.array([[1.0, 0.0, value * picture.shape[1]], [0.0, 1.0, 0.0]]))


MOUNTS: dict[str, Effect] = {one.__name__: one for one in (mirror, roll, zoom, stretch, shift)}


def _moved(picture: Picture, shot: Shot, turned_deg: float, across: float, down: float) -> Picture:
    high, wide = picture.shape[:2]
    middle = np.array([shot.face[0] * wide, shot.face[1] * high])
    angle = np.deg2rad(turned_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([across, down])
    return _warped(picture, np.column_stack([matrix, middle - matrix @ middle]))


def _warped(picture: Picture, matrix: np.ndarray) -> Picture:
    """What lies outside the picture repeats its edge, softly: no hard line that a camera would not see."""
    size = (picture.shape[1], picture.shape[0])
    shrinks = abs(np.linalg.det(matrix[:, :2])) < 0.8
    source = cv2.GaussianBlur(picture, (0, 0), 0.6) if shrinks else picture
    moved = cv2.warpAffine(source, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)
