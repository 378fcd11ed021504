"""Gauges as text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wakeful.device.alerts.terminal.gauges import OpeningTrace, bar, fit, needle, trace

QUARTER_NS = 250_000_000


def text(line: list[tuple[str, str]]) -> str:
    return "".join(piece for piece, _ in line)


def test_a_bar_fills_in_halves_of_a_character() -> None:
    assert text(bar(0.0, 4, "green")) == "────"
    assert text(bar(0.6, 4, "green")) == "━━╸─"
    assert text(bar(1.0, 4, "green")) == "━━━━"


def test_a_needle_stands_on_its_side_of_zero() -> None:
    assert text(needle(0.0, 45.0, 9, "blue")) == "────●────"
    assert text(needle(45.0, 45.0, 9, "blue")) == "────┼───●"
    assert text(needle(-22.5, 45.0, 9, "blue")) == "──●─┼────"


def test_what_is_unknown_looks_unlike_zero() -> None:
    assert text(bar(None, 3, "green")) == text(needle(None, 45.0, 3, "blue")) == "╌╌╌"
    assert text(trace([None, 0.0], 0.35, "green", "yellow")) == "·▁"


def test_closures_stand_out_in_the_trace() -> None:
    assert trace([1.0, 0.9, 0.1, 1.0], 0.35, "green", "yellow") == [("█▇", "green"), ("▂", "yellow"), ("█", "green")]


@given(value=st.none() | st.floats(allow_nan=False), width=st.integers(1, 60))
def test_gauges_have_exactly_the_width_asked_for(value: float | None, width: int) -> None:
    assert len(text(bar(value, width, "green"))) == width
    assert len(text(needle(value, 45.0, width, "blue"))) == width
    assert len(text(fit(bar(value, width, "green"), 20))) == 20


def test_the_trace_keeps_the_lowest_opening_of_each_quarter_second() -> None:
    opening = OpeningTrace(4)
    for t_ns, value in ((0, 0.9), (QUARTER_NS // 2, 0.1), (QUARTER_NS, 0.8), (QUARTER_NS + 1, None)):
        opening.add(t_ns, value)
    assert opening.last(3) == [None, 0.1, 0.8]


def test_a_gap_in_the_trace_is_unknown_and_old_values_leave() -> None:
    opening = OpeningTrace(4)
    opening.add(0, 1.0)
    opening.add(2 * QUARTER_NS, 0.5)
    assert opening.last(4) == [None, 1.0, None, 0.5]
    opening.add(1000 * QUARTER_NS, 0.7)
    assert opening.last(4) == [None, None, None, 0.7]
