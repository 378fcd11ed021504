"""Yawns."""

from __future__ import annotations

import pytest

from wakeful.device.state.profile import MouthSection
from wakeful.device.state.yawn import Yawn, YawnTracker


def yawns(*parts: tuple[float, float | None]) -> list[Yawn]:
    """Parts of (seconds, mouth) at 20 moments a second, then a closed mouth."""
    tracker, found, t_ns = YawnTracker(MouthSection()), [], 0
    for seconds, mouth in (*parts, (1.0, 0.0)):
        for _ in range(round(seconds * 20)):
            t_ns += 50_000_000
            if yawn := tracker.step(t_ns, mouth):
                found.append(yawn)
    return found


def test_a_wide_mouth_for_three_seconds_is_a_yawn_that_is_told_when_over() -> None:
    [yawn] = yawns((1.0, 0.1), (3.0, 0.95))
    assert (yawn.end_ns - yawn.start_ns) / 1e9 == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize(("seconds", "mouth"), [(1.2, 0.95), (13.0, 0.95), (3.0, 0.8), (3.0, 0.5)])
def test_too_short_too_long_or_not_wide_enough_is_none(seconds: float, mouth: float) -> None:
    assert yawns((seconds, mouth)) == []


def test_a_mouth_that_stays_open_for_longer_need_not_be_as_wide() -> None:
    assert len(yawns((2.6, 0.87))) == 1
    assert yawns((2.0, 0.87)) == []


def test_a_landmark_that_slips_for_a_moment_does_not_end_it() -> None:
    assert len(yawns((1.0, 0.95), (0.2, 0.3), (1.5, 0.95))) == 1
    assert len(yawns((1.0, 0.95), (0.2, None), (1.5, 0.95))) == 1


def test_a_mouth_that_stays_half_open_in_between_goes_on_yawning() -> None:
    [yawn] = yawns((1.2, 0.95), (0.6, 0.5), (2.2, 0.95))
    assert (yawn.end_ns - yawn.start_ns) / 1e9 == pytest.approx(4.0, abs=0.1)
    assert yawns((1.2, 0.95), (0.6, 0.3), (1.2, 0.95)) == []


def test_a_mouth_that_opens_and_shuts_is_none() -> None:
    assert yawns(*[(0.2, 0.95), (0.2, 0.2)] * 10) == []
