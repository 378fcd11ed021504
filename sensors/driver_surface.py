"""Make the head's surface from the assets: the photographed front, what lies behind it, and what the mouth does.

The front is a regular grid over the portrait. The portrait does not show the sides and the back of the head, so they
are mirrored from the front at the head's widest section; they come into sight only as hair at the edge when the head
turns.
The inside of the mouth is a dark sheet behind the lips. ``tools/make_driver_assets.py`` makes the assets.
"""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import SourceError
from wakeful.sensors.driver_head import PIVOT_CM, HeadSurface
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
Sheet = dict[str, Array]
"""A piece of surface: one array for each attribute of its points, [n, 3], [n, 2] or [n]."""

ASSETS = Path(__file__).with_name("assets")
TEXTURE_SCALE = 3
"""Texels per portrait pixel: lids are painted finer than the portrait shows them."""
GRID_SCALE = 1.5
"""Surface points per portrait pixel, in each direction."""
RIM_TEXELS_PER_CM = 9.0
"""How much of the hair beside the edge is shown again on the band behind it."""
RIM_STRIPS = 16
HAIR_DOWN_TO_PX = 98.0
"""Row of the portrait's head where the ears begin; the back of the head has hair below it too."""
TEAR = 0.5
"""Points where the jaw's pull changes by more than this share a portrait pixel are left out: there the lips part."""
MOUTH_NARROWING = 0.33
"""Share by which the corners of the mouth come together at ``mouth = 1``: a yawn is an O, not a wide smile."""
TEETH_BEHIND_LIPS_CM = 0.8
UPPER_INNER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
JAW_LINE = (172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397)


@functools.cache
def load_head() -> HeadSurface:
    """Read the portrait's head from the assets and prepare its surface (about 0.1 s, once)."""
    picture = read_picture("driver_head.png")
    with np.load(ASSETS / "driver_geometry.npz") as geometry:
        depth = geometry["depth_cm"].astype(np.float32)
        equator = geometry["equator_cm"].astype(np.float32)
        landmarks = geometry["landmarks_px"].astype(np.float32)
        straighten = geometry["straighten"].astype(np.float32)
        px_per_cm = float(geometry["px_per_cm"])
        centre = geometry["centre_px"].astype(np.float32)
    sheet = _front(picture, depth, landmarks, px_per_cm, centre)
    rim = _rim(sheet, _sampled(equator, GRID_SCALE))
    keep = (sheet["opacity"] > 0.5) & (sheet["tear"] < TEAR)
    front = {name: values[keep] for name, values in sheet.items()}
    back = _back(front, _sampled(equator, GRID_SCALE).reshape(-1)[keep])
    cavity = _cavity(front)
    parts = {name: np.concatenate([part[name] for part in (front, rim, back, cavity)]) for name in front}
    size = (picture.shape[1] * TEXTURE_SCALE, picture.shape[0] * TEXTURE_SCALE)
    return HeadSurface(
        texture=cv2.resize(picture[..., :3], size, interpolation=cv2.INTER_CUBIC),
        under_jaw=_under_jaw((landmarks + 0.5) * TEXTURE_SCALE - 0.5, size),
        landmarks=(landmarks + 0.5) * TEXTURE_SCALE - 0.5,
        texels_per_cm=px_per_cm * TEXTURE_SCALE,
        straighten=straighten,
        gaze_deg=_direction_deg(straighten @ np.array((0, 0, -1), np.float32)),
        points=np.ascontiguousarray((parts["points"] - np.array(PIVOT_CM, np.float32)).T),
        normals=np.ascontiguousarray(parts["normals"].T),
        uv=np.ascontiguousarray(parts["uv"].T),
        turning=parts["turning"],
        jaw=parts["jaw"],
        narrowing=parts["narrowing"],
        closing=parts["closing"],
        cavity=parts["cavity"],
    )


