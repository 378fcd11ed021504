"""A GPIO line that pulses each second while frames are judged, for receivers that must notice when nobody watches.

A level says nothing about who holds it: a process that is stopped, or that waits in the kernel for a driver, keeps its
lines where they were until it is gone. Pulses need a process that runs.
"""

from __future__ import annotations

import time

from wakeful.device.alerts.gpio.output import GpioOutput
from wakeful.device.alerts.gpio.patterns import HEARTBEAT, OFF, Pattern
from wakeful.device.alerts.gpio.settings import GpioSettings
from wakeful.device.config.section import needed
from wakeful.device.messages import DriverState
from wakeful.device.supervision.workers import Liveness


class HeartbeatOutput(GpioOutput):
    """Pulses ``gpio.heartbeat_line``, whatever the alerts; low for good where no frame was judged for two seconds.

    Args:
        settings: the table ``[gpio]``; the levels of its alert line do not concern this one.
    """

    part = "gpio heartbeat"

    def __init__(self, settings: GpioSettings, liveness: Liveness | None = None) -> None:
        super().__init__(GpioSettings(line=needed(settings.heartbeat_line, "gpio.heartbeat_line")), liveness)

    def state(self, state: DriverState) -> None:
        if not state.health.has_frame:
            return
        now_s = time.monotonic()
        with self._changed:
            begins = self._newest.last is None or self._newest.is_stale(now_s)
            self._newest.update(state, now_s)
            if begins:
                self._pattern_began_s = now_s
                self._changed.notify()

    def _pattern(self) -> Pattern:
        return OFF if self._newest.last is None else HEARTBEAT
