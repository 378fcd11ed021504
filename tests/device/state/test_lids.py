"""Lowered lids, told from closed ones by what the lower lid does."""

from __future__ import annotations

from wakeful.device.state.lids import LoweredLids

TENTH_NS = 100_000_000


def judged(open_drop: float, *closed_drops: float | None) -> bool:
    """Ten open moments, then a closure with these drops."""
    lids = LoweredLids(0.05)
    for tenth in range(10):
        lids.see(tenth * TENTH_NS, False, open_drop)
    for tenth, drop in enumerate(closed_drops, 10):
        lids.see(tenth * TENTH_NS, True, drop)
    return lids.lowered


def test_a_lower_lid_that_goes_down_with_the_eye_is_lowered() -> None:
    assert judged(0.02, *[0.1] * 6)


def test_a_lower_lid_that_rises_is_a_closure() -> None:
    assert not judged(0.02, *[-0.05] * 6)


def test_the_drop_counts_against_this_persons_own_open_eye() -> None:
    assert not judged(0.1, *[0.12] * 6)


def test_fewer_than_five_moments_say_nothing() -> None:
    assert not judged(0.02, *[0.1] * 4)


def test_moments_without_a_drop_are_left_out() -> None:
    assert judged(0.02, 0.1, None, 0.1, None, 0.1, 0.1, 0.1)


def test_without_open_eyes_to_compare_with_nothing_is_lowered() -> None:
    lids = LoweredLids(0.05)
    for tenth in range(10):
        lids.see(tenth * TENTH_NS, True, 0.2)
    assert not lids.lowered
