"""Things other than hands that come before eyes: sleeves, cups, telephones, paper, cloth, hair, the brim of a cap.

What is cut from another picture (a cloth, a wall, hair) keeps its natural pattern.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.sensors.opencv import cv2

Array = NDArray[Any]


def draw_cover(
    rng: np.random.Generator, side_px: int, at: Array, span_px: float, cuttings: list[Array]
) -> tuple[Array, Array]:
    """Something that lies over a point.

    Args:
        side_px: side of the picture.
        at: the point, pixels.
        span_px: width of the face.
        cuttings: pieces of pictures without eyes, uint8 [h, w, 3], for patterns.

    Returns:
        Its picture float32 [side, side, 3] and its cover float32 [side, side], 0 to 1.
    """
    kind = rng.choice(["limb", "box", "blob", "band", "hair"], p=[0.2, 0.3, 0.2, 0.2, 0.1])
    if kind == "hair":
        return _hair(rng, side_px, at, span_px)
    mask = np.zeros((side_px, side_px), np.uint8)
    angle = rng.uniform(-math.pi, math.pi) if kind != "band" else rng.normal(0.0, 0.2)
    along = np.array([math.cos(angle), math.sin(angle)])
    if kind == "limb":
        width = span_px * rng.uniform(0.3, 0.55)
        ends = np.round([at - along * span_px * rng.uniform(0.3, 2.0), at + along * span_px * 2.0]).astype(int)
        cv2.line(mask, ends[0].tolist(), ends[1].tolist(), 255, int(width), cv2.LINE_AA)
    elif kind == "box" or kind == "band":
        size = (span_px * rng.uniform(0.3, 0.8), span_px * rng.uniform(0.6, 1.2))
        if kind == "band":
            size = (span_px * rng.uniform(1.1, 2.0), span_px * rng.uniform(0.25, 0.7))
        middle = at + rng.normal(0.0, 0.1 * span_px, 2)
        corners = cv2.boxPoints((middle.tolist(), size, math.degrees(angle)))
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 255, cv2.LINE_AA)
    else:
        turns = np.linspace(0.0, 2.0 * math.pi, 12, endpoint=False)
        reach = span_px * rng.uniform(0.2, 0.5) * rng.uniform(0.7, 1.3, 12)
        corners = at + np.stack([np.cos(turns), np.sin(turns)], axis=1) * reach[:, None]
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 255, cv2.LINE_AA)
    picture = _surface(rng, side_px, cuttings)
    if kind == "limb" or rng.random() < 0.3:
        picture *= _rounded(mask)[..., None]
    return picture, mask.astype(np.float32) / 255.0


def _surface(rng: np.random.Generator, side_px: int, cuttings: list[Array]) -> Array:
    kind = rng.random()
    if kind < 0.55 and cuttings:
        cut = cuttings[int(rng.integers(len(cuttings)))]
        height, width = cut.shape[:2]
        part = max(min(int(min(height, width) * rng.uniform(0.3, 1.0)), min(height, width)), 8)
        y, x = int(rng.integers(0, height - part + 1)), int(rng.integers(0, width - part + 1))
        piece = np.rot90(cut[y : y + part, x : x + part], int(rng.integers(4)))
        return cv2.resize(piece, (side_px, side_px)).astype(np.float32) * rng.uniform(0.6, 1.3)
    ground = rng.uniform(15, 235, 3).astype(np.float32) * np.ones((side_px, side_px, 3), np.float32)
    y, x = np.mgrid[0:side_px, 0:side_px].astype(np.float32)
    angle = rng.uniform(0, math.pi)
    u, v = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    period = rng.uniform(4.0, 40.0)
    if kind < 0.7:  # stripes, checks
        wave = np.sin(u * 2 * math.pi / period) + (np.sin(v * 2 * math.pi / period) if rng.random() < 0.5 else 0.0)
        ground += np.float32(rng.uniform(8, 60)) * wave[..., None]
    elif kind < 0.85:  # folds
        wave = np.sin(u * 2 * math.pi / period + 2.0 * np.sin(v * 2 * math.pi / rng.uniform(30, 120)))
        ground *= (1.0 + rng.uniform(0.05, 0.35) * wave)[..., None].astype(np.float32)
    else:  # print
        layer = np.full((side_px, side_px, 3), rng.uniform(170, 245), np.uint8)
        size = rng.uniform(0.3, 0.9)
        for row in range(0, side_px, max(int(28 * size), 5)):
            letters = "".join(chr(int(c)) for c in rng.integers(65, 122, 60))
            cv2.putText(layer, letters, (-5, row), cv2.FONT_HERSHEY_SIMPLEX, size, (40, 40, 40), 1, cv2.LINE_AA)
        turned = cv2.getRotationMatrix2D((side_px / 2, side_px / 2), math.degrees(angle), 1.5)
        ground = cv2.warpAffine(layer, turned, (side_px, side_px), borderMode=cv2.BORDER_REFLECT).astype(np.float32)
    return ground + rng.standard_normal((side_px, side_px, 1)).astype(np.float32) * np.float32(rng.uniform(0, 6))


def _hair(rng: np.random.Generator, side_px: int, at: Array, span_px: float) -> tuple[Array, Array]:
    tone = rng.uniform(15, 120) * np.array([rng.uniform(0.4, 1.0), rng.uniform(0.6, 1.0), 1.0])
    picture = np.ones((side_px, side_px, 3), np.float32) * (tone * 0.7).astype(np.float32)
    mask = np.zeros((side_px, side_px), np.uint8)
    lean, bend = rng.normal(0.0, 0.5), rng.normal(0.0, 0.02)
    spread = span_px * rng.uniform(0.25, 0.9)
    for _ in range(int(rng.integers(120, 320))):
        x = at[0] + rng.uniform(-0.5, 0.5) * spread - lean * span_px
        points, turn = [np.array([x, at[1] - span_px])], math.pi / 2 - lean
        for _ in range(14):
            points.append(points[-1] + 0.16 * span_px * np.array([math.cos(turn), math.sin(turn)]))
            turn += bend + rng.normal(0.0, 0.01)
        line = [np.round(np.array(points)).astype(np.int32)]
        cv2.polylines(picture, line, False, (tone * rng.uniform(0.5, 1.8)).tolist(), 1, cv2.LINE_AA)
        cv2.polylines(mask, line, False, 255, int(rng.integers(2, 5)), cv2.LINE_AA)
    return picture, mask.astype(np.float32) / 255.0


def _rounded(mask: Array) -> Array:
    """Light that falls off towards the rims."""
    depth = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3)
    rounded: Array = 0.6 + 0.5 * np.sqrt(depth / max(float(depth.max()), 1.0))
    return rounded
