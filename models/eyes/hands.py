"""Hands drawn before faces: fingers, knuckles, nails, a palm with creases, in the skin of the face behind them.

Not simulated: joints that bend out of the picture's plane, rings, the shadow that a hand throws on the face.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]


def draw_hand(
    rng: np.random.Generator, side_px: int, at: Array, span_px: float, skin: Array, light: float
) -> tuple[Array, Array]:
    """A hand whose fingers or palm lie over a point.

    Args:
        side_px: side of the picture.
        at: the point, pixels.
        span_px: width of a face of the same person.
        skin: blue-green-red.
        light: -1 to 1, from which side of a finger light comes.

    Returns:
        Its picture float32 [side, side, 3] and its cover float32 [side, side], 0 to 1.
    """
    width = span_px * rng.uniform(0.11, 0.19)
    angle = rng.uniform(0.0, 2.0 * math.pi)
    count = int(rng.integers(2, 5)) if rng.random() < 0.25 else 4
    length = width * rng.uniform(3.4, 5.0)
    gap = width * (rng.uniform(0.75, 0.98) if rng.random() < 0.75 else rng.uniform(0.98, 1.25))
    # Where along the hand the point lies: on the fingers, at the knuckles or on the palm.
    back = length * rng.uniform(0.25, 0.85) if rng.random() < 0.55 else -width * rng.uniform(0.0, 3.0)
    along, across = _unit(angle), _unit(angle + math.pi / 2.0)
    root = at - along * back - across * gap * (count - 1) / 2.0 + across * gap * rng.uniform(-0.7, 0.7)
    uneven = _uneven(rng, side_px, 0.12)
    drawing = _Drawing(
        rng, skin, light, np.zeros((side_px, side_px, 3), np.float32), np.zeros((side_px, side_px), np.float32)
    )
    palm = root + across * gap * (count - 1) / 2.0 - along * width * rng.uniform(1.4, 2.2)
    hand = _Hand(root, palm, angle, count, width, length, gap)
    _draw_palm(drawing, hand)
    nails = rng.random() < 0.5
    _draw_fingers(drawing, hand, nails)
    if rng.random() < 0.6:
        _draw_thumb(drawing, hand, nails)
    picture = drawing.picture * uneven[..., None]
    # Soft light and a soft camera leave less of the modelling.
    flat = skin.astype(np.float32)
    picture = flat + (picture - flat) * np.float32(rng.uniform(0.35, 1.1))
    blur = rng.uniform(0.2, 1.6)
    return cv2.GaussianBlur(picture, (0, 0), blur), cv2.GaussianBlur(drawing.cover, (0, 0), min(blur, 0.8))


@dataclass(frozen=True, slots=True)
class _Hand:
    """Where a hand lies: the root of its first finger, the middle of its palm, its direction; sizes in pixels."""

    root: Array
    palm: Array
    angle: float
    count: int
    width: float
    length: float
    gap: float

    @property
    def along(self) -> Array:
        return _unit(self.angle)

    @property
    def across(self) -> Array:
        return _unit(self.angle + math.pi / 2.0)

    @property
    def half(self) -> float:
        """From the middle of the palm to the outer fingers."""
        return self.gap * (self.count - 1) / 2.0


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What is drawn so far, and in what."""

    rng: np.random.Generator
    skin: Array
    light: float
    picture: Array
    cover: Array

    def limb(
        self, start: Array, end: Array, radius: float, tone: float = 1.0, *, finger: bool = False, nail: bool = False
    ) -> None:
        skin = self.skin * tone
        _segment(self.rng, self.picture, self.cover, start, end, radius, skin, self.light, finger=finger, nail=nail)


def _draw_palm(drawing: _Drawing, hand: _Hand) -> None:
    reach = hand.across * hand.half * 0.8
    drawing.limb(hand.palm - reach, hand.palm + reach, hand.width * 2.0)
    drawing.limb(hand.palm, hand.palm - hand.along * hand.width * 6.0, hand.width * 1.5, 0.96)
    _creases(drawing.rng, drawing.picture, hand.palm, hand.width)


def _draw_fingers(drawing: _Drawing, hand: _Hand, nails: bool) -> None:
    rng = drawing.rng
    lengths = (0.88, 1.0, 0.97, 0.8) if rng.random() < 0.5 else (0.8, 0.97, 1.0, 0.88)
    spread = rng.uniform(-0.02, 0.07)
    for i in rng.permutation(hand.count):
        turn = hand.angle + (i - (hand.count - 1) / 2.0) * spread + rng.normal(0.0, 0.02)
        start = hand.root + hand.across * hand.gap * i - hand.along * hand.width * 0.6
        end = start + _unit(turn) * hand.length * lengths[i]
        tone = rng.uniform(0.93, 1.07)
        drawing.limb(start, end, hand.width * rng.uniform(0.46, 0.54), tone, finger=True, nail=nails)


