"""A serial CAN adapter (slcan) on a pseudo-terminal, as a driver of python-can sees one."""

from __future__ import annotations

from typing import Any

import cantools

from tools.rigs.serial_receiver import FarEnd
from wakeful.device.alerts.can.frames import dbc_text

DATABASE: Any = cantools.database.load_string(dbc_text(), "dbc")


class Adapter(FarEnd):
    """Notes the commands it gets, may say frames, and may be pulled."""

    END = b"\r"

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        super().__init__()

    def _take(self, line: bytes, now_s: float) -> None:
        self.lines.append(line)

    def alert_numbers(self) -> list[int]:
        frames = [bytes.fromhex(line[5:].decode()) for line in list(self.lines) if line.startswith(b"t5F18")]
        return [int(DATABASE.decode_message(0x5F1, frame)["Number"]) for frame in frames]
