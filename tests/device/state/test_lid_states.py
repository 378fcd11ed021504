"""Probabilities of the lids: their mean over time, and what they make of a covered eye."""

from __future__ import annotations

import pytest

from wakeful.device.state.lid_states import LidKind, StateMean, States, covered, kind_of, leading, with_odds

LOWERED: States = (0.0, 0.9, 0.0, 0.1)
CLOSED: States = (0.0, 0.1, 0.0, 0.9)
SECOND_NS = 1_000_000_000


def mean_of(*parts: tuple[float, States], fps: float = 20.0, forgets_s: float = 2.0) -> States:
    mean, t_s = StateMean(forgets_s), 0.0
    for seconds, states in parts:
        for _ in range(round(seconds * fps)):
            mean.see(round(t_s * SECOND_NS), states)
            t_s += 1.0 / fps
    assert mean.states is not None
    return mean.states


@pytest.mark.parametrize("fps", [10.0, 30.0])
def test_what_is_shorter_than_it_remembers_counts_alike(fps: float) -> None:
    assert mean_of((0.8, LOWERED), (0.8, CLOSED), fps=fps) == pytest.approx((0.0, 0.5, 0.0, 0.5), abs=0.01)


@pytest.mark.parametrize("fps", [10.0, 30.0])
def test_the_last_seconds_count_most(fps: float) -> None:
    assert mean_of((60.0, LOWERED), (2.0, CLOSED), fps=fps)[3] == pytest.approx(0.1 + 0.8 * 0.632, abs=0.02)


def test_the_sum_stays_one() -> None:
    assert sum(mean_of((1.0, LOWERED), (0.3, CLOSED), (2.0, (0.25, 0.25, 0.25, 0.25)))) == pytest.approx(1.0)


def test_frames_far_apart_say_little_of_the_time_between_them() -> None:
    mean = StateMean(2.0)
    for t_s in range(5):
        mean.see(t_s * SECOND_NS, LOWERED)
    assert mean.see(100 * SECOND_NS, CLOSED)[3] < 0.4


@pytest.mark.parametrize(
    ("states", "kind"),
    [
        ((0.0, 0.3, 0.0, 0.7), LidKind.CLOSED),
        ((0.0, 0.7, 0.0, 0.3), LidKind.LOWERED),
        ((0.0, 0.4, 0.0, 0.6), LidKind.UNCLEAR),
        ((0.3, 0.1, 0.3, 0.3), LidKind.SEEING),
        ((0.0, 0.05, 0.45, 0.5), LidKind.CLOSED),
    ],
)
def test_lowered_and_closed_are_told_apart_at_odds_of_two(states: States, kind: LidKind) -> None:
    assert kind_of(states) is kind


def test_what_was_decided_changes_only_at_odds_of_two_for_the_other() -> None:
    nearly: States = (0.0, 0.6, 0.0, 0.4)
    assert kind_of(nearly, LidKind.CLOSED) is LidKind.CLOSED
    assert kind_of((0.0, 0.7, 0.0, 0.3), LidKind.CLOSED) is LidKind.LOWERED
    assert kind_of((0.2, 0.0, 0.4, 0.4), LidKind.CLOSED) is LidKind.CLOSED
    assert kind_of((0.2, 0.0, 0.2, 0.6), LidKind.SEEING) is LidKind.SEEING


def test_at_even_odds_the_likeliest_leads_and_doubt_is_for_closed() -> None:
    assert leading((0.0, 0.5, 0.0, 0.5)) is LidKind.CLOSED
    assert leading((0.0, 0.51, 0.0, 0.49)) is LidKind.LOWERED
    assert leading((0.25, 0.25, 0.25, 0.25)) is LidKind.SEEING
    assert not covered((0.25, 0.25, 0.25, 0.25))


def test_odds_tell_closed_from_lowered_and_say_nothing_of_eyes_that_see() -> None:
    of_open, lowered, narrowed, closed = with_odds((0.1, 0.4, 0.1, 0.4), 2.0)
    assert closed / lowered == pytest.approx(2.0)
    assert of_open == narrowed == pytest.approx(0.1)
    assert with_odds((1.0, 0.0, 0.0, 0.0), 2.0) == (1.0, 0.0, 0.0, 0.0)
    assert of_open + lowered + narrowed + closed == pytest.approx(1.0)
