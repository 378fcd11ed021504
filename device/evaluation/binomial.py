"""The exact interval of a share: how sure one can be of few trials. Pure.

Clopper & Pearson, Biometrika 26 (1934): the bounds are the shares at which the count seen, or a more extreme one, still
has half of the remaining probability. Found by bisection, so that no statistics library is needed.
"""

from __future__ import annotations

import math

STEPS = 60


def share_interval(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Bounds of the share, 0 to 1, after ``hits`` of ``trials``.

    Raises:
        ValueError: counts that are no trials, or a confidence outside 0 to 1.
    """
    if not 0 <= hits <= trials or trials < 1 or not 0.0 < confidence < 1.0:
        raise ValueError("a share needs 0 <= hits <= trials, at least one trial, and a confidence between 0 and 1")
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if hits == 0 else _share_with(hits - 1, trials, 1.0 - tail)
    high = 1.0 if hits == trials else _share_with(hits, trials, tail)
    return low, high


def at_most(hits: int, trials: int, share: float) -> float:
    """Probability of ``hits`` or fewer in ``trials``."""
    if share <= 0.0 or hits >= trials:
        return 1.0
    if share >= 1.0:
        return 0.0
    log_hit, log_miss = math.log(share), math.log1p(-share)
    terms = (_log_ways(trials, k) + k * log_hit + (trials - k) * log_miss for k in range(hits + 1))
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def _log_ways(trials: int, hits: int) -> float:
    return math.lgamma(trials + 1) - math.lgamma(hits + 1) - math.lgamma(trials - hits + 1)


def _share_with(hits: int, trials: int, probability: float) -> float:
    """The share at which ``hits`` or fewer have this probability, which falls as the share rises."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if at_most(hits, trials, middle) > probability else (low, middle)
    return (low + high) / 2.0
