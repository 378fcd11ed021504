"""SIGHUP: a new configuration is applied between two frames, completely or not at all.

The files are read and checked, and new outputs opened, in a separate thread; only the exchange happens in the loop. So
no frame waits, errors are reported (``config_refused``) while the old configuration stays in effect, and alerts that
are still queued in a replaced output are sent by its successor, or while it is closed.

Rules, latch, speed and outputs can change. The source, the networks, how eyes and gaze are measured, the recording and
the view cannot: learned and cached data depends on them. Such a change is refused with the advice to restart.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import fields
from queue import SimpleQueue
from typing import Any, Protocol

from wakeful.device.alerts.fan_out import FanOut
from wakeful.device.alerts.output import Output
from wakeful.device.alerts.run import Run
from wakeful.device.config.settings import Settings
from wakeful.device.messages import CommandReceived, Event, VehicleSpeed
from wakeful.device.state.engine import Engine
from wakeful.device.state.inputs import NewRules
from wakeful.device.state.profile import Profile
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.workers import Liveness, Worker
from wakeful.errors import ConfigError, WakefulError

NOTE = "config_refused"
EVENT = "configuration"
LIVE_SETTINGS = ("profile", "vehicle", "serial", "gpio", "sound", "outputs", "mqtt", "can", "stream")
LIVE_PROFILE = ("about", "rules", "latch")

_log = logging.getLogger("wakeful.reload")

Configuration = tuple[Settings, Profile]
Tables = dict[str, dict[str, Any]]


class Loop(Protocol):
    """The part of the loop that is used here."""

    started: Run | None

    def between_frames(self, do: Callable[[int], None]) -> None:
        """Calls ``do`` with the capture time of the last frame, in the loop's thread."""
        ...


class Reload:
    """Waits for requests and executes them.

    Args:
        load: reads and checks the configuration again; raises WakefulError.
        current: the configuration in effect.
        tables: outputs that can change, by name, with their settings.
        made: the existing outputs.
        make: builds one; raises WakefulError.
    """

    def __init__(
        self,
        load: Callable[[], Configuration],
        current: Configuration,
        *,
        tables: Callable[[Settings], Tables],
        made: dict[str, Output],
        make: Callable[[str, dict[str, Any]], Output],
        engine: Engine,
        output: FanOut,
        loop: Loop,
        notes: Notes,
        liveness: Liveness | None = None,
    ) -> None:
        self._load = load
        self.settings, self._profile = current
        self._tables = tables
        self._made = made
        self._make = make
        self._engine = engine
        self._output = output
        self._loop = loop
        self._notes = notes
        self._requests: SimpleQueue[bool] = SimpleQueue()
        self._worker = Worker("reload", self._run, liveness=liveness)

    def start(self) -> None:
        self._worker.start()

    def request(self) -> None:
        """Read the configuration again. Safe in a signal handler."""
        self._requests.put(True)

    def close(self) -> None:
        self._requests.put(False)
        self._worker.join(1.0)

    def _run(self) -> None:
        while self._requests.get():
            try:
                self._take_over(*self._load())
            except WakefulError as error:
                self._refuse(str(error))
            except Exception as error:
                self._refuse(f"{type(error).__name__}: {error}")

    def _refuse(self, why: str) -> None:
        self._notes.set(NOTE, f"{' '.join(why.split())}; the old configuration stays in effect")

    def _take_over(self, settings: Settings, profile: Profile) -> None:
        refuse_fixed(self.settings, settings, LIVE_SETTINGS)
        refuse_fixed(self._profile, profile, LIVE_PROFILE)
        before, after = self._tables(self.settings), self._tables(settings)
        gone = [name for name in before if before[name] != after.get(name)]
        new = self._opened({name: table for name, table in after.items() if before.get(name) != table})
        changed = [
            name for name in LIVE_SETTINGS if getattr(self.settings, name, None) != getattr(settings, name, None)
        ]
        if profile != self._profile and "profile" not in changed:
            changed.append("profile")
        old = [self._made.pop(name) for name in gone]
        speed_kmh = settings.vehicle.speed_kmh if "vehicle" in changed else None
        self._made |= new
        self.settings, self._profile = settings, profile

        def exchange(t_ns: int) -> None:
            for name, output in new.items():
                _hand_over(name, gone, old, output)
            self._output.exchange(old, list(new.values()))
            self._output.engine_input(NewRules(t_ns, profile))
            for alert in self._engine.adopt(t_ns, profile):
                self._output.alert(alert)
            if "vehicle" in changed:
                received = CommandReceived(t_ns, VehicleSpeed(speed_kmh))
                self._output.engine_input(received)
                self._engine.command(t_ns, received.command)
            self._output.event(Event(t_ns, EVENT, {"changed": ", ".join(changed) or "nothing"}))
            self._notes.clear(NOTE)

        self._loop.between_frames(exchange)
        _log.info("configuration applied: %s", ", ".join(changed) or "nothing changed")

    def _opened(self, tables: Tables) -> dict[str, Output]:
        """The new outputs, started if the others are; if one fails, all are closed."""
        opened: dict[str, Output] = {}
        try:
            for name, table in tables.items():
                opened[name] = self._make(name, table)
                if self._loop.started is not None:
                    opened[name].begin(self._loop.started)
                    opened[name].start(self._loop.started.origin_ns)
        except WakefulError:
            for output in opened.values():
                output.close()
            raise
        return opened


def refuse_fixed(old: object, new: object, live: tuple[str, ...]) -> None:
    """Raises ConfigError if anything outside ``live`` differs."""
    names = type(old).model_fields if isinstance(old, Settings) else (field.name for field in fields(old))  # type: ignore[arg-type]
    fixed = [name for name in names if name not in live and getattr(old, name) != getattr(new, name)]
    if fixed:
        raise ConfigError(
            f"{', '.join(f'[{name}]' for name in fixed)} cannot change while the monitor runs: restart it"
        )


def _hand_over(name: str, gone: list[str], old: list[Output], successor: Output) -> None:
    """Alerts queued in an output of the same name go to its successor, if that can take them."""
    if name in gone:
        successor.take_over(old[gone.index(name)])
