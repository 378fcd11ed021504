"""What light and cameras do to a picture, one effect a function: the same frame and value give the same picture.

Each takes the picture, uint8 [height, width, 3] blue-green-red, and its ``Shot``, and gives a new picture. Where light
falls on a face, ``Shot.face`` says where that is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.sensors.opencv import cv2

Picture = NDArray[np.uint8]
Map = NDArray[np.float32]

_NOISE = np.random.default_rng(0).standard_normal(1 << 21).astype(np.float32)
"""Noise is cut from here at a place that the frame's number gives: drawing it costs more than reading a face."""
DARK = 0.04
"""Light of a frame between two flashes of a strobed lamp."""
SHADE, SUN = 0.45, 2.2
"""Light under leaves and between them."""
UNLIT = 0.15
"""Light of the far side of a face that is lit from one side."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What an effect knows of its picture.

    Attributes:
        seq, t_s: number of the frame and its time since the first.
        face: middle and width of the watched face, as shares of the picture's width and height: x, y, width.
    """

    seq: int
    t_s: float
    face: tuple[float, float, float]


Effect = Callable[[Picture, Shot, float], Picture]


def grey(picture: Picture, shot: Shot, value: float) -> Picture:
    """No colour, as under infra-red."""
    return _picture(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))


def gain(picture: Picture, shot: Shot, value: float) -> Picture:
    """``value`` times the light; what overflows is lost."""
    return _picture(cv2.convertScaleAbs(picture, alpha=value))


def noise(picture: Picture, shot: Shot, value: float) -> Picture:
    """Noise of a standard deviation of ``value`` grey levels, another one in each frame."""
    height, width = picture.shape[:2]
    begin = (shot.seq * 768_143) % (len(_NOISE) - min(height * width, len(_NOISE) - 1))
    levels = np.resize(_NOISE[begin : begin + height * width], (height, width))
    one = (levels * np.float32(value)).round().astype(np.int16)
    return _picture(cv2.add(picture, cv2.merge([one, one, one]), dtype=cv2.CV_8U))


def jpeg(picture: Picture, shot: Shot, value: float) -> Picture:
    """Compressed with a quality of ``value``, as cheap cameras do."""
    coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(value)])[1]
    return _picture(cv2.imdecode(coded, cv2.IMREAD_COLOR))


