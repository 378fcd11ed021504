"""An estimate of the Karolinska Sleepiness Scale. Shown as an estimate; no figure here was fitted to people."""

from __future__ import annotations

ALERT_KSS = 3.0


def kss_estimate(perclos: float | None, closure_ratio: float | None, yawns: float) -> float | None:
    """1 (very alert) to 9 (fighting sleep), None while PERCLOS is unknown.

    A straight line through two points of the literature: no closures are an alert driver (KSS 3), PERCLOS 0.15 is a
    drowsy one (KSS 8; Wierwille et al. 1994 set the bound, (EU) 2021/1341 the level that must warn). Longer closures
    than usual and yawns add up to one point each.
    """
    if perclos is None:
        return None
    longer = min(1.0, max(0.0, (closure_ratio or 1.0) - 1.0))
    yawning = min(1.0, yawns / 3.0)
    return min(9.0, max(1.0, ALERT_KSS + perclos * 5.0 / 0.15 + longer + yawning))
