"""A driver and a passenger, composed of real people: the driver's face is away for a moment, comes back and sleeps."""

from __future__ import annotations

from pathlib import Path

import pytest

import wakeful
from wakeful.device.messages import Health, Phase

pytestmark = pytest.mark.shared
BESIDE_X = 450
"""No point of the driver's face lies right of it, none of the passenger's left of it."""


@pytest.mark.parametrize("side", ["left", None])
@pytest.mark.parametrize("clip", ["passenger-takes-over.mp4", "passenger-control.mp4"])
def test_the_driver_who_sleeps_beside_a_passenger_is_warned_in_time(clips: Path, clip: str, side: str | None) -> None:
    settings = {"driver.side": side} if side else None
    with wakeful.watch(clips / clip, profile="vehicle", landmarks="wakeful", settings=settings) as watching:
        moments = list(watching)
    raised = [(one.code, one.t_ns / 1e9) for moment in moments for one in moment.alerts if one.phase is Phase.RAISED]
    assert [code for code, _ in raised] == ["microsleep", "sleep"]
    assert [t_s for _, t_s in raised] == pytest.approx([7.6, 9.6], abs=0.2)
    seen = [moment.landmarks.points[:, 0].max() for moment in moments if moment.landmarks is not None]
    assert len(seen) > 300 and max(seen) < BESIDE_X
    assert not [event for moment in moments for event in moment.events if event.kind == "watched"]
    assert {moment.state.reason for moment in moments if moment.state.health is Health.DEGRADED} == set()
