"""Everything the engine takes in. The same inputs in the same order give the same alerts: a log holds exactly these."""

from __future__ import annotations

from wakeful.device.messages import CommandReceived, Observation, Tick
from wakeful.device.state.profile import Profile
from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class NewRules:
    """Another profile, and the capture time from which the engine applies its rules."""

    t_ns: int
    profile: Profile


EngineInput = Observation | Tick | CommandReceived | NewRules
