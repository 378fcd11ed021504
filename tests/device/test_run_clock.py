"""Time that a run publishes never runs backwards, and a slow machine is no clock that jumps."""

from __future__ import annotations

from wakeful.device.run_clock import CLOCK_JUMP_NS, RunClock

S = 1_000_000_000


def test_a_frame_that_was_taken_before_a_stale_moment_and_judged_after_it_comes_at_that_moment() -> None:
    clock = RunClock()
    clock.of_frame(10 * S)
    assert clock.of_moment(14 * S) == 14 * S
    assert clock.of_frame(11 * S) == 14 * S
    assert clock.of_frame(12 * S) == 14 * S
    assert clock.of_frame(15 * S) == 15 * S


def test_a_source_that_sets_its_clock_back_goes_on_after_a_gap() -> None:
    clock = RunClock()
    clock.of_frame(10 * S)
    assert clock.of_frame(2 * S) == 10 * S + CLOCK_JUMP_NS
    assert clock.of_frame(3 * S) == 11 * S + CLOCK_JUMP_NS
