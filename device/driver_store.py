"""What was learned of a driver, kept under a name between drives (``wakeful run --driver NAME``).

A few numbers, no picture: the open eyes' aspects and the way to the road. One JSON file a driver, readable by its owner
alone, in ``WAKEFUL_DRIVERS`` or ``~/.local/share/wakeful/drivers``.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from threading import Thread

from device.messages import Alert, DriverState, Event
from device.state.person import Calibration
from wakeful import ConfigError, WakefulError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MAX_BYTES = 4096
log = logging.getLogger("wakeful.driver")


class DriverStoreError(WakefulError, OSError):
    """A driver's file cannot be written."""

    def __str__(self) -> str:
        return str(self.args[0])


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
            known = Calibration(**json.loads(opened.read(MAX_BYTES)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ConfigError(f"{file}: what is known of driver {name} cannot be read ({error}); delete the file") from None
    if not _plausible(known):
        raise ConfigError(f"{file}: what is known of driver {name} makes no sense; delete the file")
    return known


def save_driver(name: str, learned: Calibration) -> None:
    """Keep what was learned; the old file is there until the new one is whole.

    Raises:
        DriverStoreError: it cannot be written.
    """
    file = _file(name)
    new = file.with_suffix(".new")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            json.dump(asdict(learned), opened)
        new.replace(file)
    except OSError as error:
        raise DriverStoreError(
            f"{file} cannot be written ({error.strerror}); set WAKEFUL_DRIVERS to another folder"
        ) from None


class DriverKeeper:
    """An output that keeps what was learned: once it is learned, and at the end. Another driver's is not kept.

    Args:
        learned: gives what is learned at present.
    """

    def __init__(self, name: str, learned: Callable[[], Calibration | None]) -> None:
        self._name = name
        self._learned = learned
        self._same_driver = True

    def start(self, origin_ns: int) -> None: ...

    def alert(self, alert: Alert) -> None: ...

    def state(self, state: DriverState) -> None: ...

    def event(self, event: Event) -> None:
        if event.kind != "calibration":
            return
        if event.data.get("reason") == "driver_changed":
            self._same_driver = False
            log.warning("somebody else drives: what is learned from now on is not kept for %s", self._name)
        elif event.data.get("progress_pct") == 100.0:
            # A slow disk must not hold up the loop that tells this.
            Thread(target=self._keep, name="keep driver", daemon=True).start()

    def close(self) -> None:
        self._keep()

    def _keep(self) -> None:
        learned = self._learned()
        if learned is None or not self._same_driver:
            return
        try:
            save_driver(self._name, learned)
        except DriverStoreError as error:
            log.warning("%s", error)


def _file(name: str) -> Path:
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no driver's name: use up to 64 letters, digits, dots, dashes and underscores")
    return drivers_folder() / f"{name}.json"


def _plausible(known: Calibration) -> bool:
    aspects = (known.eye_aspect_left, known.eye_aspect_right)
    angles = (known.road_yaw_deg, known.road_pitch_deg)
    return all(isinstance(aspect, float) and 0.05 < aspect < 1.0 for aspect in aspects) and all(
        angle is None or (isinstance(angle, float) and -90.0 <= angle <= 90.0) for angle in angles
    )
