"""Glasses and sunglasses for the synthetic driver: a flat picture in space before the eyes, and its arms.

Not simulated: reflections that move with the head, refraction, the shadow of the frame on the face.
"""

from __future__ import annotations

import functools
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from wakeful.sensors.driver_head import HeadSurface
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]

PX_PER_CM = 40
WIDTH_CM, HEIGHT_CM = 14.4, 5.6
VERTEX_CM = 1.4
"""From the pupils to the lenses; spectacles are fitted to 1.2 to 1.4 cm (ISO 13666, vertex distance)."""
LENS_CM = (5.6, 4.3)
PUPILS_CM = 6.6
FRAME_COLOUR = (34, 30, 30)
ARM_LENGTH_CM = 5.0
NEAREST_CM = 5.0
"""Nothing nearer to the camera is drawn."""


def draw_eyewear(
    picture: Array,
    kind: Literal["glasses", "sunglasses"],
    head: HeadSurface,
    rotation: Array,
    pivot_cm: Array,
    focal_px: float,
) -> None:
    """Put glasses on the head that is placed as ``HeadSurface.project`` would place it, in place.

    Args:
        picture: uint8 [height, width, 3].
        rotation, pivot_cm, focal_px: as for ``HeadSurface.project``.
    """
    corners_cm = head.eye_plane(WIDTH_CM, HEIGHT_CM, VERTEX_CM)
    if (rotation @ corners_cm.T + pivot_cm[:, None])[2].min() < NEAREST_CM:
        return
    arms = corners_cm[[0, 1]] * 0.72 + corners_cm[[3, 2]] * 0.28
    ends = arms + np.array([[-0.2, -0.2, ARM_LENGTH_CM], [0.2, -0.2, ARM_LENGTH_CM]], np.float32)
    _draw_arms(picture, rotation, arms, ends, pivot_cm, focal_px)
    draw_flat(picture, _flat(kind), corners_cm, rotation, pivot_cm, focal_px)


def draw_flat(
    picture: Array, flat: Array, corners_cm: Array, rotation: Array, pivot_cm: Array, focal_px: float
) -> None:
    """Lay a flat picture in space over what is drawn, in place.

    Args:
        picture: uint8 [height, width, 3].
        flat: float32 BGRA [h, w, 4], colours already multiplied by opacity, so that edges do not darken.
        corners_cm: float32 [4, 3], its corners from top left on, clockwise, in the head frame from the pivot.
        rotation, pivot_cm, focal_px: as for ``HeadSurface.project``.
    """
    height, width = picture.shape[:2]
    placed = rotation @ corners_cm.T + pivot_cm[:, None]
    if placed[2].min() < NEAREST_CM:
        return
    corners = (placed[:2] * focal_px / placed[2]).T + np.array((width / 2, height / 2))
    rows, columns = flat.shape[:2]
    square = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 2, 0)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 2, (width, height))
    if right <= left or bottom <= top:
        return
    to_part = cv2.getPerspectiveTransform(square, (corners - (left, top)).astype(np.float32))
    part = cv2.warpPerspective(flat, to_part, (int(right - left), int(bottom - top)), flags=cv2.INTER_AREA)
    under = picture[top:bottom, left:right]
    under[:] = np.clip(under * (1.0 - part[..., 3:] / 255.0) + part[..., :3], 0, 255).astype(np.uint8)


def _draw_arms(picture: Array, rotation: Array, starts: Array, ends: Array, pivot_cm: Array, focal_px: float) -> None:
    """The arm on a side that faces the camera, as far as the hair."""
    height, width = picture.shape[:2]
    for side, start, end in zip((-1.0, 1.0), starts, ends, strict=True):
        line = rotation @ np.stack([start, end]).T + pivot_cm[:, None]
        outward = rotation @ np.array([side, 0.0, 0.0], np.float32)
        if float(outward @ line[:, 0]) > 0.0 or line[2].min() < NEAREST_CM:
            continue
        (x0, y0), (x1, y1) = (line[:2] * focal_px / line[2]).T + np.array((width / 2, height / 2))
        thickness = max(1, round(0.3 * focal_px / float(line[2, 0])))
        cv2.line(picture, (round(x0), round(y0)), (round(x1), round(y1)), FRAME_COLOUR, thickness, cv2.LINE_AA)


@functools.cache
def _flat(kind: str) -> Array:
    """The glasses seen from the front: float32 BGRA, colours multiplied by opacity."""
    rows, columns = round(HEIGHT_CM * PX_PER_CM), round(WIDTH_CM * PX_PER_CM)
    middle = (columns // 2, rows // 2)
    lens, frame = np.zeros((rows, columns), np.uint8), np.zeros((rows, columns), np.uint8)
    for side in (-1, 1):
        centre = (middle[0] + round(side * PUPILS_CM / 2 * PX_PER_CM), middle[1])
        axes = (round(LENS_CM[0] / 2 * PX_PER_CM), round(LENS_CM[1] / 2 * PX_PER_CM))
        _rounded(lens, centre, axes, 255, -1)
        _rounded(frame, centre, axes, 255, round(0.32 * PX_PER_CM))
        hinge = round(side * (WIDTH_CM / 2 - 0.2) * PX_PER_CM) + middle[0]
        cv2.line(frame, (hinge, middle[1] - 36), (centre[0] + side * axes[0], middle[1] - 36), 255, 14)
    cv2.ellipse(frame, (middle[0], middle[1] - 4), (26, 24), 0, 200, 340, 255, 11)
    tint = 0.93 if kind == "sunglasses" else 0.06
    lens_colour = (30, 26, 24) if kind == "sunglasses" else (235, 235, 235)
    opacity = cv2.GaussianBlur(np.maximum(lens / 255.0 * tint, frame / 255.0), (0, 0), 1.2).astype(np.float32)
    share = np.clip(frame / 255.0 / np.maximum(opacity, 1e-3), 0, 1)[..., None]
    colour = share * np.array(FRAME_COLOUR, np.float32) + (1 - share) * np.array(lens_colour, np.float32)
    return np.dstack([colour * opacity[..., None], opacity * 255.0]).astype(np.float32)


def _rounded(image: Array, centre: tuple[int, int], axes: tuple[int, int], value: int, width: int) -> None:
    """A lens: between an ellipse and a rectangle."""
    angle = np.linspace(0, 2 * np.pi, 90)
    bend = 2 / 3
    x = centre[0] + axes[0] * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** bend
    y = centre[1] + axes[1] * np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** bend
    outline = np.stack([x, y], axis=1).round().astype(np.int32)[None]
    if width < 0:
        cv2.fillPoly(image, [outline], value, cv2.LINE_AA)
    else:
        cv2.polylines(image, [outline], True, value, width, cv2.LINE_AA)
