"""Mean closure duration against the person's own."""

from __future__ import annotations

import pytest

from wakeful.device.state.closure_length import ClosureLength

SECOND_NS = 1_000_000_000


def closed(*lengths_s: float) -> ClosureLength:
    """One closure every five seconds."""
    lengths = ClosureLength()
    for number, length_s in enumerate(lengths_s, 1):
        lengths.add(number * 5 * SECOND_NS, length_s)
    return lengths


def test_it_is_unknown_before_ten_closures() -> None:
    assert closed(*[0.2] * 9).ratio(45 * SECOND_NS) is None


def test_usual_closures_are_one() -> None:
    assert closed(*[0.2] * 12).ratio(60 * SECOND_NS) == pytest.approx(1.0)


def test_closures_of_the_last_minute_that_are_twice_as_long_are_two() -> None:
    assert closed(*[0.2] * 10, *[0.4] * 14).ratio(120 * SECOND_NS) == pytest.approx(2.0)


def test_it_is_unknown_when_the_last_minute_had_too_few() -> None:
    assert closed(*[0.2] * 12).ratio(115 * SECOND_NS) is None
