"""Counts the complaints that libjpeg prints about damaged images, instead of letting them flood the journal.

The JPEG decoder inside OpenCV writes a line to C's ``stderr`` for every image whose data are damaged, past every
handler: thirty a second from a camera with a bad cable. glibc lets a program put another stream into that variable.
Here it is a pipe: libjpeg's lines are counted and reported once, with their rate; all other lines go on to the standard
error. Descriptor 2 itself is not touched, so that whatever writes there (Python's own messages, the traces of a crash)
needs no thread of this process to be seen.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
import select
import time
from collections.abc import Callable
from contextlib import suppress

from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.workers import Liveness, Worker

NOTE = "damaged_images"
WINDOW_S = 10.0
"""A time without a damaged image after which it is over."""
FEW = 2
"""So many within ``WINDOW_S`` are no fault: USB cameras often begin a stream with an image that is cut off."""
REPEAT_S = 60.0
LOOK_S = 1.0
LINE_BUFFERED = 1

# The warnings of libjpeg (jerror.h) that a decoder gives, of which it prints the first of each image.
LIBJPEG = re.compile(
    "Corrupt JPEG data|Premature end of JPEG file|Inconsistent progression sequence|Invalid SOS parameters"
    "|Warning: unknown JFIF revision|Unknown Adobe color transform|Application transferred too"
)

_log = logging.getLogger("wakeful.camera")


class DamagedImages:
    """What is known of the damaged images of this process.

    Args:
        notes: where they are reported.

    Attributes:
        total: damaged images so far.
    """

    def __init__(self, notes: Notes, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._notes = notes
        self._clock_s = clock_s
        self.total = 0
        self._count = 0
        self._first_s = self._last_s = self._said_s = 0.0
        self._active = False

    def add(self, text: str) -> None:
        """One more, with the decoder's words."""
        now_s = self._clock_s()
        if self._count == 0:
            self._first_s = now_s
        self.total += 1
        self._count += 1
        self._last_s = now_s
        if not self._active and self._count > FEW:
            self._active, self._said_s = True, now_s
            advice = "check the camera's cable and what shares its USB bus"
            self._notes.set(NOTE, f"images of the camera arrive damaged ({text}): {advice}")

    def look(self) -> None:
        """Report how many there were, now and then and at the end."""
        now_s = self._clock_s()
        over = now_s - self._last_s > WINDOW_S
        if self._active and (over or now_s - self._said_s >= REPEAT_S):
            self._said_s = now_s
            passed_s = max(self._last_s - self._first_s, 1.0)
            _log.warning(
                "damaged images: %d within %.0f s, %.1f per second", self._count, passed_s, self._count / passed_s
            )
        if over:
            if self._active:
                self._notes.clear(NOTE)
            self._count, self._active = 0, False


class NativeMessages:
    """Takes C's ``stderr`` over from ``start`` to ``close``, for a process that has itself to itself; glibc only.

    It is started after the networks are loaded, because what runtimes print then is silenced at descriptor 2
    (``wakeful.device.perception.native_output``). Threads that decode images have to end before it is closed.
    """

    def __init__(self, liveness: Liveness | None = None) -> None:
        self._liveness = liveness
        self._close: Callable[[], None] | None = None

    def start(self, damaged: DamagedImages) -> None:
        libc = ctypes.CDLL(None)
        try:
            variable = ctypes.c_void_p.in_dll(libc, "stderr")
        except ValueError:
            return
        reader, writer = os.pipe2(os.O_CLOEXEC)
        # Whoever prints must not wait for the thread that reads.
        os.set_blocking(writer, False)
        libc.fdopen.restype = ctypes.c_void_p
        stream = ctypes.c_void_p(libc.fdopen(writer, b"w"))
        libc.setvbuf(stream, None, LINE_BUFFERED, ctypes.c_size_t(0))
        before, variable.value = variable.value, stream.value
        worker = Worker("native messages", lambda: _pass_on(reader, damaged), liveness=self._liveness)
        worker.start()

        def close() -> None:
            variable.value = before
            libc.fclose(stream)
            worker.join(1.0)
            os.close(reader)

        self._close = close

    def close(self) -> None:
        if self._close is not None:
            self._close()


def _pass_on(reader: int, damaged: DamagedImages) -> None:
    """Until the other end is closed."""
    rest = b""
    while True:
        if select.select([reader], [], [], LOOK_S)[0]:
            data = os.read(reader, 65536)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                _sort(line, damaged)
        damaged.look()


def _sort(line: bytes, damaged: DamagedImages) -> None:
    text = line.decode("utf-8", "replace").strip()
    if LIBJPEG.match(text):
        damaged.add(text)
    else:
        with suppress(OSError):
            os.write(2, line + b"\n")
