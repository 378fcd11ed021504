"""The folder of recordings: rights, one writer at a time, room on the disk, and what is old enough to go."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import time
from enum import IntEnum
from pathlib import Path

from wakeful.device.record.errors import RecordingError
from wakeful.device.record.reader import SUFFIX
from wakeful.files import DISK_FAULTS
from wakeful.frozen import dataclass

LOCK = ".recording"
PREFIX = "wakeful-"
BALLAST_BYTES = 512 << 10
"""Room that the lock file keeps free for the index of a file on a full disk: an hour has some 400 kB of it."""
LARGEST_SHARE_KEPT_FREE = 0.1
"""On a small disk no more than this share is left free."""
VIDEO_NEEDS = 2
"""Pictures are given up at this many times the room that is left free."""

_log = logging.getLogger("wakeful.record")


class DiskSpace(IntEnum):
    """How much may still be written."""

    ALERTS_ONLY = 0
    NO_VIDEO = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """What is kept, and what is left free; None is without limit."""

    min_free_bytes: int
    keep_bytes: int | None = None
    keep_s: float | None = None


class Folder:
    """Holds the lock from its making until ``close``, or from ``open`` on where the disk fails at first.

    Raises:
        RecordingError: the folder cannot be made or written to, or another process records into it.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        self._limits = limits
        self._lock: int | None = None
        try:
            self.open()
        except BlockingIOError:
            raise RecordingError(f"another process records into {path} already; name another folder") from None
        except OSError as error:
            if error.errno not in DISK_FAULTS:
                raise RecordingError(
                    f"cannot record into {path}: {error.strerror}; name a folder that this user may write to"
                ) from None

    def open(self) -> None:
        """Take the lock if it is not held yet, or is that of another disk than the one that is there now.

        Raises:
            OSError: it cannot be had at present, which may change: a disk that fails or is away, another process.
        """
        if self._lock is None or not _is_at(self._lock, self.path / LOCK):
            self.close()
            self._lock = _locked(self.path)
            self.fill_ballast()

    def new_session(self, wall_ns: int) -> str:
        """A name for a recording that begins now; unique even where the clock of the board is not set."""
        return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(wall_ns // 1_000_000_000))}-{secrets.token_hex(2)}"

    def file(self, session: str, part: int) -> Path:
        """Where a part of a recording lies."""
        return self.path / f"{PREFIX}{session}-{part:04}{SUFFIX}"

    def space(self, at_least: DiskSpace = DiskSpace.ALERTS_ONLY) -> tuple[DiskSpace, int]:
        """What may be written, and how many bytes are free.

        Args:
            at_least: what was allowed before: more is allowed again only once there is a tenth more room than it
                needs, so that it does not come and go.

        Raises:
            OSError: the disk is gone.
        """
        disk = os.statvfs(self.path)
        free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
        kept = min(self._limits.min_free_bytes, LARGEST_SHARE_KEPT_FREE * size)
        now = _space(free, kept)
        return (now if now <= at_least else max(at_least, _space(0.9 * free, kept))), free

    def tidy(self) -> list[Path]:
        """Delete the oldest logs that exceed the limits; gives what was deleted. Called while none is being written."""
        files = []
        for path in self.path.glob(f"{PREFIX}*{SUFFIX}"):
            with contextlib.suppress(OSError):
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
        oldest_s = time.time() - self._limits.keep_s if self._limits.keep_s is not None else None
        total, gone = 0, []
        for changed_s, size, path in sorted(files, reverse=True):
            total += size
            too_much = self._limits.keep_bytes is not None and total > self._limits.keep_bytes
            too_old = oldest_s is not None and changed_s < oldest_s
            if (too_much or too_old) and _deleted(path):
                gone.append(path)
                total -= size
        return gone

    def fill_ballast(self) -> None:
        """Take the room that the end of a file will need, as far as there is some."""
        if self._lock is not None:
            with contextlib.suppress(OSError):
                os.pwrite(self._lock, bytes(BALLAST_BYTES), 0)

    def drop_ballast(self) -> None:
        """Give that room to whoever needs it now."""
        if self._lock is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._lock, 0)

    def close(self) -> None:
        """Let others record here."""
        self.drop_ballast()
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


def _space(free_bytes: float, kept_bytes: float) -> DiskSpace:
    if free_bytes < kept_bytes:
        return DiskSpace.ALERTS_ONLY
    return DiskSpace.NO_VIDEO if free_bytes < VIDEO_NEEDS * kept_bytes else DiskSpace.ALL


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _locked(path: Path) -> int:
    """The descriptor that holds the lock of a folder. Raises: BlockingIOError: another process has it; OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise BlockingIOError(error.errno, "another process records there") from None
    return descriptor


def _deleted(path: Path) -> bool:
    try:
        path.unlink()
    except OSError as error:
        _log.warning("%s could not be deleted: %s", path, error.strerror)
        return False
    return True
