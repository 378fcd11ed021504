"""The exact interval of a share: how certain a share of few trials is."""

from __future__ import annotations

from wakeful.device.extras import need


def share_interval(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Bounds of the share, 0 to 1, after ``hits`` of ``trials``: Clopper & Pearson, Biometrika 26 (1934).

    Raises:
        ConfigError: the extra ``[evaluate]`` is not installed.
        ValueError: counts that are no trials, or a confidence outside 0 to 1.
    """
    if not 0 <= hits <= trials or trials < 1 or not 0.0 < confidence < 1.0:
        raise ValueError("a share needs 0 <= hits <= trials, at least one trial, and a confidence between 0 and 1")
    need("evaluate", "scipy")
    from scipy.stats import binomtest

    interval = binomtest(hits, trials).proportion_ci(confidence, method="exact")
    return float(interval.low), float(interval.high)
