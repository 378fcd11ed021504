"""The synthetic driver's eyes: lids that close and irises that turn, painted into the portrait's texture.

Each lid is the person's own: the skin between lid fold and lid edge is stretched down to where the edge has come, as
real lid skin unrolls, with a dark line of lashes along the edge. The eyeball behind stays where it is.

Lids that close, and lids that follow a look down, are drawn by the upper one alone. Who narrows the eyes raises the
lower lid too and lowers the brow (action units 7 and 4 of Ekman & Friesen, Facial Action Coding System, 1978). How
far is measured: beside 582 open eyes, 485 narrowed ones (faces within 15 degrees, labelled by hand) have the upper
lid 0.117 of the eye's width lower, the lower one 0.062 higher and the brow 0.034 lower; of the 135 that were sure it
is 0.114, 0.070 and 0.061. Of 61 that look down, the lower lid is 0.013 higher and the brow is where it was.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]

# MediaPipe's mesh points from the corner on the left of the picture to the one on its right; the person's own sides.
RIGHT_UPPER = (33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_LOWER = (33, 7, 163, 144, 145, 153, 154, 155, 133)
RIGHT_BROW = (46, 53, 52, 65, 55)
RIGHT_IRIS = 468
LEFT_UPPER = (362, 398, 384, 385, 386, 387, 388, 466, 263)
LEFT_LOWER = (362, 382, 381, 380, 374, 373, 390, 249, 263)
LEFT_BROW = (285, 295, 282, 283, 276)
LEFT_IRIS = 473

EYEBALL_RADIUS_CM = 1.2
MARGIN = 0.2
"""What is painted beside the corners of the eye, of its width."""
LID_FOLD = 0.62
"""Where the moving skin of the lid begins, from the lid's edge (0) to the brow (1)."""
LASH_COLOUR = (26, 30, 40)
LASHES_SHOWN_TEXELS = 4.0
"""How far above the lid's edge the photographed lashes darken the skin."""
LASH_TEXELS = 2.0
"""Half the thickness of the lashes along a lid's edge."""
RAISED = 0.38
"""Share of the way between the lids that the lower one takes in a squint."""
BROW_DROP = 0.06
"""How far the brow comes down in one, of the eye's width."""
BROW_HALF, FOREHEAD = 0.16, 0.5
"""Half the thickness of the brow that moves as a whole, and the height above it where the forehead is at rest."""


@dataclass(frozen=True)
class Eye:
    """The part of the texture around one eye, and its lids as heights over its columns.

    Attributes:
        box: x0, y0, x1, y1 in texels.
        upper, lower, fold, brow: float32 [w]: the lid edges as photographed, the fold and the brow, rows of the part.
        within: float32 [w], 1 over the eye, falling to 0 at its corners.
        iris: x, y in the part; ``iris_radius`` in texels.
    """

    box: tuple[int, int, int, int]
    upper: Array
    lower: Array
    fold: Array
    brow: Array
    within: Array
    iris: tuple[float, float]
    iris_radius: float


def paint_eye(
    texture: Array,
    photograph: Array,
    eye: Eye,
    opening: float,
    gaze_deg: tuple[float, float],
    texels_per_cm: float,
    squint: float = 0.0,
) -> None:
    """Paint an eye that is closed to ``opening`` and whose iris is turned.

    Args:
        texture: uint8 [H, W, 3], painted inside the eye's box.
        photograph: uint8 [H, W, 3], the texture as photographed.
        opening: 0 closed, 1 as photographed.
        gaze_deg: turn of the eyeball against the photograph: to the person's left, up.
        squint: 0 the upper lid alone closes, 1 the lower one and the brow take part as in people who narrow their eyes.
    """
    x0, y0, x1, y1 = eye.box
    part = photograph[y0:y1, x0:x1]
    rows = np.arange(y1 - y0, dtype=np.float32)[:, None]
    columns = np.arange(x1 - x0, dtype=np.float32)[None, :]
    # A closing lid comes down nearly all the way; the lower one meets it, and both sag a little in the middle.
    closed = eye.lower + 0.04 * (eye.lower - eye.upper)
    rise = RAISED * squint * (1.0 - opening) * (eye.lower - eye.upper)
    edge = eye.upper + (1.0 - opening) * (closed - eye.upper) - rise
    lower = eye.lower - rise

    source_x, source_y = _turned_eyeball(eye, columns, rows, gaze_deg, texels_per_cm)
    shut = 1.0 - opening
    # The dark line at the photographed edge is left out: lashes are painted at the new edge.
    skin = eye.upper - LASHES_SHOWN_TEXELS * min(1.0, 3.0 * shut)
    stretch = np.maximum(skin - eye.fold, 1.0) / np.maximum(edge - eye.fold, 1.0)
    above = rows - _brow_drop(eye, rows, edge, squint) if squint > 0.0 else rows
    lid_y = np.where(above > eye.fold, eye.fold + (above - eye.fold) * stretch, above)
    if squint > 0.0:
        cheek = np.clip((rows - lower) / np.maximum(len(rows) - lower, 1.0), 0.0, 1.0)
        source_y = np.where(rows > lower, rows + rise * (1.0 - cheek), source_y)
        source_x = np.where(rows > lower, columns, source_x)
    on_lid = rows < edge
    source_y = np.where(on_lid, lid_y, source_y).astype(np.float32)
    source_x = np.where(on_lid, columns, source_x).astype(np.float32)
    moved = cv2.remap(part, source_x, source_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)

    fresh = on_lid & (rows > eye.upper)
    # The lid bulges over the eyeball: a little darker towards its edge.
    shade = 1.0 - 0.16 * shut * fresh * (rows - eye.upper) / np.maximum(edge - eye.upper, 1.0)
    under = np.exp(-np.maximum(rows - edge, 0.0) / 3.0) * ~on_lid * (rows < lower)
    shade -= 0.35 * min(1.0, 3 * shut) * under
    lashes = np.exp(-(((rows - edge + LASH_TEXELS / 2) / LASH_TEXELS) ** 2)) * eye.within * min(1.0, 3.0 * shut) * 0.85
    moved *= shade[..., None]
    moved += lashes[..., None] * (np.array(LASH_COLOUR, np.float32) - moved)
    texture[y0:y1, x0:x1] = np.clip(moved, 0, 255).astype(np.uint8)


