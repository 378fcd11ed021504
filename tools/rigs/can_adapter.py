"""A serial CAN adapter (slcan) on a pseudo-terminal, as a driver of python-can sees one."""

from __future__ import annotations

import os
import select
import threading
import tty
from typing import Any

import cantools

from wakeful.device.alerts.can.frames import dbc_text

DATABASE: Any = cantools.database.load_string(dbc_text(), "dbc")


class Adapter:
    """A serial CAN adapter on a pseudo-terminal: notes the commands it gets, may say frames, and may be pulled."""

    def __init__(self) -> None:
        self.descriptor, self._far = os.openpty()
        tty.setraw(self._far)
        self.path = os.ttyname(self._far)
        self.lines: list[bytes] = []
        self._rest = b""
        self._reading = threading.Event()
        self._reading.set()
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closed:
            self._reading.wait(0.1)
            if not self._reading.is_set():
                continue
            readable, _, _ = select.select([self.descriptor], [], [], 0.05)
            if readable and not self._closed:
                *lines, self._rest = (self._rest + os.read(self.descriptor, 4096)).split(b"\r")
                self.lines += lines

    def stop_reading(self) -> None:
        self._reading.clear()

    def read_on(self) -> None:
        self._reading.set()

    def say(self, data: bytes) -> None:
        os.write(self.descriptor, data)

    def alert_numbers(self) -> list[int]:
        frames = [bytes.fromhex(line[5:].decode()) for line in list(self.lines) if line.startswith(b"t5F18")]
        return [int(DATABASE.decode_message(0x5F1, frame)["Number"]) for frame in frames]

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._reading.set()
            self._thread.join(1.0)
            os.close(self.descriptor)
            os.close(self._far)
