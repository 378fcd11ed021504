"""Openings, closures and lowered lids together."""

from __future__ import annotations

import pytest

from tests.device.state.drives import EYES_ALONE
from wakeful.device.drivers import Calibration
from wakeful.device.messages import Observation
from wakeful.device.state.eyelids import Eyelids, LidView
from wakeful.device.state.profile import Profile


def watched(*parts: tuple[float, float | None, float]) -> list[LidView]:
    """Parts of (seconds, opening, drop) at 20 frames a second, of a person who is known."""
    lids = Eyelids(Profile("test", ()), EYES_ALONE, Calibration(EYES_ALONE.name, 0.3, 0.3))
    views, frame = [], 0
    for seconds, share, drop in parts:
        for _ in range(round(seconds * 20)):
            aspect = None if share is None else 0.3 * share
            seen = Observation(frame * 50_000_000, frame, True, eye_aspect_left=aspect, lid_drop=drop)
            views.append(lids.step(seen, 20.0))
            frame += 1
    return views


def test_lids_are_lowered_from_0_8_s_on_and_closed_after_three() -> None:
    views = watched((1.0, 1.0, 0.0), (4.0, 0.1, 0.12))
    assert [views[20 + tick].closed for tick in (10, 20, 50, 62)] == [True, None, None, True]
    assert views[20 + 20].lowered_since_ns == 1_000_000_000


def test_lowered_lids_that_come_up_end_no_closure() -> None:
    views = watched((1.0, 1.0, 0.0), (2.0, 0.1, 0.12), (1.0, 1.0, 0.0))
    assert not [view for view in views if view.ended]
    assert len([view for view in views if view.ended_lowered]) == 1


def test_blinks_do_not_interrupt_open_eyes_and_long_closures_do() -> None:
    assert watched((2.0, 1.0, 0.0), (0.2, 0.0, 0.0), (2.0, 1.0, 0.0))[-1].eyes_open_s == pytest.approx(4.0, abs=0.15)
    assert watched((2.0, 1.0, 0.0), (0.8, 0.0, 0.0), (1.0, 1.0, 0.0))[-1].eyes_open_s == pytest.approx(1.0, abs=0.1)


def test_a_long_closure_goes_on_for_a_moment_unseen_and_a_blink_does_not() -> None:
    asleep = [view.closure_s for view in watched((1.0, 1.0, 0.0), (2.7, 0.0, 0.0), (1.0, None, 0.0))[20:]]
    assert asleep[63] == pytest.approx(3.15, abs=0.06)
    assert asleep[70] is None
    blink = [view.closure_s for view in watched((1.0, 1.0, 0.0), (0.5, 0.0, 0.0), (1.0, None, 0.0))[20:]]
    assert blink[9] == pytest.approx(0.45)
    assert set(blink[10:]) == {None}


def test_unseen_eyes_are_neither_open_nor_closed() -> None:
    view = watched((1.0, 1.0, 0.0), (1.0, None, 0.0))[-1]
    assert (view.closed, view.closure_s, view.left) == (None, None, None)


def test_eyes_that_see_through_narrow_lids_are_not_asleep_in_frames_that_lose_them() -> None:
    lids = Eyelids(Profile("test", ()), EYES_ALONE, Calibration(EYES_ALONE.name, 0.3, 0.3))
    shown = [(0.3, (0.9, 0.03, 0.04, 0.03))] * 20 + [(0.06, (0.1, 0.15, 0.6, 0.15))] * 40 + [(None, None)] * 8
    views = [
        lids.step(Observation(tick * 50_000_000, tick, True, eye_aspect_left=aspect, lid_states=states), 20.0)
        for tick, (aspect, states) in enumerate(shown)
    ]
    assert views[59].closure_s == 0.0 and views[59].narrow
    assert {view.closure_s for view in views[60:]} == {None}
