"""The file under a log: nothing in it is ever torn by a full disk, and little of it is lost with the process."""

from __future__ import annotations

import contextlib
import os
import struct
from pathlib import Path

from wakeful.device.record.container import DATA_END, FOOTER, MAGIC

_END = struct.pack("<BQI", DATA_END, 4, 0) + struct.pack("<BQQQI", FOOTER, 20, 0, 0, 0) + MAGIC
"""The end of an MCAP file without an index."""


class DiskFile:
    """Collects what is written, and hands it to the system as a whole with ``commit``.

    Readable by its owner alone. The system has what was committed, so that it survives this process; ``sync`` lets it
    survive a loss of power too.

    Raises:
        OSError: the file exists or cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._committed = self._before = 0
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        """Take ``data`` in; nothing is on the disk yet."""
        self._waiting += data
        return len(data)

    def tell(self) -> int:
        """Length of the file once everything is committed."""
        return self._committed + len(self._waiting)

    def flush(self) -> None:
        """Asked for by whoever writes streams; ``commit`` is what does it."""

    def commit(self) -> None:
        """Write all that waits; if that fails, none of it is in the file, and it stays queued.

        Raises:
            OSError: from the system.
        """
        written = 0
        try:
            while written < len(self._waiting):
                written += os.write(self._descriptor, memoryview(self._waiting)[written:])
        except OSError:
            os.ftruncate(self._descriptor, self._committed)
            os.lseek(self._descriptor, self._committed, os.SEEK_SET)
            raise
        if written:
            self._before, self._committed = self._committed, self._committed + written
        self._waiting = bytearray()

    def sync(self) -> None:
        """Have the disk itself take what was committed. Raises OSError."""
        os.fsync(self._descriptor)

    def end_short(self) -> None:
        """End the file without an index, in some 50 bytes: behind what is committed, or over the last of it.

        Raises:
            OSError: from the system.
        """
        self._waiting = bytearray(_END)
        try:
            self.commit()
        except OSError:
            # What lies inside the file has its room already, however full the disk is.
            os.lseek(self._descriptor, self._before, os.SEEK_SET)
            os.write(self._descriptor, _END)
            os.ftruncate(self._descriptor, self._before + len(_END))

    def discard(self) -> bool:
        """Close and delete the file; whether it is gone."""
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        with contextlib.suppress(OSError):
            self.path.unlink()
            return True
        return False

    def close(self) -> None:
        """Close the file. Raises OSError where the disk reports a late fault."""
        os.close(self._descriptor)
