"""Hands, spectacles, dark lenses, reflections, masks and other things drawn over grey crops of faces and eyes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.training.pictures import Encoded
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
Levels = NDArray[np.uint8]

TEST_EVERY = 3
"""Of the pictures without faces every third is kept for judging."""


@dataclass(frozen=True, slots=True)
class Spectacles:
    """A pair of glasses, seen from the front.

    Attributes:
        layers: uint8 [h, w, 3]: grey levels times cover, cover of the frame, area of the lenses.
        centres: float64 [2, 2], middle of the lens on the picture's left and of the other.
    """

    layers: NDArray[np.uint8]
    centres: Array


@dataclass(frozen=True, slots=True)
class Covers:
    """What can lie before a face, cut out of photographs.

    Attributes:
        hands: uint8 [h, w, 2] each, grey levels times cover, and cover.
        scenes: grey pictures without a face.
    """

    hands: list[NDArray[np.uint8]]
    spectacles: list[Spectacles]
    scenes: list[Levels]

    def scene(self, rng: np.random.Generator, rows: int, columns: int) -> Levels:
        """A piece of a picture without a face."""
        scene = self.scenes[int(rng.integers(len(self.scenes)))]
        share = rng.uniform(0.25, 1.0)
        height, width = (max(int(side * share), 8) for side in scene.shape)
        y, x = (int(rng.integers(0, side - cut + 1)) for side, cut in zip(scene.shape, (height, width), strict=True))
        piece: Any = cv2.resize(scene[y : y + height, x : x + width], (columns, rows))
        return np.ascontiguousarray(piece[:, ::-1]) if rng.random() < 0.5 else np.asarray(piece, np.uint8)


def load_covers(file: Path, *, held_out: bool = False) -> Covers:
    """Reads ``covers.npz``; ``held_out``: the pictures without faces that no training has seen."""
    packed = dict(np.load(file))
    kinds = packed["kind_names"][packed["kind"]]
    pictures = Encoded(packed["bytes"], packed["offset"])
    hands = [_premultiplied(pictures.read(int(i), cv2.IMREAD_UNCHANGED)) for i in np.flatnonzero(kinds == "hand")]
    spectacles = []
    for i in np.flatnonzero(kinds == "glasses").tolist():
        if packed["offset"][i + 2] > packed["offset"][i + 1]:
            lens = pictures.read(i + 1, cv2.IMREAD_GRAYSCALE)
            frame = _premultiplied(pictures.read(i, cv2.IMREAD_UNCHANGED))
            spectacles.append(Spectacles(np.dstack([frame, lens]), _centres(lens)))
    scenes = [pictures.read(int(i), cv2.IMREAD_GRAYSCALE) for i in np.flatnonzero(kinds == "negative")]
    chosen = [scene for i, scene in enumerate(scenes) if (i % TEST_EVERY == 0) == held_out]
    return Covers(hands, spectacles, chosen)


def _premultiplied(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(picture[..., :3], cv2.COLOR_BGR2GRAY)
    cover = picture[..., 3]
    return np.dstack([(grey.astype(np.uint16) * cover // 255).astype(np.uint8), cover])


def _centres(lens: Levels) -> Array:
    half = lens.shape[1] // 2
    middles = []
    for begin in (0, half):
        moments = cv2.moments((lens[:, begin : begin + half] > 127).astype(np.uint8), True)
        area = max(moments["m00"], 1.0)
        middles.append([begin + moments["m10"] / area, moments["m01"] / area])
    return np.array(middles)


def lay_hand(rng: np.random.Generator, crop: Levels, covers: Covers, at: Array, span_px: float) -> tuple[Levels, Array]:
    """A hand over the point ``at``; gives the crop and how far each pixel is covered, 0 to 1.

    Args:
        span_px: width of the face in the crop; a hand is about as long.
    """
    hand = covers.hands[int(rng.integers(len(covers.hands)))]
    height, width = hand.shape[:2]
    scale = span_px * rng.uniform(0.7, 1.3) / height
    turn = rng.uniform(-math.pi, math.pi)
    cos, sin = math.cos(turn) * scale, math.sin(turn) * scale
    linear = np.array([[cos * rng.choice([-1.0, 1.0]), -sin], [sin, cos]])
    inside = np.array([rng.uniform(0.25, 0.75) * width, rng.uniform(0.2, 0.7) * height])
    matrix = np.hstack([linear, (at - linear @ inside)[:, None]])
    layers = cv2.warpAffine(hand, matrix, (crop.shape[1], crop.shape[0])).astype(np.float32)
    cover = layers[..., 1] / 255.0
    light = rng.uniform(0.5, 1.2)
    laid = crop * (1.0 - cover) + np.minimum(layers[..., 0] * light, 255.0)
    return laid.astype(np.uint8), cover


def lay_patch(
    rng: np.random.Generator, crop: Levels, covers: Covers, at: Array, span_px: float
) -> tuple[Levels, Array]:
    """A turned box, plain or cut from a scene (a cup, a telephone, a sleeve, paper); as ``lay_hand``."""
    size = span_px * rng.uniform(0.15, 0.8, 2)
    corners = cv2.boxPoints((np.asarray(at, np.float64).tolist(), size.tolist(), rng.uniform(0.0, 180.0)))
    mask = np.zeros(crop.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 255, cv2.LINE_AA)
    cover = mask.astype(np.float32) / 255.0
    under = np.float32(rng.uniform(0, 255)) if rng.random() < 0.4 else covers.scene(rng, *crop.shape)
    return (crop * (1.0 - cover) + under * cover).astype(np.uint8), cover


def lay_mask(rng: np.random.Generator, crop: Levels, outline: Array) -> Levels:
    """A mask of cloth or paper inside ``outline`` [n, 2], bridge of the nose to chin."""
    area = np.zeros(crop.shape, np.uint8)
    cv2.fillPoly(area, [np.round(outline * 8).astype(np.int32)], 255, cv2.LINE_AA, 3)
    cover = area.astype(np.float32) / 255.0
    y = np.arange(crop.shape[0], dtype=np.float32)[:, None]
    folds = np.sin(y * rng.uniform(0.15, 0.8) + rng.uniform(0, 6.3)) * rng.uniform(0.0, 10.0)
    smooth = cv2.GaussianBlur(crop, (0, 0), 7.0).astype(np.float32)
    cloth = rng.uniform(30, 230) + (smooth - smooth.mean()) * rng.uniform(0.2, 0.8) + folds
    out: Levels = np.clip(crop * (1.0 - cover) + cloth * cover, 0, 255).astype(np.uint8)
    return out


def lay_spectacles(
    rng: np.random.Generator,
    crop: Levels,
    covers: Covers,
    eyes: Array,
    *,
    dark: float = 0.0,
    reflection: float = 0.0,
    rim: float = 1.0,
) -> tuple[Levels, Array]:
    """Spectacles before two eyes; gives the crop and the area of the lenses, 0 to 1.

    Args:
        eyes: [2, 2], middles of the eyes, left one in the picture first; they may lie outside the crop.
        dark: how much light the lenses keep back, 0 to 1.
        reflection: strength of what the lenses mirror, 0 none to 1 white.
        rim: how much of the frame is seen; 0 leaves lenses alone.
    """
    pair = covers.spectacles[int(rng.integers(len(covers.spectacles)))]
    (x0, y0), (x1, y1) = pair.centres
    across, wanted = np.array([x1 - x0, y1 - y0]), eyes[1] - eyes[0]
    scale = float(np.hypot(*wanted)) / max(float(np.hypot(*across)), 1.0) * rng.uniform(0.95, 1.2)
    turn = math.atan2(wanted[1], wanted[0]) - math.atan2(across[1], across[0]) + rng.normal(0.0, 0.03)
    tall = rng.uniform(0.9, 1.5)
    cos, sin = math.cos(turn), math.sin(turn)
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([scale, scale * tall])
    middle = eyes.mean(axis=0) + np.array([0.0, rng.normal(0.06, 0.06)]) * float(np.hypot(*wanted))
    matrix = np.hstack([linear, (middle - linear @ pair.centres.mean(axis=0))[:, None]])
    layers = cv2.warpAffine(pair.layers, matrix, (crop.shape[1], crop.shape[0])).astype(np.float32)
    lens = layers[..., 2] / 255.0
    out = crop * (1.0 - dark * lens)
    if dark > 0.0:
        out = out + dark * lens * rng.uniform(0, 25)
    if reflection > 0.0:
        out = out + _mirrored_light(rng, crop.shape, covers) * (lens * np.float32(reflection))
    cover = layers[..., 1] / 255.0 * rim
    out = out * (1.0 - cover) + layers[..., 0] * rim
    return np.clip(out, 0, 255).astype(np.uint8), lens


def _mirrored_light(rng: np.random.Generator, shape: tuple[int, ...], covers: Covers) -> Array:
    """What a lens mirrors: a scene, or windows and lamps, in grey levels."""
    if rng.random() < 0.5:
        scene = covers.scene(rng, shape[0], shape[1]).astype(np.float32)
        bright: Array = np.clip((scene - np.percentile(scene, rng.uniform(30, 80))) * 2.5, 0, 255)
        return bright
    spots = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        at = (rng.uniform(0, shape[1]), rng.uniform(0, shape[0]))
        size = (rng.uniform(0.05, 0.6) * shape[1], rng.uniform(0.05, 0.5) * shape[0])
        corners = cv2.boxPoints((at, size, rng.uniform(0, 180)))
        if rng.random() < 0.5:
            cv2.fillPoly(spots, [np.round(corners).astype(np.int32)], 255.0, cv2.LINE_AA)
        else:
            cv2.ellipse(spots, (at, size, rng.uniform(0, 180)), 255.0, -1, cv2.LINE_AA)
    lit: Array = cv2.GaussianBlur(spots, (0, 0), rng.uniform(0.4, 2.5))
    return lit
