"""Closed or open, and the closures that follow from it."""

from __future__ import annotations

from wakeful.device.state.closure import Closure, ClosureTracker, EyeState

SECOND_NS = 1_000_000_000


def test_a_wink_is_open() -> None:
    assert EyeState(0.35, 0.45).step(0.0, 1.0) is False


def test_one_eye_alone_is_believed() -> None:
    assert EyeState(0.35, 0.45).step(None, 0.1) is True


def test_lids_that_tremble_around_the_bound_do_not_flicker() -> None:
    eyes = EyeState(0.35, 0.45)
    assert [eyes.step(share, share) for share in (0.5, 0.34, 0.4, 0.36, 0.44, 0.46, 0.4)] == [
        False, True, True, True, True, False, False,
    ]  # fmt: skip


def test_no_eye_seen_is_unknown() -> None:
    assert EyeState(0.35, 0.45).step(None, None) is None


def test_a_closure_ends_with_the_first_open_moment() -> None:
    tracker = ClosureTracker(bridge_s=0.5)
    assert [tracker.step(t * SECOND_NS // 10, 1 <= t < 4) for t in range(6)][4] == Closure(
        SECOND_NS // 10, 4 * SECOND_NS // 10
    )


def test_a_closure_whose_end_nobody_saw_ends_where_it_was_last_seen() -> None:
    tracker = ClosureTracker(bridge_s=0.5)
    tracker.step(0, True)
    tracker.step(SECOND_NS // 10, True)
    assert tracker.step(SECOND_NS, None) == Closure(0, SECOND_NS // 10)
    assert tracker.duration_s() == 0.0


def test_lids_that_are_likelier_to_cover_the_eyes_decide_between_the_bounds() -> None:
    eyes = EyeState(0.35, 0.45)
    assert [eyes.step(0.4, 0.4, covered) for covered in (0.2, 0.6, 0.2)] == [False, True, False]
    assert [eyes.step(opening, None, 0.6) for opening in (0.5, 0.3, 0.5)] == [False, True, False]


def test_closed_eyes_stay_closed_while_the_lids_certainly_cover_them() -> None:
    eyes = EyeState(0.35, 0.45)
    assert [eyes.step(opening, None, 0.9) for opening in (0.5, 0.3, 0.5, 0.6)] == [False, True, True, True]
    assert eyes.step(0.6, None, 0.6) is False
