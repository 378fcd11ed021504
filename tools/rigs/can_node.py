"""Another node of python-can's virtual bus."""

from __future__ import annotations

import threading
import time
from typing import Any

from wakeful.device.alerts.can.frames import dbc_text


class CanNode:
    """Keeps the frames of the bus ``channel`` with their times, and may send some."""

    def __init__(self, channel: str) -> None:
        import can
        import cantools

        self._can = can
        self._database: Any = cantools.database.load_string(dbc_text(), "dbc")
        self.bus = can.Bus(channel=channel, interface="virtual", ignore_config=True)
        self.frames: list[tuple[float, Any]] = []
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="can node", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._closed.is_set():
            message = self.bus.recv(0.02)
            if message is not None:
                self._take(message)

    def _take(self, message: Any) -> None:
        self.frames.append((time.monotonic(), message))

    def decoded(self, name: str, message: Any) -> dict[str, Any]:
        """The signals of a frame of this name."""
        signals: dict[str, Any] = self._database.get_message_by_name(name).decode(bytes(message.data))
        return signals

    def of(self, name: str) -> list[dict[str, Any]]:
        """The signals of all frames of this name."""
        wanted = self._database.get_message_by_name(name).frame_id
        return [self.decoded(name, one) for _, one in list(self.frames) if one.arbitration_id == wanted]

    def say(self, frame_id: int, data: bytes, extended: bool = False) -> None:
        self.bus.send(self._can.Message(arbitration_id=frame_id, data=data, is_extended_id=extended))

    def close(self) -> None:
        self._closed.set()
        self._thread.join(1.0)
        self.bus.shutdown()
