"""What was learned about a driver, saved under a name between drives (``wakeful run --driver NAME``).

A few numbers and no image: the aspects of the open eyes, the road direction and usual blinks. One JSON file per driver,
readable by its owner alone, in ``WAKEFUL_DRIVERS`` or ``~/.local/share/wakeful/drivers``.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, astuple, replace
from pathlib import Path
from threading import Thread

from wakeful.device.alerts.output import Output
from wakeful.device.drivers import BlinkBaseline, Calibration, DriverRecognized, SetDriver, is_driver_name
from wakeful.device.messages import CommandReceived, DriverState, Event
from wakeful.device.state.inputs import EngineInput
from wakeful.errors import ConfigError, WakefulError
from wakeful.files import write_file

MAX_BYTES = 4096
# Files without this version hold a road direction that was measured with gazes read about 12 degrees too high.
VERSION = 2
log = logging.getLogger("wakeful.driver")


class DriverStoreError(WakefulError, OSError):
    """A driver's file cannot be written."""


def drivers_folder() -> Path:
    """``WAKEFUL_DRIVERS`` if set, else in the user's data folder."""
    if chosen := os.environ.get("WAKEFUL_DRIVERS"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "wakeful" / "drivers"


def load_driver(name: str) -> Calibration | None:
    """What was learned about this driver; None for a new one.

    Raises:
        ConfigError: the name cannot be used for a file, or the file is damaged.
    """
    file = _file(name)
    try:
        with file.open("rb") as opened:
            fields = dict(json.loads(opened.read(MAX_BYTES)))
        version = fields.pop("version", 1)
        blinks = fields.pop("blinks", None)
        known = Calibration(**fields, blinks=blinks and BlinkBaseline(**blinks))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ConfigError(f"{file}: the data of driver {name} cannot be read ({error}); delete the file") from None
    if not _plausible(known):
        raise ConfigError(f"{file}: the data of driver {name} is invalid; delete the file")
    return known if version == VERSION else replace(known, road_yaw_deg=None, road_pitch_deg=None)


def save_driver(name: str, learned: Calibration) -> None:
    """Save what was learned; the old file stays until the new one is complete.

    Raises:
        DriverStoreError: it cannot be written.
    """
    file = _file(name)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_file(file, json.dumps({"version": VERSION, **asdict(learned)}), private=True)
    except OSError as error:
        raise DriverStoreError(
            f"{file} cannot be written ({error.strerror}); set WAKEFUL_DRIVERS to another folder"
        ) from None


def forget_driver(name: str) -> list[Path]:
    """Remove what was learned of a driver; gives the files that are gone. Raises: OSError: one cannot be removed."""
    file = _file(name)
    if not file.is_file():
        return []
    file.unlink()
    return [file]


class DriverSaver(Output):
    """An output that saves what was learned: once it is learned, when another driver is set, and at the end.

    Args:
        name: of the driver; "" for a driver about whom nothing is saved.
        learned: returns what has been learned so far.
    """

    def __init__(self, name: str, learned: Callable[[], Calibration | None]) -> None:
        self._name = name
        self._learned = learned

    def state(self, state: DriverState) -> None: ...

    def engine_input(self, given: EngineInput) -> None:
        """A driver is set, or recognized: this is called before the engine forgets the previous one."""
        if isinstance(given, CommandReceived) and isinstance(given.command, SetDriver):
            self._save_in_background()
            self._name = given.command.name
        elif isinstance(given, CommandReceived) and isinstance(given.command, DriverRecognized) and self._name:
            self._save_in_background()
            self._name = ""

    def event(self, event: Event) -> None:
        if event.kind != "calibration":
            return
        if event.data.get("reason") == "driver_changed":
            if self._name:
                log.warning("the driver has changed: what is learned from now on is not saved for %s", self._name)
            self._name = ""
        elif event.data.get("progress_pct") == 100.0:
            self._save_in_background()

    def close(self) -> None:
        _save(self._name, self._learned())

    def _save_in_background(self) -> None:
        # A slow disk must not block the loop that calls this.
        Thread(target=_save, args=(self._name, self._learned()), name="save driver", daemon=True).start()


def with_what_is_known(command: SetDriver) -> SetDriver:
    """The same command with what was learned about this driver before; a damaged file is reported and ignored."""
    if not command.name:
        return command
    try:
        return replace(command, known=load_driver(command.name))
    except ConfigError as error:
        log.warning("%s", error)
        return command


def _save(name: str, learned: Calibration | None) -> None:
    if learned is None or not name:
        return
    try:
        save_driver(name, learned)
    except DriverStoreError as error:
        log.warning("%s", error)


def _file(name: str) -> Path:
    if not is_driver_name(name):
        raise ConfigError(
            f"{name!r} is not a driver name: use up to 64 letters, digits, dots, dashes and underscores, "
            "but not auto or unknown"
        )
    return drivers_folder() / f"{name}.json"


def _plausible(known: Calibration) -> bool:
    aspects = (known.eye_aspect_left, known.eye_aspect_right)
    angles = (known.road_yaw_deg, known.road_pitch_deg)
    blinks = () if known.blinks is None else astuple(known.blinks)
    return (
        all(isinstance(aspect, float) and 0.05 < aspect < 1.0 for aspect in aspects)
        and all(angle is None or (isinstance(angle, float) and -90.0 <= angle <= 90.0) for angle in angles)
        and all(isinstance(value, float) and 1e-4 < value <= 1.0 for value in blinks)
    )
