"""The coefficients of sleepiness from people who rated themselves: three numbers, by an ordinal logistic regression.

Each moment of a recording counts, each recording as much as any other. Both bounds of the three levels (low vigilant or
more, drowsy) share the slopes; the intercept is that of "drowsy".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wakeful.device.state.profile import BlinksSection
from wakeful.device.state.sleepiness import DURATION_LIMITS, SHALLOW_LIMIT

Floats = NDArray[np.float64]
Coefficients = tuple[float, float, float]
"""Intercept, duration, shallow."""
RIDGE = 1.0
ROUNDS = 40
LOW_VIGILANT, DROWSY = 5, 10


def moments(deviations: Floats, section: BlinksSection) -> Floats:
    """Both averages over the last blinks, at each blink from which on something is known: [n, 2]."""
    duration = np.clip(deviations[:, 0], *DURATION_LIMITS)
    shallow = np.clip(-deviations[:, 1] / SHALLOW_LIMIT, 0.0, 1.0)
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(np.stack([duration, shallow], axis=1), axis=0)])
    ends = np.arange(section.least, len(deviations) + 1)
    begins = np.maximum(0, ends - section.window)
    return np.asarray((sums[ends] - sums[begins]) / (ends - begins)[:, None])


def fit(recordings: Sequence[tuple[Floats, int]], section: BlinksSection) -> Coefficients:
    """Coefficients from recordings as deviations [n, 2] and their level."""
    known = [(moments(deviations, section), level) for deviations, level in recordings]
    known = [(found, level) for found, level in known if len(found)]
    x = np.concatenate([found for found, _ in known])
    levels = np.concatenate([np.full(len(found), level) for found, level in known])
    weights = np.concatenate([np.full(len(found), 1.0 / len(found)) for found, _ in known])
    ones, spread = np.ones(len(x)), x.std(axis=0)
    # Columns: both slopes, the intercept of the lower bound, and what the higher one has more.
    design = np.concatenate([np.column_stack([x / spread, ones, high * ones]) for high in (0.0, 1.0)])
    right = np.concatenate([levels >= LOW_VIGILANT, levels >= DROWSY]).astype(float)
    found = _newton(design, right, np.tile(weights, 2), np.array([RIDGE, RIDGE, 1e-6, 1e-6]))
    return float(found[2] + found[3]), float(found[0] / spread[0]), float(found[1] / spread[1])


def _newton(design: Floats, right: Floats, weights: Floats, ridge: Floats) -> Floats:
    found = np.zeros(design.shape[1])
    for _ in range(ROUNDS):
        p = 1.0 / (1.0 + np.exp(-design @ found))
        slope = design.T @ (weights * (p - right)) + ridge * found
        curve = (design * (weights * p * (1.0 - p))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        found -= step
        if np.abs(step).max() < 1e-8:
            break
    return found
