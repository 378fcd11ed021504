"""The moments of a recorded drive, as a program that watched it got them; only the frames are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wakeful.device.landmarks import Landmarks
from wakeful.device.messages import Alert, CommandReceived, DriverState, Event, Observation, Tick
from wakeful.device.moment import Moment
from wakeful.device.record.errors import LogError
from wakeful.device.record.reader import Recording
from wakeful.device.record.replay import is_from_engine
from wakeful.device.record.schema import GIVEN, LANDMARKS, MARKER, SAID, LandmarkReading
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.inputs import NewRules


def moments(recording: Recording, config: EngineConfig | None = None) -> Iterator[Moment]:
    """Each moment of the recording, decided again.

    Args:
        config: another configuration than the recorded one.

    Raises:
        LogError: the recording holds no observations.
    """
    engine = Engine(config or recording.config.engine_config)
    gathered = _Gathered(recording)
    for entry in recording.entries(*GIVEN, *SAID, MARKER, LANDMARKS):
        value = entry.value
        if isinstance(value, LandmarkReading):
            gathered.face = value
        elif isinstance(value, Event) and not is_from_engine(value):
            gathered.event(value)
        elif isinstance(value, CommandReceived):
            gathered.alerts += engine.command(value.t_ns, value.command)
        elif isinstance(value, NewRules) and config is None:
            gathered.alerts += engine.adopt(value.t_ns, value.profile)
        elif isinstance(value, Observation | Tick):
            if gathered.state is not None:
                yield gathered.moment()
            seen = value if isinstance(value, Observation) else None
            step = engine.step(seen) if seen else engine.tick(value.t_ns, value.health)  # type: ignore[union-attr]
            gathered.begin(step.state, step.alerts, step.events, seen)
    if gathered.state is None:
        raise LogError(f"{recording.name} holds no observations: there is nothing to replay")
    yield gathered.moment()


class _Gathered:
    """The moment that is being put together.

    What the monitor noted about itself follows the moment in the log; commands, markers and the points of the face come
    before the next one.
    """

    def __init__(self, recording: Recording) -> None:
        self._origin_ns = recording.config.origin_ns
        self._origin_utc_ns = recording.config.wall_ns
        self._notes: list[str] = []
        self._observation: Observation | None = None
        self._landmarks: Landmarks | None = None
        self.face: LandmarkReading | None = None
        self._now: tuple[list[Alert], list[Event]] = ([], [])
        self.state: DriverState | None = None
        self.alerts: list[Alert] = []
        self.events: list[Event] = []

    def event(self, event: Event) -> None:
        note = event.data.get("note")
        if not isinstance(note, str):
            self.events.append(event)
            return
        if "over" not in event.data and note not in self._notes:
            self._notes.append(note)
        elif "over" in event.data and note in self._notes:
            self._notes.remove(note)
        (self._now[1] if self.state else self.events).append(event)

    def begin(
        self, state: DriverState, alerts: tuple[Alert, ...], events: tuple[Event, ...], observation: Observation | None
    ) -> None:
        self.state, self._observation = state, observation
        of_this_frame = self.face is not None and observation is not None and self.face.t_ns == observation.t_ns
        self._landmarks = self.face.landmarks if self.face is not None and of_this_frame else None
        self._now = ([*self.alerts, *alerts], [*self.events, *events])
        self.alerts, self.events = [], []

    def moment(self) -> Moment:
        assert self.state is not None
        since_ns = self.state.t_ns - self._origin_ns
        return Moment(
            since_ns / 1e9,
            self._origin_utc_ns + since_ns,
            replace(self.state, notes=tuple(self._notes)),
            tuple(self._now[0]),
            tuple(self._now[1]),
            self._observation,
            landmarks=self._landmarks,
        )
