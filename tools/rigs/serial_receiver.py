"""The far end of a serial line, for tests and measurements: a pseudo-terminal and who reads it."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
import tty
from abc import ABC, abstractmethod

from wakeful.device.alerts.serial.sentences import BrokenSentence, Sentence, unframe


class FarEnd(ABC):
    """The far end of a pseudo-terminal; splits what arrives into lines, which end with ``END``."""

    END = b"\n"

    def __init__(self) -> None:
        self.descriptor, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._rest = b""
        self._attended, self._stopped = threading.Event(), threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.read_on()

    def read_on(self) -> None:
        self._attended.set()

    def stop_reading(self) -> None:
        """Nothing is read any more when it returns."""
        self._stopped.clear()
        self._attended.clear()
        self._stopped.wait(5.0)

    def fill_up(self) -> None:
        """While nobody reads: noise takes all the room there is on the line, so that not one more byte fits."""
        os.set_blocking(self._slave, False)
        room = 1
        while room:
            room = self._fill_what_is_free()
            time.sleep(0.1)  # the kernel moves what was written on, and makes room once more
        os.set_blocking(self._slave, True)

    def _fill_what_is_free(self) -> int:
        written = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                written += os.write(self._slave, b"\n")
        return written

    def say(self, data: bytes) -> None:
        os.write(self.descriptor, data)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._attended.set()
            self._thread.join(1.0)
            os.close(self.descriptor)
            os.close(self._slave)

    def _run(self) -> None:
        while not self._closed:
            if not self._attended.is_set():
                self._stopped.set()
                self._attended.wait()
            readable, _, _ = select.select([self.descriptor], [], [], 0.05)
            if readable and self._attended.is_set() and not self._closed:
                *lines, self._rest = (self._rest + os.read(self.descriptor, 4096)).split(self.END)
                for line in filter(None, lines):
                    self._take(line, time.monotonic())

    @abstractmethod
    def _take(self, line: bytes, now_s: float) -> None:
        """One line that has come."""


class Receiver(FarEnd):
    """A reader of wakeful's sentences, which notes when they came."""

    def __init__(self) -> None:
        self.lines: list[tuple[float, Sentence]] = []
        self.broken: list[bytes] = []
        super().__init__()

    def _take(self, line: bytes, now_s: float) -> None:
        try:
            self.lines.append((now_s, unframe(line)))
        except BrokenSentence:
            self.broken.append(line)

    def of(self, kind: str) -> list[Sentence]:
        return [sentence for _, sentence in list(self.lines) if sentence.kind == kind]

    def alert_seqs(self) -> list[int]:
        return [int(sentence.fields[0]) for sentence in self.of("WKA")]
