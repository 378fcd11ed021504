"""A rendered driver who falls asleep is warned at any frame rate, pixels included."""

from __future__ import annotations

import pytest

from tools.rigs.networks import kept
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Alert, Phase
from wakeful.device.perception.pipeline import Perception
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame

ASLEEP_S = 6.3
PICTURES = {opening: render(DriverPose(eye_left=opening, eye_right=opening)) for opening in (0.0, 1.0)}


@pytest.mark.parametrize("fps", [1.0, 2.0, 5.0, 10.0, 15.0, 30.0])
def test_a_driver_who_falls_asleep_is_warned_at_this_rate(fps: float) -> None:
    perception = Perception("wakeful", load=kept)
    engine = Engine(EngineConfig(load_profile("vehicle")[0], perception.traits))
    alerts: list[Alert] = []
    for index in range(round((ASLEEP_S + 5.0) * fps)):
        t_s = index / fps
        frame = Frame(PICTURES[0.0 if t_s >= ASLEEP_S else 1.0], round(t_s * 1e9), index)
        alerts += engine.step(perception.observe(frame)).alerts
    raised = {one.code: one.t_ns / 1e9 - ASLEEP_S for one in alerts if one.phase is Phase.RAISED}
    assert set(raised) == {"microsleep", "sleep"}
    for code, bound_s in (("microsleep", 1.0), ("sleep", 3.0)):
        assert bound_s - 1e-6 <= raised[code] <= bound_s + 0.2 + 1.0 / fps
