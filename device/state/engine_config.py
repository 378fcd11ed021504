"""What an engine is built from, in one value: the monitor and the replay of its log build the same engine."""

from __future__ import annotations

from wakeful.device.drivers import Calibration
from wakeful.device.messages import ReaderTraits
from wakeful.device.state.gaze_zone import Direction
from wakeful.device.state.profile import Profile
from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """One person, watched by one profile.

    Attributes:
        profile: the rules.
        reader: the landmark reader whose measures come in.
        speed_kmh: the vehicle's speed until the vehicle reports one; None is unknown, and opens every speed gate.
        known: what was learned of this person before; ignored if it was learned with another reader.
        road: the road direction in the camera's frame, if it is known.
        expression_classes: names of the probabilities in ``Observation.expression``.
        driver: who it is, as it is published; "" where nobody said.
    """

    profile: Profile
    reader: ReaderTraits
    speed_kmh: float | None = None
    known: Calibration | None = None
    road: Direction | None = None
    expression_classes: tuple[str, ...] = ()
    driver: str = ""
