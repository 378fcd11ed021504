"""Glances away from the road and how they add up."""

from __future__ import annotations

import pytest

from wakeful.device.state.glance import Glance, GlanceTracker


def watched(*looks: tuple[float, str]) -> tuple[GlanceTracker, list[Glance], int]:
    """Looks of (seconds, zone) at 20 moments a second: the tracker, the glances, the last time."""
    tracker, found, t_ns = GlanceTracker(), [], 0
    for seconds, zone in looks:
        for _ in range(round(seconds * 20)):
            t_ns += 50_000_000
            if glance := tracker.step(t_ns, zone):
                found.append(glance)
    return tracker, found, t_ns


def lengths(glances: list[Glance]) -> list[float]:
    return [(glance.end_ns - glance.start_ns) / 1e9 for glance in glances]


def test_a_glance_lasts_from_leaving_the_road_to_coming_back() -> None:
    _, found, _ = watched((2.0, "road"), (1.5, "lap"), (1.0, "road"))
    assert lengths(found) == [pytest.approx(1.5)]


def test_its_zone_is_the_one_it_stayed_in_and_not_the_ones_it_passed() -> None:
    _, found, _ = watched((1.0, "road"), (0.1, "instruments"), (1.0, "lap"), (0.1, "instruments"), (1.0, "road"))
    assert [glance.zone for glance in found] == ["lap"]


def test_a_look_under_a_fifth_of_a_second_is_none() -> None:
    assert watched((1.0, "road"), (0.1, "lap"), (1.0, "road"))[1] == []


def test_a_flick_back_to_the_road_does_not_end_a_glance() -> None:
    assert len(watched((1.0, "road"), (1.0, "lap"), (0.1, "road"), (1.0, "lap"), (1.0, "road"))[1]) == 1


def test_unseen_gaze_is_bridged_for_a_second_and_no_longer() -> None:
    assert len(watched((1.0, "lap"), (0.8, ""), (1.0, "lap"), (1.0, "road"))[1]) == 1
    assert len(watched((1.0, "lap"), (1.5, ""), (1.0, "lap"), (1.0, "road"))[1]) == 2


def test_the_running_glance_counts_as_far_as_it_was_seen() -> None:
    tracker, _, t_ns = watched((1.0, "road"), (1.0, "lap"), (0.5, ""))
    assert tracker.off_road_s(t_ns) == pytest.approx(0.95)


def test_looks_away_add_up_over_thirty_seconds() -> None:
    tracker, _, t_ns = watched(*[(2.0, "lap"), (1.0, "road")] * 3)
    assert tracker.off_road_in_30s(t_ns) == pytest.approx(6.0)
    tracker, _, t_ns = watched(*[(2.0, "lap"), (1.0, "road")] * 20)
    assert tracker.off_road_in_30s(t_ns) == pytest.approx(20.0, abs=0.1)


def test_two_seconds_on_the_road_wipe_them_out() -> None:
    tracker, _, t_ns = watched(*[(2.0, "lap"), (1.0, "road")] * 3, (1.2, "road"))
    assert tracker.off_road_in_30s(t_ns) == 0.0
    assert tracker.on_road_s() >= 2.0


def test_lids_that_went_down_before_they_were_told_lowered_count_from_there() -> None:
    tracker = GlanceTracker()
    tracker.step(1_000_000_000, "lap", 200_000_000)
    assert tracker.off_road_s(1_000_000_000) == pytest.approx(0.8)
