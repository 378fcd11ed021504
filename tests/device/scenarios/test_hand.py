"""A rendered hand before the eyes, pixels included: it is told, and nothing is made up of what it hides."""

from __future__ import annotations

from tools.rigs.networks import kept
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Health, Phase
from wakeful.device.perception.pipeline import Perception
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.sensors.driver_face import render
from wakeful.sensors.frame import Frame
from wakeful.sensors.scenario import Scenario

FPS = 10
# The script of ``hand.scenario.toml``.
FROM_S, HELD_S, RAISED_S, LOWERED_S, UNTIL_S = 5.0, 8.5, 8.0, 21.0, 23.5


def test_a_hand_before_the_eyes_is_told_and_its_going_too(landmarks: str) -> None:
    scenario = Scenario.load("hand")
    perception = Perception(landmarks, load=kept)
    engine = Engine(EngineConfig(load_profile("vehicle")[0], perception.traits, 80.0))
    blind_s, alerts, closures_s = [], [], []
    for number in range(round((UNTIL_S - FROM_S) * FPS)):
        t_s = FROM_S + number / FPS
        frame = Frame(render(scenario.pose_at(t_s), seed=number), round(t_s * 1e9), number)
        step = engine.step(perception.observe(frame))
        if step.state.health in (Health.DEGRADED, Health.NO_FACE):
            blind_s.append(t_s)
        alerts += [alert.code for alert in step.alerts if alert.phase is Phase.RAISED]
        closures_s += [int(event.data["start_ns"]) / 1e9 for event in step.events if event.kind == "closure"]
    assert RAISED_S < blind_s[0] < HELD_S + 10.0
    assert blind_s[-1] < LOWERED_S + 2.0
    # Blind from the first to the last of them: neither the hand nor the eyes that close behind it are judged.
    assert len(blind_s) == round((blind_s[-1] - blind_s[0]) * FPS) + 1
    assert not {"microsleep", "sleep", "unresponsive"} & set(alerts)
    assert not any(blind_s[0] < start_s < LOWERED_S for start_s in closures_s)
