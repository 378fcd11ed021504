"""The exact interval of a Poisson rate: how sure one can be of few events in a short time. Pure.

Garwood, Biometrika 28 (1936): the bounds are the means at which the count seen, or a more extreme one, still has half
of the remaining probability. Found by bisection, so that no statistics library is needed.
"""

from __future__ import annotations

import math

PRECISION = 1e-10


def rate_interval(events: int, hours: float, confidence: float = 0.95) -> tuple[float, float]:
    """Bounds of the rate, 1/h, after ``events`` in ``hours``.

    Raises:
        ValueError: a count below 0, no time, or a confidence outside 0 to 1.
    """
    if events < 0 or not hours > 0.0 or not 0.0 < confidence < 1.0:
        raise ValueError("a rate needs a count of 0 or more, a time above 0, and a confidence between 0 and 1")
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if events == 0 else _mean_with(events - 1, 1.0 - tail)
    return low / hours, _mean_with(events, tail) / hours


def at_most(count: int, mean: float) -> float:
    """Probability of ``count`` events or fewer where ``mean`` are expected."""
    if mean <= 0.0:
        return 1.0
    # In logarithms, since both the mean's power and the factorial overflow from a few hundred on.
    terms = (k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(count + 1))
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def _mean_with(count: int, probability: float) -> float:
    """The mean at which ``count`` events or fewer have this probability, which falls as the mean rises."""
    low, high = 0.0, float(count + 1)
    while at_most(count, high) > probability:
        high *= 2.0
    while high - low > PRECISION * high:
        middle = (low + high) / 2.0
        low, high = (middle, high) if at_most(count, middle) > probability else (low, middle)
    return (low + high) / 2.0