def _brow_drop(eye: Eye, rows: Array, edge: Array, squint: float) -> Array:
    """By how many rows the skin above the lid's edge has come down: the brow as a whole, less and less around it."""
    width = len(eye.brow) / (1.0 + 2.0 * MARGIN)
    top, bottom = eye.brow - BROW_HALF * width, eye.brow + BROW_HALF * width
    over = np.clip((rows - top) / (FOREHEAD * width) + 1.0, 0.0, 1.0)
    under = np.clip((edge - rows) / np.maximum(edge - bottom, 1.0), 0.0, 1.0)
    drop: Array = BROW_DROP * width * squint * np.minimum(over, under) * eye.within
    return drop


def _turned_eyeball(
    eye: Eye, columns: Array, rows: Array, gaze_deg: tuple[float, float], texels_per_cm: float
) -> tuple[Array, Array]:
    """Where the eyeball's texels come from when the iris is moved and the white of the eye gives way."""
    shift_x = EYEBALL_RADIUS_CM * texels_per_cm * math.sin(math.radians(gaze_deg[0]))
    shift_y = -EYEBALL_RADIUS_CM * texels_per_cm * math.sin(math.radians(gaze_deg[1]))
    away = np.hypot(columns - eye.iris[0] - shift_x, rows - eye.iris[1] - shift_y)
    near = 1.0 - np.clip((away - eye.iris_radius) / (1.2 * eye.iris_radius), 0.0, 1.0)
    inside = (rows > eye.upper - 1) & (rows < eye.lower + 1)
    near = near * inside
    return columns - shift_x * near, rows - shift_y * near


def find_eyes(landmarks: Array) -> tuple[Eye, Eye]:
    """The person's left and right eye in a texture whose landmarks (float32 [478, 2], texels) are given."""
    return (
        _eye(landmarks, LEFT_UPPER, LEFT_LOWER, LEFT_BROW, LEFT_IRIS),
        _eye(landmarks, RIGHT_UPPER, RIGHT_LOWER, RIGHT_BROW, RIGHT_IRIS),
    )


def _eye(landmarks: Array, upper: tuple[int, ...], lower: tuple[int, ...], brow: tuple[int, ...], iris: int) -> Eye:
    up, low, top = (landmarks[list(points)] for points in (upper, lower, brow))
    width = float(up[-1, 0] - up[0, 0])
    margin = MARGIN * width
    x0, x1 = math.floor(up[0, 0] - margin), math.ceil(up[-1, 0] + margin)
    y0, y1 = math.floor(top[:, 1].min() - (BROW_HALF + FOREHEAD) * width), math.ceil(low[:, 1].max() + 0.4 * width)
    x = np.arange(x0, x1, dtype=np.float64)
    upper_y, lower_y = _curve(up, x), _curve(low, x)
    middle = (upper_y + lower_y) / 2
    gap = np.maximum(lower_y - upper_y, 0.0)
    inside = (x > up[0, 0]) & (x < up[-1, 0])
    gap = np.where(inside, gap, 0.0)
    upper_y, lower_y = middle - gap / 2, middle + gap / 2
    brow_y = np.interp(x, top[:, 0], top[:, 1])
    fold = upper_y - LID_FOLD * np.maximum(upper_y - brow_y, 3.0)
    within = np.clip(np.minimum(x - up[0, 0], up[-1, 0] - x) / (0.12 * width) + 0.5, 0.0, 1.0)
    radius = float(np.linalg.norm(landmarks[iris + 1 : iris + 5] - landmarks[iris], axis=1).mean())
    f32 = functools.partial(np.asarray, dtype=np.float32)
    return Eye(
        box=(x0, y0, x1, y1),
        upper=f32(upper_y - y0),
        lower=f32(lower_y - y0),
        fold=f32(fold - y0),
        brow=f32(brow_y - y0),
        within=f32(within),
        iris=(float(landmarks[iris, 0]) - x0, float(landmarks[iris, 1]) - y0),
        iris_radius=radius,
    )


def _curve(points: Array, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """A smooth lid through its points; straight on beyond the corners."""
    fit = np.polynomial.Polynomial.fit(points[:, 0], points[:, 1], 4)
    y: NDArray[np.float64] = fit(np.clip(x, points[0, 0], points[-1, 0]))
    return y
