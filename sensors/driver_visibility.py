"""Finds which part of a surface of points a camera sees, and the texel that each pixel shows.

A z-buffer over coarse cells: of all points in a cell the nearest wins. Its texture coordinates are moved to the centre
of the cell and interpolated between the cells of one surface, so that the image is as smooth as if every triangle had
been drawn, at a fraction of the cost. Everything is vectorised; no loop runs over points or pixels.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]

CELL_PX = 2
"""Visibility is solved on cells of this size and interpolated: half the image's resolution."""
EDGE_TEXELS = 18.0
"""Change of texture coordinates across two cells above which they belong to different surfaces. One cell of the driver
at the nominal distance shows about 4 texels."""
MARGIN_CELLS = 5
INDEX_BITS = 18
"""Limit that leaves room for a point's number next to its nearness in 32 bits."""
MAX_POINTS = 1 << INDEX_BITS


@dataclass(frozen=True, slots=True)
class Projection:
    """The texel that each pixel shows, for a part of the image.

    Attributes:
        x0, y0: top left pixel of the part; it may be outside the image.
        u, v: float32 [h, w], texture coordinates.
        cover: float32 [h, w], 0 where the head is not, 1 where it is.
        cavity: float32 [h, w], 1 where the inside of the open mouth is visible.
        edge: bool [h, w], where one surface ends in front of another: texture is unreliable there.
    """

    x0: int
    y0: int
    u: Array
    v: Array
    cover: Array
    cavity: Array
    edge: Array


def visible(x: Array, y: Array, z: Array, uv: Array, cavity: Array) -> Projection:
    """Keep the nearest point of each cell, close the gaps between points, and interpolate to pixels.

    Args:
        x, y: float32 [n], positions of the points, image pixels; n below ``MAX_POINTS``.
        z: float32 [n], their distance.
        uv: float32 [2, n], their texture coordinates.
        cavity: float32 [n], 1 for points inside the mouth.
    """
    x0, y0 = (math.floor(values.min() / CELL_PX) - MARGIN_CELLS for values in (x, y))
    width = math.floor(x.max() / CELL_PX) + MARGIN_CELLS + 1 - x0
    height = math.floor(y.max() / CELL_PX) + MARGIN_CELLS + 1 - y0
    hit, winner = _nearest(x, y, z, x0, y0, (height, width))
    owner = _nearest_known(hit, winner)
    texels = np.dstack([uv[0][owner], uv[1][owner]])
    # Neighbouring cells of different surfaces: nothing may be interpolated between them.
    edge = cv2.morphologyEx(texels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).max(axis=2) > EDGE_TEXELS
    # Offsets of the points from the centres of their cells, in cells:
    aside_x = (np.arange(width, dtype=np.float32) + np.float32(0.5 + x0))[None, :] - x[owner] / CELL_PX
    aside_y = (np.arange(height, dtype=np.float32) + np.float32(0.5 + y0))[:, None] - y[owner] / CELL_PX
    texels = _centred(texels, edge, aside_x, aside_y)

    full = (width * CELL_PX, height * CELL_PX)
    fine = cv2.resize(texels, full, interpolation=cv2.INTER_LINEAR)
    edge_fine = cv2.resize(edge.astype(np.uint8), full, interpolation=cv2.INTER_NEAREST) > 0
    fine[edge_fine] = cv2.resize(texels, full, interpolation=cv2.INTER_NEAREST)[edge_fine]
    inside = cv2.morphologyEx(hit.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    throat = _enclosed(inside)
    return Projection(
        x0=x0 * CELL_PX,
        y0=y0 * CELL_PX,
        u=np.ascontiguousarray(fine[..., 0]),
        v=np.ascontiguousarray(fine[..., 1]),
        cover=_smooth_mask((inside | throat).astype(np.float32), full),
        cavity=_smooth_mask(np.maximum(cavity[owner], throat), full),
        edge=edge_fine,
    )


def _nearest(x: Array, y: Array, z: Array, x0: int, y0: int, shape: tuple[int, int]) -> tuple[Array, Array]:
    """For each cell: whether it contains a point, and the number of the nearest one."""
    column = np.floor(x / CELL_PX).astype(np.int64) - x0
    row = np.floor(y / CELL_PX).astype(np.int64) - y0
    # Nearness in the high bits and the point's number in the low ones: the maximum is the nearest point.
    steps = (1 << (32 - INDEX_BITS)) - 2
    nearness = (z.max() - z) * (steps / max(float(np.ptp(z)), 1e-3)) + 1
    key = (nearness.astype(np.uint32) << INDEX_BITS) | np.arange(len(x), dtype=np.uint32)
    nearest = np.zeros(shape[0] * shape[1], np.uint32)
    np.maximum.at(nearest, row * shape[1] + column, key)
    return (nearest > 0).reshape(shape), (nearest & (MAX_POINTS - 1)).reshape(shape)


def _nearest_known(hit: Array, winner: Array) -> Array:
    """Give each empty cell the point of the nearest cell that has one."""
    missing = (~hit).astype(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(missing, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    by_label = np.zeros(int(labels.max()) + 1, np.uint32)
    by_label[labels[hit]] = winner[hit]
    owner: Array = by_label[labels]
    return owner


def _enclosed(inside: Array) -> Array:
    """1 in cells without a surface that are surrounded by one: there the view passes the teeth of a turned head."""
    outside = np.where(inside > 0, 0, 1).astype(np.uint8)
    cv2.floodFill(outside, None, (0, 0), 0)
    return outside


def _centred(texels: Array, edge: Array, aside_x: Array, aside_y: Array) -> Array:
    """Move texture coordinates from the points to the centres of their cells (one Newton step)."""
    smooth = cv2.blur(texels, (3, 3))
    per_cell_x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    per_cell_y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    inner = ~cv2.dilate(edge.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    aside_x = np.clip(aside_x, -2, 2) * inner
    aside_y = np.clip(aside_y, -2, 2) * inner
    moved: Array = texels + per_cell_x * aside_x[..., None] + per_cell_y * aside_y[..., None]
    return moved


def _smooth_mask(cells: Array, full: tuple[int, int]) -> Array:
    """A mask of cells as a mask of pixels, with a smooth outline about one pixel wide."""
    soft = cv2.resize(cv2.GaussianBlur(cells, (5, 5), 0), full, interpolation=cv2.INTER_LINEAR)
    mask: Array = np.clip(soft * 2.5 - 0.75, 0.0, 1.0)
    return mask