def _draw_thumb(drawing: _Drawing, hand: _Hand, nail: bool) -> None:
    rng = drawing.rng
    side = 1.0 if rng.random() < 0.5 else -1.0
    start = hand.palm + hand.across * side * (hand.half + hand.width * 0.8) - hand.along * hand.width
    end = start + _unit(hand.angle + side * rng.uniform(0.1, 0.9)) * hand.width * rng.uniform(2.4, 3.4)
    drawing.limb(start, end, hand.width * 0.58, finger=True, nail=nail)


def _segment(
    rng: np.random.Generator,
    picture: Array,
    cover: Array,
    start: Array,
    end: Array,
    radius: float,
    skin: Array,
    light: float,
    *,
    finger: bool = False,
    nail: bool = False,
) -> None:
    """One rounded limb over what is drawn already, in place."""
    side = picture.shape[0]
    low = np.clip(np.floor(np.minimum(start, end) - radius - 2), 0, side).astype(int)
    high = np.clip(np.ceil(np.maximum(start, end) + radius + 2), 0, side).astype(int)
    if (high <= low).any():
        return
    y, x = np.mgrid[low[1] : high[1], low[0] : high[0]].astype(np.float32)
    line = end - start
    length = max(float(np.hypot(*line)), 1e-3)
    t = ((x - start[0]) * line[0] + (y - start[1]) * line[1]) / length**2
    inside = np.clip(t, 0.0, 1.0)
    off_x, off_y = x - start[0] - inside * line[0], y - start[1] - inside * line[1]
    taper = radius * (1.0 - 0.18 * inside) if finger else radius
    u = np.hypot(off_x, off_y) / taper
    aside = (off_x * line[1] - off_y * line[0]) / length / taper
    round_ = np.sqrt(np.clip(1.0 - u * u, 0.0, 1.0))
    shade = 0.72 + 0.34 * round_**0.7 + 0.16 * light * aside
    rim_from = rng.uniform(0.6, 0.9)
    shade *= 1.0 - rng.uniform(0.0, 0.4) * np.clip((u - rim_from) / (1.0 - rim_from), 0.0, 1.0) ** 2
    if finger:
        thick = rng.uniform(0.8, 2.0)
        for joint in (0.42 + rng.normal(0, 0.03), 0.72 + rng.normal(0, 0.03)):
            strength = rng.uniform(0.0, 0.22)
            for fold in rng.normal(0.0, 2.0 / length + 0.02, 3):
                bow = 0.03 * aside**2
                shade *= 1.0 - strength * np.exp(-(((t - joint - fold - bow) * length / thick) ** 2))
    part = skin[None, None, :] * shade[..., None]
    if nail and length > 4 * radius:
        middle = (t - (1.0 + 0.1 * radius / length)) * length / (0.75 * radius)
        ring = np.hypot(middle, aside / 0.62)
        part = part * (1.0 - 0.25 * np.exp(-(((ring - 1.0) / 0.15) ** 2)))[..., None]
        part = part + np.where(ring < 1.0, 18.0, 0.0)[..., None] * np.array([0.9, 0.7, 1.0], np.float32)
    shown = np.clip((1.0 - u) * radius + 0.5, 0.0, 1.0)[..., None]
    piece = np.s_[low[1] : high[1], low[0] : high[0]]
    # What lies under a limb's rim is in its shade.
    rim = np.clip((1.25 - u) / 0.25, 0.0, 1.0) * 0.25
    under = picture[piece] * (1.0 - rim[..., None])
    picture[piece] = under * (1.0 - shown) + part * shown
    cover[piece] = np.maximum(cover[piece], shown[..., 0])


def _creases(rng: np.random.Generator, picture: Array, middle: Array, width: float) -> None:
    layer = np.zeros(picture.shape[:2], np.float32)
    for _ in range(int(rng.integers(0, 5))):
        start = middle + rng.normal(0.0, width, 2)
        turn, bend = rng.uniform(0, 2 * math.pi), rng.normal(0.0, 0.25)
        points = [start]
        for step in range(8):
            points.append(points[-1] + _unit(turn + bend * step) * width * 0.35)
        cv2.polylines(
            layer, [np.round(np.array(points)).astype(np.int32)], False, rng.uniform(0.1, 0.45), 1, cv2.LINE_AA
        )
    picture *= 1.0 - cv2.GaussianBlur(layer, (0, 0), 0.8)[..., None]


def _uneven(rng: np.random.Generator, side_px: int, strength: float) -> Array:
    """Blotches of skin, around 1."""
    coarse = rng.standard_normal((8, 8)).astype(np.float32) * strength * 0.5
    fine = rng.standard_normal((side_px // 3, side_px // 3)).astype(np.float32) * strength * 0.25
    size = (side_px, side_px)
    uneven: Array = 1.0 + cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC) + cv2.resize(fine, size)
    return uneven


def _unit(angle: float) -> Array:
    return np.array([math.cos(angle), math.sin(angle)], np.float32)
