"""Outputs by name, our own and those of other packages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tests.device.alerts.test_fan_out import Recorder
from wakeful import ConfigError
from wakeful.device.alerts import registry
from wakeful.device.alerts.events import EventsOutput
from wakeful.device.alerts.output import Output
from wakeful.device.alerts.registry import BACKENDS, load_output, make_output
from wakeful.device.messages import Command
from wakeful.device.supervision.workers import Liveness


class Shaker(Recorder):
    """An output of another package that brings commands in."""

    def __init__(
        self,
        strength: int,
        on_command: Callable[[Command], None] | None = None,
        liveness: Liveness | None = None,
    ) -> None:
        super().__init__()
        self.strength, self.on_command, self.liveness = strength, on_command, liveness


class OldOutput:
    """An output as they were before there was a base class."""

    def start(self, origin_ns: int) -> None: ...

    def seen(self, frame: object, sighting: object) -> None: ...


class HalfAnOutput(Output):
    """It has everything but ``state``."""


@pytest.fixture
def seats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entry points as another package would bring them."""
    targets = {"seat": "Shaker", "half": "HalfAnOutput", "old": "OldOutput", "gone": "Missing", "number": "__name__"}
    entries = [EntryPoint(name, f"{__name__}:{target}", registry.ENTRY_POINTS) for name, target in targets.items()]
    entries.append(EntryPoint("absent", "no_such_package:Output", registry.ENTRY_POINTS))
    monkeypatch.setattr(registry, "entry_points", lambda group: entries if group == "wakeful.outputs" else [])


@pytest.mark.parametrize("name", BACKENDS)
def test_every_output_of_ours_loads_and_is_an_output(name: str) -> None:
    factory = load_output(name)
    assert isinstance(factory, type) and issubclass(factory, Output)


def test_the_registry_itself_imports_no_backend() -> None:
    loaded = "print([m for m in ('rich', 'serial', 'gpiod') if m in sys.modules])"
    code = f"import sys, wakeful.device.alerts.registry; {loaded}"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_an_output_is_built_from_its_settings(tmp_path: Path) -> None:
    output = make_output("events", {"target": tmp_path / "e"})
    assert isinstance(output, EventsOutput)
    output.close()


@pytest.mark.usefixtures("seats")
def test_another_package_adds_an_output_that_may_bring_commands_in() -> None:
    liveness = Liveness()
    output = make_output("seat", {"strength": 3}, on_command=print, liveness=liveness)
    assert isinstance(output, Shaker)
    assert (output.strength, output.on_command) == (3, print)
    assert output.liveness is liveness


@pytest.mark.usefixtures("seats")
@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("smoke", {}, "there is no output 'smoke': there are serial, gpio"),
        ("absent", {}, "does not load: ModuleNotFoundError"),
        ("gone", {}, "does not load: AttributeError"),
        ("number", {}, "is not a class or function"),
        ("half", {}, "refuses its settings: TypeError: Can't instantiate abstract class HalfAnOutput.* method '?state"),
        (
            "old",
            {},
            r"derive tests.device.alerts.test_registry.OldOutput from wakeful.device.alerts.output.Output, "
            "and rename its method seen to frame$",
        ),
        ("seat", {"strenght": 3}, "refuses its settings: TypeError"),
    ],
)
def test_what_cannot_be_used_is_one_line(name: str, settings: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        make_output(name, settings)
    assert "\n" not in str(caught.value)
