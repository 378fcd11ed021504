"""What a person's blinks say of how the network reads their closed lids."""

from __future__ import annotations

import pytest

from wakeful.device.state.lid_states import States
from wakeful.device.state.own_blinks import MAX_ODDS, OwnBlinks

LIKE_LOWERED: States = (0.0, 0.7, 0.0, 0.3)


def odds_after(*blinks: States) -> float:
    own = OwnBlinks()
    for states in blinks:
        own.add(states)
    return own.odds


def test_blinks_that_look_closed_change_nothing() -> None:
    assert odds_after() == odds_after(*[(0.0, 0.1, 0.0, 0.9)] * 30) == 1.0


def test_blinks_that_look_lowered_make_closed_likelier_and_the_first_counts_two_thirds() -> None:
    assert odds_after(LIKE_LOWERED) == pytest.approx((7.0 / 3.0) ** (2.0 / 3.0))
    assert odds_after(*[LIKE_LOWERED] * 30) == pytest.approx(7.0 / 3.0, abs=0.1)


def test_no_person_makes_it_more_than_four_times_as_likely() -> None:
    assert odds_after(*[(0.0, 1.0, 0.0, 0.0)] * 30) == MAX_ODDS


def test_the_last_blinks_count_most() -> None:
    assert odds_after(*[(0.0, 0.1, 0.0, 0.9)] * 100, *[LIKE_LOWERED] * 100) > 2.0
