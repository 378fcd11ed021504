"""PERCLOS over a window, with its coverage."""

from __future__ import annotations

import pickle

import pytest

from wakeful.device.state.perclos import Perclos, PerclosWindows

SECOND_NS = 1_000_000_000


def seen_for(
    seconds: float, *closures: tuple[float, float], unseen: tuple[float, float] = (0.0, 0.0)
) -> PerclosWindows:
    """Frames at 30 fps with these closures; eyes are not seen between the two moments of ``unseen``."""
    windows = PerclosWindows(180.0, min_closure_s=0.25, max_gap_s=0.5)
    for frame in range(round(seconds * 30)):
        windows.see(round(frame / 30 * SECOND_NS), not unseen[0] <= frame / 30 < unseen[1])
    for start_s, end_s in closures:
        windows.add_closure(round(start_s * SECOND_NS), round(end_s * SECOND_NS))
    return windows


def over_a_minute(windows: PerclosWindows, at_s: float, running_s: float | None = None) -> Perclos:
    running_ns = None if running_s is None else round(running_s * SECOND_NS)
    return windows.over(60.0, round(at_s * SECOND_NS), 0.5, running_ns)


def test_it_is_the_share_of_closed_time() -> None:
    assert over_a_minute(seen_for(60.0, (10.0, 16.0)), 60.0).share == pytest.approx(0.1, abs=0.002)


def test_blinks_are_left_out() -> None:
    blinks = [(float(start), start + 0.2) for start in range(1, 50)]
    assert over_a_minute(seen_for(60.0, *blinks), 60.0).share == 0.0


def test_a_closure_that_began_before_the_window_counts_as_far_as_it_reaches_in() -> None:
    assert over_a_minute(seen_for(70.0, (5.0, 16.0)), 70.0).share == pytest.approx(0.1, abs=0.002)


def test_the_closure_that_still_lasts_counts() -> None:
    assert over_a_minute(seen_for(60.0), 60.0, running_s=54.0).share == pytest.approx(0.1, abs=0.002)


def test_unseen_time_lowers_the_coverage_and_counts_neither_way() -> None:
    found = over_a_minute(seen_for(60.0, (0.0, 4.0), unseen=(20.0, 40.0)), 60.0)
    assert found.coverage == pytest.approx(2 / 3, abs=0.02)
    assert found.share == pytest.approx(0.1, abs=0.005)


def test_below_the_minimal_coverage_the_share_is_unknown() -> None:
    found = over_a_minute(seen_for(60.0, unseen=(20.0, 55.0)), 60.0)
    assert found.share is None
    assert found.coverage == pytest.approx(25 / 60, abs=0.02)


def test_memory_does_not_grow_with_the_drive() -> None:
    assert len(pickle.dumps(seen_for(1200.0))) <= 1.2 * len(pickle.dumps(seen_for(400.0)))
