"""Writes lines to a file from a thread of its own, so that a slow disk or a full pipe never holds up the monitor."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import stat
import threading
import time
from pathlib import Path

from wakeful.device.standard_streams import NAMES
from wakeful.device.supervision.workers import Liveness, Worker
from wakeful.errors import ConfigError
from wakeful.files import DISK_FAULTS, DISK_FULL

MAX_QUEUED_LINES = 10_000
MAX_LINES_A_WRITE = 500
CLOSE_TIMEOUT_S = 1.0
RETRY_S = 0.5

_log = logging.getLogger("wakeful.files")


class BackgroundWriter:
    """A file, the standard output for ``-``, or an open descriptor by number, that takes lines without waiting.

    A line is with the operating system as soon as the thread gets to it: nothing waits in a buffer of this process. A
    disk that is full, fails or is read-only is waited for, from the start too, and up to 10 000 lines wait with it; the
    file may be on another disk then. New files are created with mode 0600, because
    they tell about a person; an existing one is emptied and keeps its mode.

    Attributes:
        dropped: lines that were lost, because over 10 000 waited or because the file can no longer be written.

    Raises:
        ConfigError: the target cannot be opened.
    """

    def __init__(self, target: Path | str | int, liveness: Liveness | None = None) -> None:
        target = 1 if target == "-" else target
        self.name = NAMES.get(target, str(target)) if isinstance(target, int) else str(target)
        self.dropped = 0
        self._path = target if not isinstance(target, int) and _is_file(target) else None
        self._descriptor: int | None = None
        try:
            self._descriptor = _open(target)
        except OSError as error:
            if self._path is None or error.errno not in DISK_FAULTS:
                raise ConfigError(
                    f"cannot write to {target}: {error.strerror}; name a file in a folder that exists"
                ) from error
        self._lines: queue.Queue[str | None] = queue.Queue(MAX_QUEUED_LINES)
        self._in_hand = b""
        self._begun = self._descriptor is not None
        self._broken = False
        self._waits = False
        self._closed = False
        self._closing = threading.Event()
        self._worker = Worker(f"write-{self.name}", self._run, liveness=liveness)
        self._worker.start()

    def write(self, line: str) -> None:
        """Queues ``line``, which brings its own line end; drops and counts it where it cannot."""
        try:
            if self._broken or self._closed:
                raise queue.Full
            self._lines.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Writes everything queued, within a second."""
        if self._closed:
            return
        self._closed = True
        self._closing.set()
        deadline = time.monotonic() + CLOSE_TIMEOUT_S
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=CLOSE_TIMEOUT_S)
        self._worker.join(max(0.0, deadline - time.monotonic()))
        if self._worker.is_alive():
            self.dropped += self._lines.qsize() + self._in_hand.count(b"\n")
        if self.dropped:
            _log.warning("%s: %d lines could not be written", self.name, self.dropped)

    def _run(self) -> None:
        running = True
        while running:
            # A life before this one may have died with something in its hands.
            if not self._in_hand:
                running = self._take_lines()
            if self._broken or not self._written():
                self.dropped += self._in_hand.count(b"\n")
            self._in_hand = b""
        self._let_go()

    def _take_lines(self) -> bool:
        """Takes in hand what waits, at least one line unless it is the end; False if that is the last."""
        for _ in range(MAX_LINES_A_WRITE):
            line = self._lines.get()
            if line is None:
                return False
            self._in_hand += line.encode()
            if self._lines.empty():
                break
        return True

    def _written(self) -> bool:
        """Hands everything over, for as long as it takes; a disk is waited for, other errors are the end."""
        with self._worker.part.outside():
            while self._in_hand:
                try:
                    if self._descriptor is None:
                        assert self._path is not None
                        self._descriptor = _open(self._path, os.O_APPEND if self._begun else os.O_TRUNC)
                        self._begun = True
                    self._in_hand = self._in_hand[os.write(self._descriptor, self._in_hand) :]
                    self._waits = False
                except OSError as error:
                    # Nothing is open only because the disk had failed.
                    waited_for = DISK_FULL if self._path is None else DISK_FAULTS
                    if self._descriptor is not None and error.errno not in waited_for:
                        self._broken = True
                        _log.warning("%s can no longer be written: %s", self.name, error.strerror)
                        return False
                    if not self._waits:
                        _log.warning("%s cannot be written at present: %s", self.name, error.strerror)
                    self._waits = True
                    full = error.errno in DISK_FULL
                    fix = "free some" if full else "check the disk"
                    self._worker.part.obstacle = f"{error.strerror}; {fix}, what waits is written then"
                    if not full:
                        # The disk may be mounted anew, or be another one.
                        self._let_go()
                    if self._closing.wait(RETRY_S):
                        return False
        return True

    def _let_go(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _is_file(target: Path | str) -> bool:
    """Whether it is one, or would be."""
    try:
        return stat.S_ISREG(Path(target).stat().st_mode)
    except OSError:
        return True


def _open(target: Path | str | int, how: int = os.O_TRUNC) -> int:
    if isinstance(target, int):
        # A copy of the descriptor, past sys.stdout: a reader that goes away must not trip the interpreter's exit.
        return os.dup(target)
    flags = os.O_WRONLY
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISFIFO(Path(target).stat().st_mode):
            flags = os.O_RDWR  # opening a named pipe for writing alone would wait for its reader
    return os.open(target, flags | os.O_CREAT | how | os.O_CLOEXEC, 0o600)