def read_picture(name: str) -> Array:
    """One of the assets' pictures, uint8 [H, W, 4], blue, green, red, opacity."""
    picture = cv2.imread(str(ASSETS / name), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise SourceError(f"{ASSETS / name} is missing or damaged: install wakeful again")
    return picture


def _under_jaw(landmarks: Array, size: tuple[int, int]) -> Array:
    """The neck in the lowest rows of a texture of that width and height, from its landmarks."""
    jaw = landmarks[list(JAW_LINE)]
    columns, rows = np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32)[:, None]
    below = rows - np.interp(columns, jaw[:, 0], jaw[:, 1]) - 2
    within = (columns > jaw[0, 0] - 10) & (columns < jaw[-1, 0] + 10)
    shadow = np.clip(below / 8, 0, 1) * within
    neck: Array = shadow[int(np.argmax(shadow.any(axis=1))) :].astype(np.float32)
    return neck


def _direction_deg(direction: Array) -> tuple[float, float]:
    """To the person's left and up, of a direction in OpenCV's axes."""
    x, y, z = (float(part) for part in direction)
    return math.degrees(math.atan2(x, -z)), math.degrees(math.atan2(-y, math.hypot(x, z)))


def _sampled(image: Array, scale: float) -> Array:
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)


def _front(picture: Array, depth: Array, landmarks: Array, px_per_cm: float, centre: Array) -> Sheet:
    """The photographed surface, one entry per grid point, flattened."""
    z = _sampled(depth, GRID_SCALE)
    opacity = _sampled(picture[..., 3].astype(np.float32) / 255, GRID_SCALE)
    rows, columns = z.shape
    # Centres of grid points in portrait pixels, the same convention as cv2.resize.
    px = (np.arange(columns, dtype=np.float32) + 0.5) / GRID_SCALE - 0.5
    py = (np.arange(rows, dtype=np.float32) + 0.5) / GRID_SCALE - 0.5
    x_px, y_px = np.meshgrid(px, py)
    x, y = (x_px - centre[0]) / px_per_cm, (y_px - centre[1]) / px_per_cm
    step = 1.0 / (GRID_SCALE * px_per_cm)
    slope_x = cv2.Sobel(z, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8) / step
    slope_y = cv2.Sobel(z, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8) / step
    uv = np.stack([(x_px + 0.5) * TEXTURE_SCALE - 0.5, (y_px + 0.5) * TEXTURE_SCALE - 0.5], axis=-1)
    mouth = _mouth(x_px, y_px, landmarks, px_per_cm)
    z = z + mouth.pop("teeth") * TEETH_BEHIND_LIPS_CM
    turning = _turning(x_px, y_px, landmarks)
    mouth["jaw"] *= turning
    sheet = {
        "points": np.stack([x, y, z], axis=-1),
        "normals": np.stack([slope_x, slope_y, -np.ones_like(z)], axis=-1),
        "uv": uv,
        "opacity": opacity,
        "turning": turning,
        "cavity": np.zeros_like(z),
        **mouth,
    }
    return {name: values.reshape(z.size, -1).squeeze().astype(np.float32) for name, values in sheet.items()}


def _mouth(x_px: Array, y_px: Array, landmarks: Array, px_per_cm: float) -> Sheet:
    """How jaw, lips and teeth move. The upper teeth stay with the skull; the cut runs along the lower inner lip."""
    upper, lower = landmarks[list(UPPER_INNER_LIP)], landmarks[list(LOWER_INNER_LIP)]
    left, right = lower[0, 0], lower[-1, 0]
    middle, half = (left + right) / 2, (right - left) / 2
    lip_line = np.interp(x_px, lower[:, 0], lower[:, 1])
    gap = np.interp(x_px, lower[:, 0], lower[:, 1]) - np.interp(x_px, upper[:, 0], upper[:, 1])
    gap = np.where(np.abs(x_px - middle) < half, np.maximum(gap, 0), 0)
    beside = np.maximum(np.abs(x_px - middle) - half * 0.9, 0)
    below = y_px - lip_line
    # Sharp between the lips; beside the mouth the cheek stretches over a band that widens towards the ear.
    band = 0.02 + 1.5 * beside
    jaw = _smoothstep(-band, band, below)
    corners = np.exp(-(((y_px - lip_line) / (0.75 * half)) ** 2)) * np.exp(-((beside / (0.5 * half)) ** 2))
    narrowing = -(x_px - middle) / px_per_cm * MOUTH_NARROWING * corners
    lip = (below >= 0) * (1 - _smoothstep(0.0, 0.62 * half, below))
    closing = -np.where(gap > 0, gap * 1.1 + 0.6, 0) / px_per_cm * lip
    tear = np.where((jaw > 0.02) & (jaw < 0.98), 1 / band, 0)
    teeth = ((below < 0) & (below > -gap)).astype(np.float32)
    inside = ((beside == 0) & (below < 1.6 * half)).astype(np.float32)
    return {"mouth": inside, "jaw": jaw, "narrowing": narrowing, "closing": closing, "teeth": teeth, "tear": tear}


