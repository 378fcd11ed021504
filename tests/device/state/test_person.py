"""Somebody else in the seat."""

from __future__ import annotations

from wakeful.device.state.person import SwapWatch


def swapped(away_s: float, aspect: float | None, back_s: float = 5.0, learned: float | None = 0.3) -> bool:
    """A seat that was empty for so long, and then eyes of this aspect."""
    watch = SwapWatch()
    watch.see(0, face=True, open_aspect=0.3, learned=learned)
    frames = range(round(away_s * 10), round((away_s + back_s) * 10))
    return any(watch.see(n * 100_000_000, face=True, open_aspect=aspect, learned=learned) for n in frames)


def test_clearly_different_eyes_after_three_seconds_are_somebody_elses() -> None:
    assert swapped(3.5, 0.2)
    assert swapped(3.5, 0.4)


def test_the_same_eyes_or_a_short_absence_are_the_same_person() -> None:
    assert not swapped(3.5, 0.26)
    assert not swapped(2.5, 0.2)


def test_eyes_are_compared_for_three_seconds() -> None:
    assert not swapped(3.5, 0.2, back_s=2.0)


def test_eyes_that_are_not_seen_open_say_nothing() -> None:
    assert not swapped(3.5, None)


def test_nobody_is_somebody_else_before_anybody_is_learned() -> None:
    assert not swapped(3.5, 0.2, learned=None)
