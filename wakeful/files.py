"""One way to write a whole file, so that nobody ever sees half of one, whatever fails while it is written.

Lies beside ``wakeful.errors`` because networks, conversion and monitor all write files and may not import each other.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

PRIVATE_MODE, PUBLIC_MODE = 0o600, 0o644
CANNOT_REPLACE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY)
"""A folder without write permission, or a file that is a mount of its own: the file itself may still be writable."""
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
DISK_FAULTS = (*DISK_FULL, errno.EROFS, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE)
"""What a disk does, not whoever named the file: it may be well again, and no reason not to watch a driver."""


def write_file(target: Path, content: str | bytes, *, private: bool, durable: bool = True) -> None:
    """Replace ``target`` by ``content`` in one step; after an error the old file is as it was.

    Links, devices and pipes, as ``/dev/stdout``, are written directly and stay what they are; so is a file whose
    folder takes no new ones.

    Args:
        private: readable by its owner alone, for what concerns a person; else as the umask allows.
        durable: wait until the disk holds it; False for what is written many times a minute.

    Raises:
        OSError: it cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    if not _replaceable(target):
        _write_directly(target, data, private)
        return
    try:
        replace_file(target, lambda part: part.write_bytes(data), private=private, durable=durable)
    except OSError as error:
        if error.errno not in CANNOT_REPLACE or not target.is_file():
            raise
        _write_directly(target, data, private)


def replace_file(target: Path, write: Callable[[Path], object], *, private: bool, durable: bool = True) -> None:
    """Replace ``target`` by what ``write`` puts into the path it gets, which has the same suffix and lies beside it.

    For libraries that write to a path themselves. The arguments are those of ``write_file``.

    Raises:
        OSError: it cannot be written; and whatever ``write`` raises.
    """
    part = target.with_name(f".part-{os.urandom(6).hex()}{target.suffix}")
    mode = PRIVATE_MODE if private else PUBLIC_MODE
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode))
    try:
        write(part)
        if durable:
            _flush(part)
        part.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def text_of(file: Path) -> str:
    """What a small file of the system says, without the space around it; "" where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _replaceable(target: Path) -> bool:
    # Not the file behind a link: /dev/stdout may lead to the file that a shell has open, which must not be replaced.
    try:
        return stat.S_ISREG(target.lstat().st_mode)
    except FileNotFoundError:
        return True


def _write_directly(target: Path, data: bytes, private: bool) -> None:
    mode = PRIVATE_MODE if private else PUBLIC_MODE
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        # A file that was there before may be readable by others; a device belongs to everybody.
        if private and stat.S_ISREG(os.fstat(descriptor).st_mode):
            with contextlib.suppress(OSError):
                os.fchmod(descriptor, PRIVATE_MODE)
        file.write(data)


def _flush(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
