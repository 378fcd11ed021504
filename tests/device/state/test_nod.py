"""Nods."""

from __future__ import annotations

from wakeful.device.state.nod import Nod, NodTracker
from wakeful.device.state.profile import NodSection


def nods(fall_deg: float, over_s: float, closure_s: float | None, times: int = 1) -> list[Nod]:
    """A head that sinks evenly by this much in this time with eyes closed for so long, and comes up again."""
    tracker, found, t_ns = NodTracker(NodSection()), [], 0
    for _ in range(times):
        steps = round(over_s * 20)
        for step in [*range(steps + 1), *[0] * 10]:
            t_ns += 50_000_000
            if nod := tracker.step(t_ns, -fall_deg * step / steps, closure_s):
                found.append(nod)
    return found


def test_a_head_that_sinks_fast_with_closed_eyes_nods() -> None:
    [nod] = nods(20.0, 0.8, 0.5)
    assert nod.start_ns < nod.end_ns


def test_not_far_not_fast_or_with_open_eyes_is_none() -> None:
    assert nods(12.0, 0.8, 0.5) == []
    assert nods(20.0, 3.0, 0.5) == []
    assert nods(20.0, 0.8, 0.1) == []
    assert nods(20.0, 0.8, None) == []


def test_the_same_sinking_head_is_one_nod() -> None:
    assert len(nods(40.0, 0.8, 0.5)) == 1


def test_an_unseen_head_is_no_nod() -> None:
    assert NodTracker(NodSection()).step(0, None, 1.0) is None
