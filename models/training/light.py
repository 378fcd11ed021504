"""What cameras and light do to a grey crop: exposure, shade, sun, the dark, infra-red lamps, focus, noise, JPEG."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2

Levels = NDArray[Any]

_NOISE = np.random.default_rng(0).standard_normal(1 << 20).astype(np.float32)
"""Noise is cut from here at a random place: drawing it every time is the dearest part of a sample."""


@dataclass(frozen=True, slots=True)
class Light:
    """How far pictures are varied; each number is the share of crops that an effect comes to.

    Attributes:
        brightest: the most that an overflowing exposure multiplies levels by.
        strength: how far effects go, beside 1.
    """

    gamma: float = 0.6
    shade: float = 0.35
    coarse: float = 0.25
    blur: float = 0.25
    overflow: float = 0.1
    sun: float = 0.06
    infrared: float = 0.12
    leaves: float = 0.04
    dim: float = 0.06
    noise: float = 0.6
    jpeg: float = 0.2
    strength: float = 1.0
    brightest: float = 2.4

    def calmer(self) -> Light:
        """As frames mostly are."""
        return Light(
            0.3, 0.15, 0.1, 0.1, 0.03, 0.5 * self.sun, 0.06, 0.5 * self.leaves, 0.5 * self.dim, 0.4, 0.1, 0.6, 1.8
        )


def varied(rng: np.random.Generator, grey: NDArray[np.uint8], light: Light) -> NDArray[np.uint8]:
    """A grey crop under another light, through another camera."""
    chance = rng.random(11)
    levels: Levels = grey.astype(np.float32)
    if chance[0] < light.infrared:
        levels = _infrared(rng, levels)
    if chance[1] < light.gamma:
        levels = _curve(levels, math.exp(rng.normal(0.0, 0.35 * light.strength)))
    if chance[2] < light.shade:
        levels = levels * _shade(rng, levels.shape, light.strength)
    levels = levels * rng.uniform(1.0 - 0.5 * light.strength, 1.0 + 0.25 * light.strength) + rng.uniform(-12, 20)
    if chance[3] < light.coarse:
        rows, columns = levels.shape
        share = rng.uniform(0.3, 0.85)
        small = (max(int(columns * share), 8), max(int(rows * share), 8))
        coarse: Any = cv2.resize(levels, small, interpolation=cv2.INTER_AREA)
        levels = cv2.resize(coarse, (columns, rows))
    if chance[4] < light.blur:
        levels = _out_of_focus(rng, levels, light.strength)
    if chance[5] < light.overflow:
        levels = levels * rng.uniform(1.3, light.brightest)
    if chance[8] < light.sun:
        levels = levels + _sun(rng, levels.shape)
    if chance[9] < light.leaves:
        levels = levels * _leaves(rng, levels.shape)
    if chance[10] < light.dim:
        gain = rng.uniform(0.08, 0.4)  # with as much noise as leaves a face to see
        levels = levels * gain + noise(rng, levels.shape, rng.uniform(0.5, 20.0 * gain))
    elif chance[6] < light.noise:
        levels = levels + noise(rng, levels.shape, rng.uniform(1.0, 9.0 * light.strength))
    bounded: NDArray[np.uint8] = np.clip(levels, 0.0, 255.0).astype(np.uint8)
    if chance[7] < light.jpeg:
        quality = int(rng.uniform(20, 85))
        coded: Any = cv2.imdecode(cv2.imencode(".jpg", bounded, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 0)
        return np.asarray(coded, np.uint8)
    return bounded


def noise(rng: np.random.Generator, shape: tuple[int, ...], spread: float) -> Levels:
    """Gaussian noise in grey levels."""
    count = math.prod(shape)
    begin = int(rng.integers(len(_NOISE) - count))
    cut: Levels = _NOISE[begin : begin + count].reshape(shape) * np.float32(spread)
    return cut


def noisy(rng: np.random.Generator, grey: NDArray[np.uint8], spread: float = 3.0) -> NDArray[np.uint8]:
    """A still picture in a next frame."""
    levels = grey + noise(rng, grey.shape, spread)
    out: NDArray[np.uint8] = np.clip(levels, 0, 255).astype(np.uint8)
    return out


def _curve(levels: Levels, power: float) -> Levels:
    table = (255.0 * (np.arange(256) / 255.0) ** power).astype(np.float32)
    return table[np.clip(levels, 0, 255).astype(np.uint8)]


def _shade(rng: np.random.Generator, shape: tuple[int, ...], strength: float) -> Levels:
    turn, depth = rng.uniform(0.0, 2.0 * math.pi), rng.uniform(0.0, 0.8 * strength)
    x = np.linspace(-1.0, 1.0, shape[1], dtype=np.float32) * math.cos(turn)
    y = np.linspace(-1.0, 1.0, shape[0], dtype=np.float32) * math.sin(turn)
    ramp: Levels = 1.0 + np.float32(depth) * (x[None, :] + y[:, None])
    return np.clip(ramp, 0.15, 2.0)


def _sun(rng: np.random.Generator, shape: tuple[int, ...]) -> Levels:
    """Low sun from one side: past an edge through the crop everything is washed out."""
    turn = rng.uniform(0.0, 2.0 * math.pi)
    x = np.linspace(-1.0, 1.0, shape[1], dtype=np.float32) * math.cos(turn)
    y = np.linspace(-1.0, 1.0, shape[0], dtype=np.float32) * math.sin(turn)
    past = (x[None, :] + y[:, None] - rng.uniform(-0.2, 0.8)) / rng.uniform(0.1, 0.6)
    glare: Levels = np.float32(rng.uniform(100.0, 255.0)) * np.clip(past, 0.0, 1.0)
    return glare


def _leaves(rng: np.random.Generator, shape: tuple[int, ...]) -> Levels:
    """Patches of sun and shade with soft edges, as under trees."""
    patches = rng.standard_normal((int(rng.integers(3, 9)), int(rng.integers(3, 9)))).astype(np.float32)
    spread: Any = cv2.resize(patches, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    lit: Levels = 1.0 + np.float32(rng.uniform(0.3, 1.5)) / (1.0 + np.exp(-6.0 * spread))
    return lit


def _out_of_focus(rng: np.random.Generator, levels: Levels, strength: float) -> Levels:
    wide = rng.uniform(0.4, 0.4 + 1.2 * strength)
    blurred: Levels = cv2.GaussianBlur(levels, (0, 0), wide, sigmaY=wide * rng.uniform(0.4, 1.0))
    return blurred


def _infrared(rng: np.random.Generator, levels: Levels) -> Levels:
    """Skin is bright and even, eyes and brows are pale against it, the light falls off from the middle."""
    smooth = cv2.GaussianBlur(levels, (0, 0), 6.0)
    flat = rng.uniform(0.3, 0.8)
    levels = 150.0 + (smooth - 150.0) * flat + (levels - smooth) * rng.uniform(0.7, 1.3)
    rows, columns = levels.shape
    x = np.linspace(-1.0, 1.0, columns, dtype=np.float32) + np.float32(rng.normal(0.0, 0.3))
    y = np.linspace(-1.0, 1.0, rows, dtype=np.float32) + np.float32(rng.normal(0.0, 0.3))
    spot = np.exp(-rng.uniform(0.1, 0.9) * (x[None, :] ** 2 + y[:, None] ** 2))
    lit: Levels = levels * (0.4 + spot).astype(np.float32)
    return lit


def standardise(grey: NDArray[np.uint8], least: float = 8.0) -> NDArray[np.float32]:
    """Mean 0, deviation 1; a crop with a deviation under ``least`` grey levels is not stretched any further."""
    mean, spread = cv2.meanStdDev(grey)
    out: NDArray[np.float32] = (grey.astype(np.float32) - np.float32(mean[0, 0])) / np.float32(max(spread[0, 0], least))
    return out
