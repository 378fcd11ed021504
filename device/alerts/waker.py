"""A pipe by which one thread ends another's wait in ``select``."""

from __future__ import annotations

import contextlib
import os
import select

READ_SIZE = 4096


class Waker:
    """Ends another thread's wait at once; waking twice before it looks is the same as once."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def fileno(self) -> int:
        return self._reader

    def wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._writer, b"\0")

    def wait(self, timeout_s: float | None) -> None:
        select.select([self], [], [], timeout_s)
        self.clear()

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, READ_SIZE)

    def __del__(self) -> None:
        os.close(self._reader)
        os.close(self._writer)
