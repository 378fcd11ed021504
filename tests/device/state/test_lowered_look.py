"""How long lids have been lowered."""

from __future__ import annotations

import pytest

from wakeful.device.state.lowered_look import LoweredLook


def lengths(*parts: tuple[float, bool | None]) -> list[float | None]:
    """The length at the end of each part, 20 moments a second."""
    look, found, t_ns = LoweredLook(), [], 0
    for seconds, lowered in parts:
        for _ in range(round(seconds * 20)):
            length = look.step(t_ns, lowered)
            t_ns += 50_000_000
        found.append(length)
    return found


def test_a_look_down_lasts_as_long_as_the_lids_are_lowered() -> None:
    assert lengths((1.0, False), (3.0, True), (1.0, False)) == [0.0, pytest.approx(2.95), 0.0]


def test_a_blink_and_a_flick_do_not_end_it() -> None:
    assert lengths((2.0, True), (0.5, None), (0.1, False), (2.0, True))[-1] == pytest.approx(4.55)


def test_eyes_that_are_up_or_unseen_for_longer_end_it() -> None:
    assert lengths((2.0, True), (0.3, False), (1.0, True))[-1] == pytest.approx(0.95)
    assert lengths((2.0, True), (1.2, None), (1.0, True))[-1] == pytest.approx(0.95)


def test_it_begins_when_the_lids_are_known_to_have_gone_down() -> None:
    assert LoweredLook().step(3_000_000_000, True, 1_000_000_000) == pytest.approx(2.0)
    assert LoweredLook().step(0, None) is None
