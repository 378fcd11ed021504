"""The patterns as functions of time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeful.device.alerts.gpio.patterns import PATTERNS, Pattern, is_on, until_change_s
from wakeful.device.messages import Level


def switches(pattern: Pattern, duration_s: float) -> list[float]:
    """When the line changes, to the millisecond."""
    samples = [is_on(pattern, millisecond / 1000) for millisecond in range(round(duration_s * 1000))]
    return [n / 1000 for n in range(1, len(samples)) if samples[n] != samples[n - 1]]


def test_without_an_alert_the_line_is_off() -> None:
    assert not is_on(PATTERNS[Level.NONE], 0.0) and switches(PATTERNS[Level.NONE], 3.0) == []


def test_an_advisory_is_one_short_pulse() -> None:
    assert is_on(PATTERNS[Level.ADVISORY], 0.0)
    assert switches(PATTERNS[Level.ADVISORY], 5.0) == [0.2]


def test_a_warning_pulses_once_a_second() -> None:
    assert switches(PATTERNS[Level.WARNING], 2.2) == [0.5, 1.0, 1.5, 2.0]


def test_an_urgent_alert_blinks_four_times_a_second() -> None:
    assert len(switches(PATTERNS[Level.URGENT], 1.0001)) == 7
    assert is_on(PATTERNS[Level.URGENT], 0.0)


def test_an_emergency_is_steadily_on() -> None:
    assert is_on(PATTERNS[Level.EMERGENCY], 0.0) and switches(PATTERNS[Level.EMERGENCY], 3.0) == []


def test_every_level_has_a_pattern_that_begins_on() -> None:
    assert {level for level in Level if is_on(PATTERNS[level], 0.0)} == set(Level) - {Level.NONE}


@given(level=st.sampled_from(Level), elapsed_s=st.floats(0.0, 1000.0))
def test_the_line_holds_its_level_until_the_next_change_and_then_has_another(level: Level, elapsed_s: float) -> None:
    pattern = PATTERNS[level]
    change_s = until_change_s(pattern, elapsed_s)
    if change_s is None:
        assert is_on(pattern, elapsed_s) == is_on(pattern, elapsed_s + 1000.0)
    elif change_s > 0.001:
        assert is_on(pattern, elapsed_s) == is_on(pattern, elapsed_s + change_s - 0.0005)
        assert is_on(pattern, elapsed_s) != is_on(pattern, elapsed_s + change_s + 0.0005)


def test_a_pulse_that_is_over_never_changes_again() -> None:
    assert until_change_s(PATTERNS[Level.ADVISORY], 0.05) == pytest.approx(0.15)
    assert until_change_s(PATTERNS[Level.ADVISORY], 0.25) is None
