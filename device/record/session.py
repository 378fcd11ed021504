"""One recording on the disk: file after file, a chunk twice a second, and what to do when the disk fails.

Used by one thread only. Everything here may block on the disk.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from dataclasses import replace
from pathlib import Path

from wakeful.device.messages import Alert, DriverState, Event
from wakeful.device.record.disk_file import DiskFile
from wakeful.device.record.encode import Recorded
from wakeful.device.record.folder import DiskSpace, Folder
from wakeful.device.record.schema import ExpressionReading, LandmarkReading, LogConfig, Picture
from wakeful.device.record.writer import LogWriter
from wakeful.device.supervision.notes import Notes
from wakeful.files import DISK_FULL
from wakeful.frozen import dataclass

FLUSH_EVERY_S = 0.4
"""A killed process loses this much, plus what its thread had not processed."""
SYNC_EVERY_S = 0.75
"""Every second flush. A power cut loses what came since the last one: 1.0 s with turns of 0.1 s, and what the disk
takes for a sync. At most 1.5 s are to be lost, so it may take half a second."""
LOOK_EVERY_S = 1.0
RETRY_EVERY_S = 5.0
MAX_OWED = 1000
"""Alerts that are queued while the disk accepts nothing."""
LEAST_FREE_BYTES = 2 << 20
"""With less than this no new file is started, not even for alerts."""

_log = logging.getLogger("wakeful.record")


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a file is closed and a new one started."""

    bytes: int
    seconds: float