def width(picture: Picture, shot: Shot, value: float) -> Picture:
    """``value`` pixels wide, if it was wider."""
    high, wide = picture.shape[:2]
    if wide <= value:
        return picture
    size = (int(value), max(round(high * value / wide), 1))
    return _picture(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def strobe(picture: Picture, shot: Shot, value: float) -> Picture:
    """Only one frame in ``value`` is lit."""
    return picture if shot.seq % round(value) == 0 else gain(picture, shot, DARK)


def vignette(picture: Picture, shot: Shot, value: float) -> Picture:
    """Light that falls off from the middle, to ``value`` in the corners."""
    return _lit(picture, _vignette(*picture.shape[:2], value))


def hotspot(picture: Picture, shot: Shot, value: float) -> Picture:
    """A lamp near the lens: ``value`` times the light on one cheek, half of it around."""
    return _lit(picture, _spot(*picture.shape[:2], shot.face, value))


def half(picture: Picture, shot: Shot, value: float) -> Picture:
    """One side of the face in ``value`` times the light, the other in the shade."""
    return _lit(picture, _side(*picture.shape[:2], shot.face, value))


def leaves(picture: Picture, shot: Shot, value: float) -> Picture:
    """Patches of sun pass over the face, so that each place is lit and shaded ``value`` times a second."""
    high, wide = picture.shape[:2]
    patch = max(shot.face[2] * wide / 2.0, 8.0)
    x = (np.arange(wide, dtype=np.float32) / patch + 2.0 * value * shot.t_s) * np.float32(math.pi)
    y = np.arange(high, dtype=np.float32) / np.float32(patch) * np.float32(0.7 * math.pi)
    wave = np.sin(x[None, :] + 0.6 * np.sin(y)[:, None]) + 0.4 * np.sin(1.7 * y)[:, None]
    return _lit(picture, (SHADE + (SUN - SHADE) / (1.0 + np.exp(-5.0 * wave))).astype(np.float32))


def blue(picture: Picture, shot: Shot, value: float) -> Picture:
    """A picture that is stored in its blue channel only."""
    out = np.zeros_like(picture)
    out[..., 0] = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return out


def fog(picture: Picture, shot: Shot, value: float) -> Picture:
    """A fogged lens: ``value`` of the picture is left, blurred, the rest is light."""
    soft = cv2.GaussianBlur(picture, (0, 0), max(0.006 * picture.shape[1], 0.6))
    return _picture(cv2.convertScaleAbs(soft, alpha=value, beta=(1.0 - value) * 190.0))


def drops(picture: Picture, shot: Shot, value: float) -> Picture:
    """``value`` drops on the lens, where they stay; each shows what is around it, upside down and blurred."""
    high, wide = picture.shape[:2]
    out = picture.astype(np.float32)
    seen = cv2.GaussianBlur(cv2.flip(picture, 0), (0, 0), 0.02 * wide).astype(np.float32)
    weight = _drops(high, wide, shot.face, round(value))[..., None]
    out += weight * (np.float32(1.15) * seen - out)
    return _picture(np.clip(out, 0.0, 255.0).astype(np.uint8))


EFFECTS: dict[str, Effect] = {
    one.__name__: one
    for one in (grey, gain, noise, jpeg, width, strobe, vignette, hotspot, half, leaves, blue, fog, drops)
}


def _picture(found: Any) -> Picture:
    return np.asarray(found, np.uint8)


def _lit(picture: Picture, light: Map) -> Picture:
    return _picture(np.clip(picture * light[..., None], 0.0, 255.0).astype(np.uint8))


@lru_cache(maxsize=8)
def _vignette(high: int, wide: int, corners: float) -> Map:
    y, x = np.mgrid[-1.0 : 1.0 : high * 1j, -1.0 : 1.0 : wide * 1j].astype(np.float32)
    light: Map = 1.0 - np.float32(1.0 - corners) * (x * x + y * y) / np.float32(2.0)
    return light


@lru_cache(maxsize=8)
def _spot(high: int, wide: int, face: tuple[float, float, float], most: float) -> Map:
    size = face[2] * wide
    y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
    x, y = (x - (face[0] * wide - 0.2 * size)) / (0.4 * size), (y - face[1] * high) / (0.4 * size)
    light: Map = np.float32(most) * (0.5 + 0.5 * np.exp(-(x * x + y * y))).astype(np.float32)
    return light


@lru_cache(maxsize=8)
def _side(high: int, wide: int, face: tuple[float, float, float], lit: float) -> Map:
    x = (np.arange(wide, dtype=np.float32) - face[0] * wide) / (0.06 * face[2] * wide)
    row = UNLIT + (lit - UNLIT) / (1.0 + np.exp(-np.clip(x, -30.0, 30.0)))
    return np.broadcast_to(row.astype(np.float32), (high, wide))


@lru_cache(maxsize=8)
def _drops(high: int, wide: int, face: tuple[float, float, float], count: int) -> Map:
    """How much of each place a drop shows. Every third one lies on the face."""
    rng = np.random.default_rng(7)
    weight = np.zeros((high, wide), np.float32)
    for number in range(count):
        place = rng.uniform(0.0, 1.0, 2)
        if number % 3 == 0:
            place = np.array(face[:2]) + rng.uniform(-0.4, 0.4, 2) * face[2] * np.array([1.0, wide / high])
        radius = rng.uniform(0.012, 0.035) * wide
        cv2.circle(weight, (int(place[0] * wide), int(place[1] * high)), max(round(radius), 1), 1.0, -1)
    return np.asarray(cv2.GaussianBlur(weight, (0, 0), max(0.004 * wide, 0.5)), np.float32)
