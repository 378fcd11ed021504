"""Replays a log: its inputs go into a new engine, whose alerts and events are compared with the recorded ones.

Nothing here knows a rule. The engine is the monitor's own, built as the head of the log says, or with another
profile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import field

from wakeful.device.messages import Alert, CommandReceived, DriverState, Event, Observation, Phase, Tick
from wakeful.device.record.errors import LogError
from wakeful.device.record.reader import Recording
from wakeful.device.record.schema import GIVEN, MARKER, SAID
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.inputs import EngineInput, NewRules
from wakeful.frozen import dataclass

Said = Alert | Event
FROM_OTHERS = frozenset(("marker", "configuration"))
"""Kinds of events that do not come from the engine; nor do notes about the monitor."""
LONGEST_STEP_S = 1.0
"""Between two inputs no more than this counts as watched: a clock that jumps forward is no drive."""


@dataclass(slots=True)
class Replayed:
    """What came of a replay.

    Attributes:
        now: what the new engine raised, in its order.
        then: what the log says was said.
        frames: moments that were evaluated, those without a frame included.
        seconds: how long it was watched; seen_s: with known eyes; health_s: in each health.
        cut_ns: what was said from this capture time on is not compared, since the log ends in the middle of it.
    """

    now: list[Said] = field(default_factory=list)
    then: list[Said] = field(default_factory=list)
    frames: int = 0
    seconds: float = 0.0
    seen_s: float = 0.0
    health_s: dict[str, float] = field(default_factory=dict)
    cut_ns: int | None = None

    def compared(self, said: list[Said]) -> list[Said]:
        """The part of ``now`` or ``then`` that the log holds as a whole."""
        return said if self.cut_ns is None else [one for one in said if one.t_ns < self.cut_ns]

    @property
    def raised(self) -> Counter[str]:
        """How often each alert was raised now, by code."""
        return Counter(one.code for one in self.now if isinstance(one, Alert) and one.phase is Phase.RAISED)


def replay(
    recording: Recording, config: EngineConfig | None = None, tell: Callable[[Said], None] | None = None
) -> Replayed:
    """Re-evaluate a recording from its beginning.

    Args:
        config: another one than the recorded.
        tell: is called with everything that an output of the monitor would get, markers and notes of the log included.

    Raises:
        LogError: there is nothing in it that could be evaluated.
    """
    engine = Engine(config or recording.config.engine_config)
    done = Replayed()
    last_ns: int | None = None
    for entry in recording.entries(*GIVEN, *SAID, MARKER):
        value = entry.value
        said: list[Said] = []
        if isinstance(value, NewRules) and config is not None:
            continue  # the other configuration applies its own rules throughout
        if isinstance(value, Observation | Tick | CommandReceived | NewRules):
            said, state = advance(engine, value)
            done.now += said
            if state is not None:
                _account(done, value.t_ns, last_ns, state)
                last_ns = value.t_ns
        elif isinstance(value, Alert | Event):
            # Markers and notes do not come from the engine: they are passed on as recorded.
            from_engine = is_from_engine(value)
            said = [] if from_engine else [value]
            if from_engine:
                done.then.append(value)
        if tell is not None:
            for one in said:
                tell(one)
    if last_ns is None:
        raise LogError(f"{recording.name} holds no observations: there is nothing to evaluate")
    if any(file.config.repaired or not file.condition.whole for file in recording.files):
        done.cut_ns = last_ns
    return done


def advance(engine: Engine, given: EngineInput) -> tuple[list[Said], DriverState | None]:
    """What the engine makes of one input, in the order of the monitor's loop, and the state if there is a new one."""
    if isinstance(given, CommandReceived):
        return list(engine.command(given.t_ns, given.command)), None
    if isinstance(given, NewRules):
        return list(engine.adopt(given.t_ns, given.profile)), None
    step = engine.step(given) if isinstance(given, Observation) else engine.tick(given.t_ns, given.health)
    return [*step.alerts, *step.events], step.state


def is_from_engine(said: Said) -> bool:
    """Whether the engine raised it, and would raise it again."""
    return isinstance(said, Alert) or (said.kind not in FROM_OTHERS and "note" not in said.data)


def _account(done: Replayed, t_ns: int, last_ns: int | None, state: DriverState) -> None:
    done.frames += 1
    passed_s = 0.0 if last_ns is None else min(max(0.0, (t_ns - last_ns) / 1e9), LONGEST_STEP_S)
    done.seconds += passed_s
    done.health_s[state.health.value] = done.health_s.get(state.health.value, 0.0) + passed_s
    if state.eyes_closed is not None:
        done.seen_s += passed_s
