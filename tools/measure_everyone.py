"""What each further face costs (``wakeful run --everyone N``): CPU time of a frame with 1 to 4 rendered people in view.

    python -m tools.measure_everyone [--seconds S] [--landmarks READER]

Up to one, two, three and four are read in turns, 30 frames each, so that a machine that is busy in between slows all
alike. CPU time of the one thread that works is counted: perception with expressions, rules, looks for further faces.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

from wakeful.device.config.layers import load_profile
from wakeful.device.perception.everyone import Everyone
from wakeful.device.perception.expression import ExpressionReader, expression_classes
from wakeful.device.perception.pipeline import Perception
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.people import PeopleInView
from wakeful.sensors.driver_face import DriverPose
from wakeful.sensors.driver_group import Stand, render_group
from wakeful.sensors.frame import Frame

FPS, BLOCK = 30, 30
ROW = (Stand(-44, -6, 118), Stand(-16, 5, 112), Stand(14, -4, 115), Stand(43, 4, 120))


class Reading:
    """A monitor's work on each frame, for at most ``most`` people."""

    def __init__(self, most: int, landmarks: str) -> None:
        classes = expression_classes()
        profile = load_profile("robot")[0]
        self._perception = Perception(landmarks, expression=ExpressionReader())
        self._engine = Engine(EngineConfig(profile, self._perception.traits, None, expression_classes=classes))
        self._everyone = Everyone(self._perception, most) if most > 1 else None
        self._people = PeopleInView(profile.engagement, classes)
        self.full_ms: list[float] = []
        self.rest_ms: list[float] = []
        self.found = 0

    def __call__(self, frame: Frame) -> None:
        begin_s = time.thread_time()
        sighting = self._perception.look(frame)
        state = self._engine.step(sighting.observation).state
        found = self._everyone.look(frame, sighting) if self._everyone else ()
        self._people.step(found, state)
        old = any(one.observation.seq != frame.seq for one in found if not one.watched)
        (self.rest_ms if old else self.full_ms).append((time.thread_time() - begin_s) * 1e3)
        self.found = len(found) if self._everyone else int(state.face)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="of video for each number of people")
    parser.add_argument("--landmarks", default="auto")
    options = parser.parse_args()
    images = [
        render_group([Stand(one.x_cm, one.y_cm, one.z_cm, DriverPose()) for one in ROW], seed) for seed in range(BLOCK)
    ]
    readings = {most: Reading(most, options.landmarks) for most in (1, 2, 3, 4)}
    for block in range(round(options.seconds * FPS / BLOCK)):
        for reading in readings.values():
            for place, image in enumerate(images):
                seq = block * BLOCK + place
                reading(Frame(image, round(seq * 1e9 / FPS), seq))
    for most, reading in readings.items():
        between = f", {median(reading.rest_ms):.2f} ms in the frames between" if reading.rest_ms else ""
        print(f"up to {most}, {reading.found} in view: {median(reading.full_ms):.2f} ms where all are read{between}")


if __name__ == "__main__":
    main()
