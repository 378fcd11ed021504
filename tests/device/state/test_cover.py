"""One closure: what it is while it runs, and which part of it was one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from wakeful.device.messages import Observation
from wakeful.device.state.closure import Closure
from wakeful.device.state.cover import ClosingWatch, Cover
from wakeful.device.state.lid_states import LidKind, States
from wakeful.device.state.own_blinks import OwnBlinks

OPEN: States = (0.94, 0.02, 0.02, 0.02)
LOWERED: States = (0.0, 0.9, 0.0, 0.1)
CLOSED: States = (0.0, 0.1, 0.0, 0.9)
NARROWED: States = (0.05, 0.1, 0.7, 0.15)
EVEN: States = (0.0, 0.5, 0.0, 0.5)
SECOND_NS = 1_000_000_000


def seen(t_s: float, states: States | None, pitch_deg: float = 0.0) -> Observation:
    return Observation(
        round(t_s * SECOND_NS),
        0,
        True,
        yaw_deg=0.0,
        pitch_deg=pitch_deg,
        gaze_pitch_deg=pitch_deg if states == OPEN else None,
        lid_states=states,
    )


def closure_of(*parts: tuple[float, States | None], defers: bool = True) -> tuple[Cover, list[Closure], float]:
    """A closure from second 0 on at 20 frames a second; the cover after it, closed parts so far, and the time."""
    cover, turned, t_s = Cover(9.0, OwnBlinks()), [], 0.0
    for seconds, states in parts:
        for _ in range(round(seconds * 20.0)):
            part = cover.see(seen(t_s, states), 0, defers=defers)
            turned += [part] if part else []
            t_s += 0.05
    return cover, turned, t_s


def ended(*parts: tuple[float, States | None], in_look: bool = False) -> Closure | None:
    cover, _, t_s = closure_of(*parts)
    return cover.ended(Closure(0, round(t_s * SECOND_NS)), in_look=in_look)


def kind(*parts: tuple[float, States | None], defers: bool = True) -> LidKind | None:
    cover, _, t_s = closure_of(*parts, defers=defers)
    return cover.kind_at(round(t_s * SECOND_NS))


def test_a_closure_without_probabilities_is_judged_by_others() -> None:
    assert kind((2.0, None)) is None
    assert ended((2.0, None)) == Closure(0, 2 * SECOND_NS)


@pytest.mark.parametrize(
    ("states", "found"),
    [
        (CLOSED, LidKind.CLOSED),
        (LOWERED, LidKind.LOWERED),
        (NARROWED, LidKind.SEEING),
        (OPEN, LidKind.SEEING),
        (EVEN, LidKind.UNCLEAR),
    ],
)
def test_a_closure_is_what_its_mean_says(states: States, found: LidKind) -> None:
    assert kind((2.0, states)) is found


def test_up_to_half_a_second_it_may_be_a_blink() -> None:
    assert kind((0.4, LOWERED)) is LidKind.CLOSED
    assert kind((0.6, LOWERED)) is LidKind.LOWERED
    assert ended((0.2, LOWERED)) is not None
    assert ended((0.2, LOWERED), in_look=True) is None
    assert ended((0.2, CLOSED), in_look=True) is not None
    assert ended((0.2, NARROWED)) is None


def test_what_is_unclear_for_nine_seconds_is_closed_from_its_beginning() -> None:
    assert kind((8.9, EVEN)) is LidKind.UNCLEAR
    cover, _, _ = closure_of((9.1, EVEN))
    assert (cover.kind_at(9 * SECOND_NS), cover.since_ns) == (LidKind.CLOSED, 0)


def test_what_was_unclear_to_its_end_is_what_was_likelier() -> None:
    assert ended((3.0, (0.0, 0.45, 0.0, 0.55))) == Closure(0, 3 * SECOND_NS)
    assert ended((3.0, (0.0, 0.55, 0.0, 0.45))) is None


def test_lids_that_close_over_a_look_down_are_closed_since_about_then() -> None:
    cover, turned, t_s = closure_of((4.0, LOWERED), (4.0, CLOSED))
    assert cover.kind_at(round(t_s * SECOND_NS)) is LidKind.CLOSED
    assert cover.since_ns / 1e9 == pytest.approx(5.4, abs=0.2)
    assert turned == []


def test_a_closure_that_turns_into_a_look_down_ended_there() -> None:
    cover, turned, t_s = closure_of((4.0, CLOSED), (4.0, LOWERED))
    assert [(part.start_ns, round(part.end_ns / 1e9)) for part in turned] == [(0, 5)]
    assert cover.kind_at(round(t_s * SECOND_NS)) is LidKind.LOWERED
    assert cover.ended(Closure(0, 8 * SECOND_NS)) is None


def test_more_than_one_change_is_one_state_that_cannot_be_told() -> None:
    cover, _, t_s = closure_of((2.5, LOWERED), (2.5, CLOSED), (2.5, LOWERED))
    assert (cover.kind_at(round(t_s * SECOND_NS)), cover.since_ns) == (LidKind.UNCLEAR, 0)
    assert kind((3.5, LOWERED), (3.5, CLOSED), (3.5, LOWERED)) is LidKind.CLOSED


def test_eyes_that_see_in_between_begin_anew() -> None:
    cover, _, t_s = closure_of((3.0, LOWERED), (4.0, NARROWED), (4.0, CLOSED))
    assert cover.kind_at(round(t_s * SECOND_NS)) is LidKind.CLOSED
    assert cover.since_ns / 1e9 == pytest.approx(7.5, abs=0.4)


def test_where_nothing_watches_looks_away_lowered_lids_are_closed() -> None:
    assert kind((2.0, LOWERED), defers=False) is LidKind.CLOSED
    assert kind((2.0, NARROWED), defers=False) is LidKind.SEEING


def observed(before: Callable[[float], Observation], then: Callable[[float], Observation]) -> bool:
    """Half a second of open eyes, then half a second of a closure."""
    watch = ClosingWatch()
    for frame in range(10):
        watch.see(before(frame * 0.05), None)
    for frame in range(10, 20):
        watch.see(then(frame * 0.05), SECOND_NS // 2)
    return watch.observed


def test_a_closing_is_seen_where_head_and_gaze_stay() -> None:
    assert observed(lambda t_s: seen(t_s, OPEN), lambda t_s: seen(t_s, EVEN))
    # While lids close the networks read the head a little higher.
    assert observed(lambda t_s: seen(t_s, OPEN), lambda t_s: seen(t_s, EVEN, pitch_deg=3.0))


def test_a_closing_is_not_seen_where_the_head_follows_or_the_gaze_went_down_before() -> None:
    assert not observed(lambda t_s: seen(t_s, OPEN), lambda t_s: seen(t_s, EVEN, pitch_deg=-40.0 * (t_s - 0.5)))
    assert not observed(lambda t_s: replace(seen(t_s, OPEN), gaze_pitch_deg=-40.0 * t_s), lambda t_s: seen(t_s, EVEN))


def test_a_closing_is_not_seen_where_nobody_saw_the_eyes_open_or_the_head() -> None:
    assert not observed(lambda t_s: seen(t_s, CLOSED), lambda t_s: seen(t_s, EVEN))
    assert not observed(lambda t_s: seen(t_s, OPEN), lambda t_s: replace(seen(t_s, EVEN), pitch_deg=None))
