"""The person's own open eye."""

from __future__ import annotations

import pytest

from wakeful.device.state.baseline import AVERAGE_ASPECT, OpenEyeBaseline, opening

SECOND_NS = 1_000_000_000


def taught(baseline: OpenEyeBaseline, aspect: float, seconds: float, from_s: float = 0.0) -> float:
    """Show an aspect at 30 fps; gives the time it ended."""
    for frame in range(round(seconds * 30)):
        baseline.add(round((from_s + frame / 30) * SECOND_NS), aspect)
    return from_s + seconds


def test_before_anything_is_seen_it_is_an_average_eye() -> None:
    assert OpenEyeBaseline(60.0, 0.9).aspect == AVERAGE_ASPECT


def test_it_becomes_the_persons_own_within_seconds() -> None:
    baseline = OpenEyeBaseline(60.0, 0.9)
    taught(baseline, 0.2, 3.0)
    assert baseline.aspect == pytest.approx(0.2)


def test_progress_counts_seen_time_whatever_the_frame_rate() -> None:
    baseline = OpenEyeBaseline(60.0, 0.9)
    taught(baseline, 0.3, 15.0)
    assert baseline.progress_pct == pytest.approx(25.0, abs=2.0)


def test_a_tiring_driver_cannot_teach_it_away() -> None:
    baseline = OpenEyeBaseline(60.0, 0.9)
    end_s = taught(baseline, 0.3, 61.0)
    taught(baseline, 0.15, 3600.0, end_s)
    assert baseline.aspect == pytest.approx(0.27)


def test_it_rises_freely() -> None:
    baseline = OpenEyeBaseline(60.0, 0.9)
    end_s = taught(baseline, 0.3, 61.0)
    taught(baseline, 0.4, 61.0, end_s)
    assert baseline.aspect == pytest.approx(0.4)


@pytest.mark.parametrize(("aspect", "expected"), [(0.3, 1.0), (0.4, 1.0), (0.03, 0.0), (0.0, 0.0), (0.165, 0.5)])
def test_an_opening_runs_from_what_a_closed_eye_measures_to_the_open_one(aspect: float, expected: float) -> None:
    assert opening(aspect, baseline=0.3, closed_ratio=0.1) == pytest.approx(expected)


def test_an_unseen_eye_has_no_opening() -> None:
    assert opening(None, 0.3, 0.1) is None
