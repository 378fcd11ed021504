"""Frames that waited on their way are known from those that are new."""

from __future__ import annotations

from collections.abc import Sequence

from wakeful.sensors.freshness import Freshness


def arrivals(freshness: Freshness, times_s: list[float], stamps_s: list[float] | None = None) -> list[bool]:
    """Whether each is old."""
    stamps: Sequence[float | None] = stamps_s or [None] * len(times_s)
    return [freshness.is_old(at_s, stamp_s) for at_s, stamp_s in zip(times_s, stamps, strict=True)]


def steady(begin_s: float, count: int, period_s: float = 1 / 30) -> list[float]:
    return [begin_s + number * period_s for number in range(count)]


def test_frames_that_come_one_by_one_are_new() -> None:
    for period_s in (1 / 120, 1 / 30, 0.2, 0.5, 1.0):
        assert arrivals(Freshness(), steady(0.0, 30, period_s)).count(True) <= 1


def test_a_backlog_after_a_stall_is_old_and_what_follows_is_new() -> None:
    freshness = Freshness()
    assert not any(arrivals(freshness, steady(0.0, 60)))
    # 3 s in which 90 frames gathered, which then come within 0.2 s.
    assert all(arrivals(freshness, steady(5.0, 90, 0.2 / 90)))
    after = arrivals(freshness, steady(5.2, 30))
    assert after.index(False) <= 14 and not any(after[after.index(False) :])


def test_a_backlog_right_after_connecting_is_old_too() -> None:
    freshness = Freshness()
    assert arrivals(freshness, [0.0]) == [False]
    assert all(arrivals(freshness, steady(2.5, 50, 0.01 / 50)))
    # One hiccup of a busy machine is no proof of being up to date.
    assert all(arrivals(freshness, steady(2.62, 10, 0.001)))
    after = arrivals(freshness, steady(2.66, 60, 0.05))
    assert after.index(False) <= 24 and not any(after[after.index(False) :])


def test_a_camera_that_paused_by_itself_is_new_again_after_a_few_frames() -> None:
    freshness = Freshness()
    arrivals(freshness, steady(0.0, 60))
    after = arrivals(freshness, steady(5.0, 30))
    assert after.index(False) <= 14


def test_what_was_sent_while_the_stream_was_opened_is_old_where_stamps_tell() -> None:
    freshness = Freshness()
    burst = arrivals(freshness, [1.0 + 0.001 * number for number in range(30)], steady(0.0, 30))
    # One hiccup of a busy machine within the burst is no proof of being up to date.
    burst += arrivals(freshness, [1.07 + 0.001 * number for number in range(5)], steady(1.0, 5))
    assert all(burst)
    after = arrivals(freshness, steady(1.2, 30), steady(1.2, 30))
    assert after.index(False) <= 14 and not any(after[after.index(False) :])


def test_a_stream_that_falls_behind_steadily_is_old_where_stamps_tell() -> None:
    freshness = Freshness()
    arrivals(freshness, steady(0.0, 30), steady(0.0, 30))
    # A line that carries two thirds of the frames: 1 s later the images are 0.33 s late, 2 s later 0.67 s.
    old = arrivals(freshness, steady(1.0, 60, 0.05), steady(1.0, 60))
    assert not any(old[:15]) and all(old[30:])


def test_a_camera_whose_clock_is_set_back_or_runs_away_is_not_lost_for_good() -> None:
    freshness = Freshness()
    arrivals(freshness, steady(0.0, 30), steady(100.0, 30))
    assert not any(arrivals(freshness, steady(1.0, 30), steady(50.0, 30)))
    # Its stamps say 10 s for each second: after 5 s of doubt they are not believed any longer.
    double = Freshness()
    assert not all(arrivals(double, steady(0.0, 300), steady(0.0, 300, 1 / 3)))


def test_a_camera_that_became_faster_is_believed_after_a_while() -> None:
    freshness = Freshness()
    arrivals(freshness, steady(0.0, 60))
    after = arrivals(freshness, steady(10.0, 1000, 1 / 100))
    assert not after[-1]
