"""The estimate of the Karolinska Sleepiness Scale."""

from __future__ import annotations

import pytest

from wakeful.device.state.sleepiness import kss_estimate


def test_it_is_unknown_with_perclos() -> None:
    assert kss_estimate(None, 2.0, 5.0) is None


@pytest.mark.parametrize(
    ("perclos", "ratio", "yawns", "kss"),
    [(0.0, None, 0, 3.0), (0.15, 1.0, 0, 8.0), (0.0, 2.0, 3, 5.0), (0.0, 5.0, 30, 5.0), (0.5, 2.0, 3, 9.0)],
)
def test_it_rises_with_perclos_closure_length_and_yawns_and_ends_at_nine(
    perclos: float, ratio: float | None, yawns: float, kss: float
) -> None:
    assert kss_estimate(perclos, ratio, yawns) == pytest.approx(kss)