class Session:
    """Writes messages, in the order given.

    Args:
        template: the head of its files, except their number.
        now_s: monotonic time at the beginning; later times are given to ``turn``.

    Attributes:
        room: what may be written at present: everything, neither images nor points, or only alerts.
        left_out: messages that were not written, because there was no space or no file.
    """

    def __init__(self, folder: Folder, template: LogConfig, rotation: Rotation, notes: Notes, now_s: float) -> None:
        self._folder = folder
        self._template = template
        self._rotation = rotation
        self._notes = notes
        self._owed: deque[tuple[Recorded, int, int]] = deque(maxlen=MAX_OWED)
        self._writer: LogWriter | None = None
        self._probabilities: tuple[float, ...] = ()
        self._opened_s = self._flushed_s = self._synced_s = self._retry_s = self._looked_s = now_s
        self.space = DiskSpace.ALL
        self.left_out = 0
        try:
            self._look(now_s)
            self._open(now_s)
        except OSError as error:
            self._fail(error, now_s)

    def write(self, message: Recorded, t_ns: int, sequence: int, ready_ns: int | None = None) -> None:
        """Queue one message; it is in the file after the next flush. Times as for ``LogWriter.add``."""
        if self._writer is None:
            if _is_vital(message):
                self._owed.append((message, t_ns, sequence))
            else:
                self.left_out += 1
            return
        if not self._may_write(message):
            self.left_out += 1
            return
        self._writer.add(message, t_ns, sequence, ready_ns)
        if isinstance(message, DriverState) and message.expression_p != self._probabilities:
            self._probabilities = message.expression_p
            shares = dict(zip(self._template.engine_config.expression_classes, message.expression_p, strict=False))
            self._writer.add(ExpressionReading(t_ns, message.expression, shares), t_ns, sequence)

    def turn(self, now_s: float) -> None:
        """Do what is due: flush, sync, check the disk, rotate, retry."""
        try:
            if now_s - self._looked_s >= LOOK_EVERY_S:
                self._look(now_s)
            if self._writer is None:
                if now_s >= self._retry_s:
                    self._open_again(now_s)
                return
            if now_s - self._flushed_s >= FLUSH_EVERY_S:
                self._flush(now_s)
                # Between two flushes there is nothing new to sync, and what came since would wait for the next.
                if now_s - self._synced_s >= SYNC_EVERY_S:
                    self._disk.sync()
                    self._synced_s = now_s
            if self._disk.tell() >= self._rotation.bytes or now_s - self._opened_s >= self._rotation.seconds:
                self._end()
                self._open(now_s)
        except OSError as error:
            self._fail(error, now_s)

    def close(self) -> None:
        """Close the current file."""
        try:
            if self._writer is not None:
                self._end()
        except OSError as error:
            self._fail(error, 0.0)

    @property
    def file(self) -> Path | None:
        """The current file; None while none can be written."""
        return self._disk.path if self._writer is not None else None

    def _may_write(self, message: Recorded) -> bool:
        if isinstance(message, Picture | LandmarkReading):
            return self.space is DiskSpace.ALL
        return self.space is not DiskSpace.ALERTS_ONLY or _is_vital(message)

    def _open(self, now_s: float) -> None:
        self._folder.open()
        for gone in self._folder.tidy():
            _log.warning("%s deleted: the recordings exceed the limits keep_mb or keep_days", gone.name)
        self._folder.fill_ballast()
        config = replace(self._template, part=self._template.part + 1)
        disk = DiskFile(self._folder.file(config.session, config.part))
        try:
            writer = LogWriter(disk, config)
            for owed in self._owed:
                writer.add(*owed)
            writer.flush()
            disk.commit()
            # A disk that fails takes everything, and says so only when it is to have written it.
            disk.sync()
        except OSError:
            if not disk.discard():
                self._template = config
            raise
        self._owed.clear()
        self._template, self._disk, self._writer = config, disk, writer
        self._opened_s = self._flushed_s = self._synced_s = now_s

    def _open_again(self, now_s: float) -> None:
        self._retry_s = now_s + RETRY_EVERY_S
        _, free = self._folder.space(self.space)
        if free >= LEAST_FREE_BYTES and (self.space is not DiskSpace.ALERTS_ONLY or self._owed):
            self._open(now_s)
            self._notes.clear("record_failed")
            self._look(now_s)

    def _flush(self, now_s: float) -> None:
        assert self._writer is not None
        self._writer.flush()
        self._disk.commit()
        self._flushed_s = now_s

    def _end(self) -> None:
        assert self._writer is not None
        self._writer.finish()
        self._disk.commit()
        self._disk.sync()
        self._disk.close()
        self._writer = None

    def _look(self, now_s: float) -> None:
        self._looked_s = now_s
        self.space, _ = self._folder.space(self.space)
        if self.space is DiskSpace.ALL:
            if self._writer is not None:
                self._notes.clear("disk_full")
            return
        left = "neither images nor points are" if self.space is DiskSpace.NO_VIDEO else "nothing but alerts is"
        self._notes.set("disk_full", f"{left} recorded, {self._folder.path} is nearly full: make room there")

    def _fail(self, error: OSError, now_s: float) -> None:
        """The disk failed: close the file, report it, and try again later."""
        if error.errno in DISK_FULL:
            self.space = DiskSpace.ALERTS_ONLY
            self._notes.set("disk_full", f"nothing is recorded, {self._folder.path} is full: make room there")
        else:
            self._notes.set(
                "record_failed", f"nothing is recorded into {self._folder.path} ({error.strerror}): check the disk"
            )
        self._retry_s = now_s + RETRY_EVERY_S
        writer, self._writer = self._writer, None
        if writer is not None:
            self._end_failed(writer)
        if error.errno not in DISK_FULL:
            # Nothing of ours may keep a disk busy that somebody wants to check, or to take out.
            self._folder.close()

    def _end_failed(self, writer: LogWriter) -> None:
        self._folder.drop_ballast()
        try:
            self._disk.commit()
            writer.finish()
            self._disk.commit()
        except OSError:
            with contextlib.suppress(OSError):
                self._disk.end_short()
        with contextlib.suppress(OSError):
            self._disk.close()


def _is_vital(message: Recorded) -> bool:
    """Messages that are recorded even if there is hardly any space."""
    return isinstance(message, Alert) or (isinstance(message, Event) and message.kind in ("health", "marker"))
