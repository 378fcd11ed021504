"""How sure a figure is: its interval of 95 % over the examples, by the bootstrap (Efron and Tibshirani, 1993)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def middle_95(values: Array) -> tuple[float, float]:
    """Between what the middle 95 % of the values lie; NaN are left out."""
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


def interval_95(figure: Callable[[Array], float], count: int, digits: int, rounds: int = 1000) -> list[float]:
    """Interval of ``figure`` over ``count`` examples, rounded to so many ``digits``.

    Args:
        figure: of the examples with these indices, [count], drawn with replacement.
    """
    rng = np.random.default_rng(9)
    found = np.array([figure(rng.integers(0, count, count)) for _ in range(rounds)])
    return [round(value, digits) for value in middle_95(found)]


def with_interval(name: str, values: Array, digits: int, figure: Callable[[Array], Any] = np.mean) -> dict[str, Any]:
    """``name``: the ``figure`` (mean, median) of the values, one an example, and ``name_95``: its interval."""
    return {
        name: round(float(figure(values)), digits),
        f"{name}_95": interval_95(lambda rows: float(figure(values[rows])), len(values), digits),
    }
