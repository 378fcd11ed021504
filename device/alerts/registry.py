"""Finds outputs by name: the internal ones, each imported when it is used, and those of other packages.

Another package adds a class that derives from ``wakeful.device.alerts.output.Output`` by an entry point:

    [project.entry-points."wakeful.outputs"]
    seat = "my_package.seat:SeatShaker"
"""

from __future__ import annotations

import importlib
import inspect
import typing
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from wakeful.device.alerts.old_names import import_instead
from wakeful.device.alerts.output import Output
from wakeful.device.config.section import Section
from wakeful.device.config.suggest import suggestion
from wakeful.device.messages import Command
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.workers import Liveness
from wakeful.errors import ConfigError, WakefulError

BACKENDS = {
    "serial": ("wakeful.device.alerts.serial.output", "SerialOutput"),
    "gpio": ("wakeful.device.alerts.gpio.output", "GpioOutput"),
    "gpio_heartbeat": ("wakeful.device.alerts.gpio.heartbeat", "HeartbeatOutput"),
    "sound": ("wakeful.device.alerts.sound.output", "SoundOutput"),
    "events": ("wakeful.device.alerts.events", "EventsOutput"),
    "signals": ("wakeful.device.alerts.signals", "SignalsOutput"),
    "can": ("wakeful.device.alerts.can.output", "CanOutput"),
    "mqtt": ("wakeful.device.alerts.mqtt.output", "MqttOutput"),
    "stream": ("wakeful.device.alerts.stream", "StreamOutput"),
    "service": ("wakeful.device.alerts.service", "ServiceOutput"),
    "status": ("wakeful.device.alerts.status_file", "StatusOutput"),
    "record": ("wakeful.device.record.recorder", "Recorder"),
    "terminal": ("wakeful.device.alerts.terminal.output", "TerminalOutput"),
    "plain": ("wakeful.device.alerts.terminal.plain", "PlainOutput"),
    "view": ("wakeful.device.view.live", "LivePage"),
}
"""The internal outputs: name to module and class."""

ENTRY_POINTS = "wakeful.outputs"
OFFERED = ("on_command", "notes", "liveness")
"""Parameters of constructors that the monitor fills in."""
RENAMED = {"seen": "frame", "fed": "engine_input"}
"""Methods of outputs that were written before there was a base class."""
BASE = f"{Output.__module__}.{Output.__qualname__}"


def load_output(name: str) -> Callable[..., Output]:
    """The class or function for the output called ``name``. Internal names take precedence.

    Raises:
        ConfigError: there is none, or its package cannot be imported.
    """
    if name in BACKENDS:
        module, attribute = BACKENDS[name]
        factory: Callable[..., Output] = getattr(importlib.import_module(module), attribute)
        return factory
    entry = _entry_points().get(name)
    if entry is None:
        known = [*BACKENDS, *sorted(_entry_points())]
        raise ConfigError(f"there is no output {name!r}: {suggestion(name, known)}")
    try:
        loaded = entry.load()
    except Exception as error:
        raise ConfigError(f"output {name!r} ({entry.value}) does not load: {_why(error)}") from error
    if not callable(loaded):
        raise ConfigError(f"output {name!r} ({entry.value}) is not a class or function that builds an output")
    return loaded  # type: ignore[no-any-return]


def make_output(
    name: str,
    settings: Mapping[str, Any],
    on_command: Callable[[Command], None] | None = None,
    notes: Notes | None = None,
    liveness: Liveness | None = None,
) -> Output:
    """Builds the output called ``name`` from its arguments, or from its table of ``[outputs.extra]``.

    An output whose constructor has a parameter ``settings`` that is a ``Section`` gets its table as such a section; any
    other output gets the keys of its table as arguments.

    Outputs with a parameter ``on_command`` get it to forward commands from outside; those with a parameter ``notes``
    get it to report their faults, and those with ``liveness`` pass it to their ``Worker``.

    Raises:
        ConfigError: it is unknown, rejects its settings, or does not derive from ``Output``.
    """
    factory = load_output(name)
    arguments = dict(settings)
    try:
        section = section_of(factory)
        if section is not None and "settings" not in arguments:
            table = {key: arguments.pop(key) for key in list(arguments) if key in section.model_fields}
            arguments["settings"] = section(**table)
        for offered, value in zip(OFFERED, (on_command, notes, liveness), strict=True):
            if offered in inspect.signature(factory).parameters:
                arguments[offered] = value
        output = factory(**arguments)
    except WakefulError:
        raise
    except Exception as error:
        raise ConfigError(f"output {name!r} refuses its settings: {_one_line(error)}") from error
    if not isinstance(output, Output):
        cls = type(output)
        raise ConfigError(
            f"output {name!r} is not an output: derive {cls.__module__}.{cls.__qualname__} from {BASE}"
            + "".join(f", and rename its method {old} to {new}" for old, new in RENAMED.items() if hasattr(cls, old))
        )
    return output


def section_of(factory: Callable[..., object]) -> type[Section] | None:
    """The section that ``factory`` takes as its ``settings``, if it does."""
    try:
        kind = typing.get_type_hints(factory.__init__ if isinstance(factory, type) else factory).get("settings")  # type: ignore[misc]
    except (NameError, TypeError):
        return None
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _entry_points() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}


def _why(error: Exception) -> str:
    moved = import_instead(error)
    if moved is None:
        return _one_line(error)
    old, new = moved
    return f"it imports {old}, which is {new} now: change the import (docs/upgrading.md lists all names)"


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
