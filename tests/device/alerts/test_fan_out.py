"""Several outputs as one: none can hurt the others."""

from __future__ import annotations

import pytest

from tests.device.alerts.samples import AWAKE, alert
from wakeful import ConfigError
from wakeful.device.alerts.fan_out import FanOut
from wakeful.device.alerts.output import Output
from wakeful.device.messages import Alert, DriverState, Event


class Recorder(Output):
    """Notes the names of the calls it gets; raises ``error`` in those named ``failing``."""

    def __init__(self, failing: str = "", error: Exception | None = None) -> None:
        self.calls: list[str] = []
        self._failing = failing
        self._error = error

    def start(self, origin_ns: int) -> None:
        self._note("start")

    def alert(self, alert: Alert) -> None:
        self._note("alert")

    def event(self, event: Event) -> None:
        self._note("event")

    def state(self, state: DriverState) -> None:
        self._note("state")

    def close(self) -> None:
        self._note("close")

    def _note(self, name: str) -> None:
        self.calls.append(name)
        if self._error and name == self._failing:
            raise self._error


ALL = ["start", "alert", "event", "state", "state", "close"]


def call_all(outputs: FanOut) -> None:
    outputs.start(0)
    outputs.alert(alert())
    outputs.event(Event(0, "nod"))
    outputs.state(AWAKE)
    outputs.state(AWAKE)
    outputs.close()


@pytest.mark.parametrize("failing", ["start", "alert", "event", "state", "close"])
def test_an_output_that_raises_hurts_neither_the_others_nor_the_monitor(failing: str) -> None:
    broken, sound = Recorder(failing, RuntimeError("no")), Recorder()
    call_all(FanOut([broken, sound]))
    assert broken.calls == sound.calls == ALL


def test_failures_are_counted_and_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    outputs = FanOut([Recorder("state", RuntimeError("no wire"))])
    call_all(outputs)
    assert outputs.failures == {"Recorder": 2}
    assert [record.message for record in caplog.records] == [
        "output Recorder failed: RuntimeError: no wire; the monitor continues"
    ]


def test_what_the_user_must_mend_stops_the_start_and_closes_all() -> None:
    first, second = Recorder(), Recorder("start", ConfigError("no such line"))
    with pytest.raises(ConfigError, match="no such line"):
        FanOut([first, second]).start(0)
    assert (first.calls, second.calls) == (["start", "close"], ["start", "close"])


def test_problems_of_the_outputs_are_gathered() -> None:
    silent, loud = Recorder(), Recorder()
    loud.problem = "/dev/ttyUSB0 does not exist"
    assert FanOut([silent, loud]).problems == ["/dev/ttyUSB0 does not exist"]
