"""What was learned of a driver, kept under a name between drives (``wakeful run --driver NAME``).

A few numbers, no picture: the open eyes' aspects and the way to the road. One JSON file a driver, readable by its owner
alone, in ``WAKEFUL_DRIVERS`` or ``~/.local/share/wakeful/drivers``.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from threading import Thread

from wakeful.device.alerts.output import Output
from wakeful.device.messages import DRIVER_NAME, Calibration, CommandReceived, DriverState, Event, SetDriver
from wakeful.device.state.inputs import EngineInput
from wakeful.errors import ConfigError, WakefulError
from wakeful.files import write_file

MAX_BYTES = 4096
# Files without this version hold a way to the road that was measured with gazes read about 12 degrees too high.
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
    """What was learned of this driver; None for a new one.

    Raises:
        ConfigError: the name cannot be a file's, or the file is damaged.
    """
    file = _file(name)
    try:
        with file.open("rb") as opened:
            fields = dict(json.loads(opened.read(MAX_BYTES)))
        version = fields.pop("version", 1)
        known = Calibration(**fields)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ConfigError(f"{file}: what is known of driver {name} cannot be read ({error}); delete the file") from None
    if not _plausible(known):
        raise ConfigError(f"{file}: what is known of driver {name} is invalid; delete the file")
    return known if version == VERSION else replace(known, road_yaw_deg=None, road_pitch_deg=None)


def save_driver(name: str, learned: Calibration) -> None:
    """Keep what was learned; the old file is there until the new one is whole.

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


class DriverKeeper(Output):
    """An output that keeps what was learned: once it is learned, when another driver is set, and at the end.

    Args:
        name: of the driver; "" is somebody of whom nothing is kept.
        learned: gives what is learned at present.
    """

    def __init__(self, name: str, learned: Callable[[], Calibration | None]) -> None:
        self._name = name
        self._learned = learned

    def state(self, state: DriverState) -> None: ...

    def engine_input(self, given: EngineInput) -> None:
        """A driver is set: this comes before the judge forgets the one before."""
        if isinstance(given, CommandReceived) and isinstance(given.command, SetDriver):
            self._keep_aside()
            self._name = given.command.name

    def event(self, event: Event) -> None:
        if event.kind != "calibration":
            return
        if event.data.get("reason") == "driver_changed":
            if self._name:
                log.warning("somebody else drives: what is learned from now on is not kept for %s", self._name)
            self._name = ""
        elif event.data.get("progress_pct") == 100.0:
            self._keep_aside()

    def close(self) -> None:
        _keep(self._name, self._learned())

    def _keep_aside(self) -> None:
        # A slow disk must not hold up the loop that tells this.
        Thread(target=_keep, args=(self._name, self._learned()), name="keep driver", daemon=True).start()


def with_what_is_known(command: SetDriver) -> SetDriver:
    """The same with what was learned of this driver before; a file that is damaged is reported and left aside."""
    if not command.name:
        return command
    try:
        return replace(command, known=load_driver(command.name))
    except ConfigError as error:
        log.warning("%s", error)
        return command


def _keep(name: str, learned: Calibration | None) -> None:
    if learned is None or not name:
        return
    try:
        save_driver(name, learned)
    except DriverStoreError as error:
        log.warning("%s", error)


def _file(name: str) -> Path:
    if not DRIVER_NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no driver's name: use up to 64 letters, digits, dots, dashes and underscores")
    return drivers_folder() / f"{name}.json"


def _plausible(known: Calibration) -> bool:
    aspects = (known.eye_aspect_left, known.eye_aspect_right)
    angles = (known.road_yaw_deg, known.road_pitch_deg)
    return all(isinstance(aspect, float) and 0.05 < aspect < 1.0 for aspect in aspects) and all(
        angle is None or (isinstance(angle, float) and -90.0 <= angle <= 90.0) for angle in angles
    )
