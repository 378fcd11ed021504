"""A small file that says how the monitor is, for whoever asks from outside: ``wakeful health``, a container's check.

Written twice a second by a thread of its own and replaced whole, so that a reader never sees half of it. Its times are
those of the monitor's own thread: a monitor that hangs leaves a file that grows old. It reports health alone, and
nothing about the person.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from dataclasses import asdict
from pathlib import Path

from wakeful.device.alerts.output import Output
from wakeful.device.messages import DriverState, Health
from wakeful.device.supervision.workers import Liveness, Worker
from wakeful.errors import ConfigError, WakefulError
from wakeful.files import DISK_FAULTS, write_file
from wakeful.frozen import dataclass

WRITE_S = 0.5
MAX_BYTES = 4096
FILE = "status.json"

_log = logging.getLogger("wakeful.status")


class StatusMissing(WakefulError, FileNotFoundError):
    """No monitor has written a status there, or it cannot be read."""


@dataclass(frozen=True, slots=True)
class Status:
    """How the monitor is.

    Attributes:
        turn_s: when its loop last came round, frame or not; seconds of the machine's monotonic clock.
        frame_s: when it last analysed a frame, same clock; None before the first.
        frames: frames analysed so far.
    """

    pid: int
    turn_s: float
    frame_s: float | None
    frames: int
    health: str
    reason: str

    def trouble(self, now_s: float, max_age_s: float) -> str:
        """What is wrong at ``now_s``, in a few words; "" if frames are analysed."""
        # A time ahead of the clock is from before a restart of the machine.
        if not 0.0 <= now_s - self.turn_s <= max_age_s:
            return f"its loop has not completed a turn for {max_age_s:g} s"
        if not Health(self.health).has_frame:
            return self.health
        if self.frame_s is None or now_s - self.frame_s > max_age_s:
            return f"no frame was analysed for {max_age_s:g} s"
        return ""


class Progress:
    """The status so far, as the monitor's own thread notes it with each state. Times are seconds of one clock."""

    def __init__(self, now_s: float) -> None:
        self.status = Status(os.getpid(), now_s, None, 0, Health.STARTING, "")

    def note(self, state: DriverState, now_s: float) -> None:
        before, processed = self.status, state.health.has_frame
        self.status = Status(
            before.pid,
            now_s,
            now_s if processed else before.frame_s,
            before.frames + processed,
            str(state.health),
            state.reason,
        )


class StatusOutput(Output):
    """Keeps the status file ``target`` up to date, and removes it at the end."""

    def __init__(self, target: str | Path, liveness: Liveness | None = None) -> None:
        self._target = Path(target)
        self._progress = Progress(time.monotonic())
        self._closing = threading.Event()
        self._worker = Worker("status", self._run, liveness=liveness)

    def start(self, origin_ns: int) -> None:
        """Raises: ConfigError: the file cannot be written."""
        try:
            self._progress = Progress(time.monotonic())
            self._write(self._progress.status)
        except OSError as error:
            if error.errno not in DISK_FAULTS:
                raise ConfigError(f"cannot write the status file {self._target}: {error.strerror}") from error
            _log.warning("%s cannot be written at present: %s", self._target, error.strerror)
        self._worker.start()

    def state(self, state: DriverState) -> None:
        self._progress.note(state, time.monotonic())

    def close(self) -> None:
        self._closing.set()
        self._worker.join(1.0)

    def _run(self) -> None:
        written = self._progress.status
        reported = False
        while not self._closing.wait(WRITE_S):
            newest = self._progress.status
            if newest is written:
                continue
            try:
                self._write(newest)
                written = newest
            except OSError as error:
                if not reported:
                    _log.warning("%s can no longer be written: %s", self._target, error.strerror)
                reported = True
        if self._target.is_file():
            self._target.unlink(missing_ok=True)

    def _write(self, status: Status) -> None:
        write_file(self._target, json.dumps(asdict(status)), private=True, durable=False)


def read_status(file: Path) -> Status:
    """The status in ``file``.

    Raises:
        StatusMissing: there is none, or it is not a status file.
    """
    try:
        with file.open("rb") as content:
            given = json.loads(content.read(MAX_BYTES))
        frame_s = given["frame_s"]
        return Status(
            int(given["pid"]),
            float(given["turn_s"]),
            None if frame_s is None else float(frame_s),
            int(given["frames"]),
            str(Health(given["health"])),
            str(given["reason"]),
        )
    except OSError as error:
        raise StatusMissing(f"{file}: {error.strerror}: no running monitor writes its status there") from None
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise StatusMissing(
            f"{file} is not a status file of a monitor: give the file named by its setting outputs.status"
        ) from None


def usual_file() -> Path:
    """Where a service's status lies: in the folder systemd gave it, else where it gives one to wakeful.service."""
    return Path(os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0] or "/run/wakeful") / FILE
