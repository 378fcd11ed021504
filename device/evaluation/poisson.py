"""The exact interval of a Poisson rate: the uncertainty of a rate from few events in a short time."""

from __future__ import annotations

from wakeful.device.extras import need


def rate_interval(events: int, hours: float, confidence: float = 0.95) -> tuple[float, float]:
    """Bounds of the rate, 1/h, after ``events`` in ``hours``: Garwood, Biometrika 28 (1936).

    Raises:
        ConfigError: the extra ``[evaluate]`` is not installed.
        ValueError: a count below 0, no time, or a confidence outside 0 to 1.
    """
    if events < 0 or not hours > 0.0 or not 0.0 < confidence < 1.0:
        raise ValueError("a rate needs a count of 0 or more, a time above 0, and a confidence between 0 and 1")
    need("evaluate", "scipy")
    from scipy.special import gammaincinv

    # The mean at which a count has a given probability is a quantile of the gamma distribution.
    tail = (1.0 - confidence) / 2.0
    low = float(gammaincinv(events, tail)) if events else 0.0
    return low / hours, float(gammaincinv(events + 1, 1.0 - tail)) / hours
