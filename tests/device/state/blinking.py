"""Somebody who blinks, as a series of openings that any camera could sample."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FINE_FPS = 480.0


def blinking(count: int, *, sleepy: bool, seed: int = 0) -> Floats:
    """Openings at ``FINE_FPS``: lids that fall, stay and rise smoothly, from two to four seconds apart.

    The sleepy ones hang, fall and rise more slowly, and some stay down.
    """
    rng = random.Random(seed)
    parts: list[Floats] = []
    for _ in range(count):
        height = min(1.0, max(0.55, rng.gauss(0.78, 0.07) if sleepy else rng.gauss(0.95, 0.03)))
        bottom = min(0.3, max(0.0, rng.gauss(0.08, 0.06)))
        fall_s = max(0.05, rng.gauss(0.13, 0.04) if sleepy else rng.gauss(0.09, 0.015))
        stay_s = abs(rng.gauss(0.06, 0.1) if sleepy else rng.gauss(0.04, 0.02)) + 0.01
        rise_s = max(0.08, rng.gauss(0.25, 0.08) if sleepy else rng.gauss(0.17, 0.04))
        parts += [
            np.full(round(rng.uniform(1.5, 4.0) * FINE_FPS), height),
            _glide(height, bottom, fall_s),
            np.full(round(stay_s * FINE_FPS), bottom),
            _glide(bottom, height, rise_s),
        ]
    return np.concatenate([*parts, np.ones(round(2 * FINE_FPS))])


def sampled(fine: Floats, fps: float, phase: float = 0.3) -> list[tuple[int, float]]:
    """Capture times in ns and openings, as a camera of this rate sees them."""
    times = np.arange(phase / fps, (len(fine) - 1) / FINE_FPS, 1.0 / fps)
    openings = np.interp(times, np.arange(len(fine)) / FINE_FPS, fine)
    return [(round(t_s * 1e9), float(opening)) for t_s, opening in zip(times, openings, strict=True)]


def _glide(begin: float, end: float, seconds: float) -> Floats:
    share = np.linspace(0.0, 1.0, max(2, round(seconds * FINE_FPS)))
    return np.asarray(begin + (end - begin) * share * share * (3.0 - 2.0 * share))