def _turning(x_px: Array, y_px: Array, landmarks: Array) -> Array:
    """1 on the head; below the jaw it falls towards the foot of the neck, which stays with the body."""
    jaw = landmarks[list(JAW_LINE)]
    jaw_y = np.interp(x_px, jaw[:, 0], jaw[:, 1])
    foot = y_px.max() - 8
    return 1 - _smoothstep(jaw_y + 1, np.maximum(foot, jaw_y + 8), y_px)


def _smoothstep(low: Array | float, high: Array | float, value: Array) -> Array:
    t = np.clip((value - low) / np.maximum(high - low, 1e-6), 0, 1)
    return t * t * (3 - 2 * t)


def _rim(sheet: Sheet, equator: Array) -> Sheet:
    """The band of hair between the edge of the front and the edge of its mirrored back."""
    shape = equator.shape
    inside = (sheet["opacity"].reshape(shape) > 0.5).astype(np.uint8)
    edge = (inside > 0) & (cv2.erode(inside, np.ones((3, 3), np.uint8)) == 0)
    chosen = np.flatnonzero(edge.reshape(-1) & (sheet["turning"] > 0.2))
    soft: Array = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 4)
    outward: Array = -np.stack([cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)], axis=-1)
    outward /= np.maximum(np.linalg.norm(outward, axis=-1, keepdims=True), 1e-6)
    outward = outward.reshape(-1, 2)[chosen]
    depth_cm = equator.reshape(-1)[chosen] - sheet["points"][chosen, 2]
    strips = []
    for share in np.linspace(0, 2, RIM_STRIPS, dtype=np.float32):
        strip = {name: values[chosen].copy() for name, values in sheet.items()}
        strip["points"][:, 2] += share * depth_cm
        strip["normals"] = np.column_stack([outward, np.zeros(len(chosen), np.float32)])
        # The hair seen there is the hair beside it, mirrored at the edge.
        inward = min(share, 2 - share) * depth_cm * RIM_TEXELS_PER_CM
        strip["uv"] -= outward * inward[:, None]
        strips.append(strip)
    return {name: np.concatenate([strip[name] for strip in strips]) for name in sheet}


def _back(front: Sheet, equator: Array) -> Sheet:
    """The side of the hair that the portrait does not show: the front mirrored at the head's widest section."""
    bulge = equator - front["points"][:, 2]
    hair = front["uv"][:, 1] < HAIR_DOWN_TO_PX * TEXTURE_SCALE
    keep = (bulge > 0.1) & (hair | (bulge < 4.5) | (front["turning"] < 0.99))
    back = {name: values[keep].copy() for name, values in front.items()}
    back["points"][:, 2] += 2 * bulge[keep]
    back["normals"][:, 2] *= -1
    # The hair goes on behind the ears.
    back["uv"][:, 1] = np.minimum(back["uv"][:, 1], HAIR_DOWN_TO_PX * TEXTURE_SCALE)
    return back


def _cavity(front: Sheet) -> Sheet:
    """The inside of the mouth: a copy of the chin that does not move with the jaw, a little behind it."""
    keep = (front["jaw"] > 0.98) & (front["mouth"] > 0)
    cavity = {name: values[keep].copy() for name, values in front.items()}
    cavity["jaw"][:] = 0
    cavity["closing"][:] = 0
    cavity["cavity"][:] = 1
    return cavity
