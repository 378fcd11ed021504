"""Which acknowledgements from the bus count: any in the plain layout, in the protected one only sound ones."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Self

from wakeful.device.alerts.can.e2e import Checker, Refusal
from wakeful.device.alerts.can.frames import NUMBER_WRAP, Frames
from wakeful.device.messages import Alert, Phase

_log = logging.getLogger("wakeful.can")


class Acknowledgements:
    """Reads them by the alerts that were sent, which another thread names.

    Attributes:
        refused: how many were refused, by the reason.
    """

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        data_id = frames.acknowledge_data_id
        self._checker = None if data_id is None else Checker(data_id, frames.acknowledge_length)
        self._active: frozenset[int] = frozenset()
        self._newest = 0
        self.refused: Counter[Refusal] = Counter()

    def sent(self, alert: Alert) -> None:
        """One more step of an alert."""
        self._newest = max(self._newest, alert.seq)
        own = {alert.seq}
        self._active = self._active - own if alert.phase is Phase.CLEARED else self._active | own

    def take_over(self, before: Self) -> None:
        """Continue where ``before`` ends."""
        self._newest = max(self._newest, before._newest)
        self._active |= before._active
        if self._checker is not None and before._checker is not None:
            self._checker.last = before._checker.last

    def read(self, data: bytes) -> int | None:
        """The alert that is acknowledged; None: the frame is refused."""
        if self._checker is None:
            seq = self._frames.acknowledged(data, self._newest)
            return None if seq is None or seq < 0 else seq
        refusal = self._checker.check(data)
        if refusal is None:
            number = self._frames.acknowledged_number(data)
            for seq in self._active:
                if seq % NUMBER_WRAP == number:
                    return seq
            refusal = Refusal.INACTIVE
        self.refused[refusal] += 1
        if self.refused[refusal] == 1:
            _log.warning("can: an acknowledgement was refused: %s; further ones are counted", refusal)
        return None
