"""An output that keeps what a monitor says."""

from __future__ import annotations

from wakeful.device.alerts.output import Output
from wakeful.device.messages import Alert, DriverState, Event, Phase
from wakeful.device.state.inputs import EngineInput


class Heard(Output):
    """An output that keeps everything."""

    def __init__(self) -> None:
        self.origin_ns: list[int] = []
        self.alerts: list[Alert] = []
        self.events: list[Event] = []
        self.states: list[DriverState] = []
        self.given: list[EngineInput] = []

    def start(self, origin_ns: int) -> None:
        self.origin_ns.append(origin_ns)

    def engine_input(self, given: EngineInput) -> None:
        self.given.append(given)

    def alert(self, alert: Alert) -> None:
        self.alerts.append(alert)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def state(self, state: DriverState) -> None:
        self.states.append(state)

    @property
    def newest(self) -> DriverState | None:
        return self.states[-1] if self.states else None

    def told(self) -> list[tuple[str, Phase]]:
        return [(alert.code, alert.phase) for alert in self.alerts]

    def healths(self) -> list[str]:
        """Each health as it was told when it changed."""
        return [str(event.data["health"]) for event in self.events if event.kind == "health"]
