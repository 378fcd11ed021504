"""A line that is too slow for its images is told from one that is only busy."""

from __future__ import annotations

from wakeful.sensors.line_load import LineLoad


def verdicts(period_s: float, between_s: float, within_s: float, count: int = 60) -> list[bool]:
    load = LineLoad()
    return [load.is_too_slow(period_s, between_s, within_s) for _ in range(count)]


def test_a_line_without_a_pause_between_images_is_too_slow() -> None:
    found = verdicts(0.05, 0.0, 0.05)
    assert found.index(True) <= 11 and found.count(True) >= 4


def test_a_line_that_has_a_tenth_to_spare_is_not() -> None:
    assert not any(verdicts(0.05, 0.005, 0.045))
    assert not any(verdicts(0.5, 0.45, 0.05))


def test_a_decoder_that_is_too_slow_is_not_the_fault_of_the_line() -> None:
    # Whatever comes is there already: nothing is waited for.
    assert not any(verdicts(0.1, 0.0, 0.002))
