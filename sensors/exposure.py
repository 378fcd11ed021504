"""Makes the pictures of a running camera darker or brighter on request, without anybody waiting for the driver."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from wakeful.sensors.live import Capture
from wakeful.sensors.v4l2_controls import BRIGHTNESS, ControlDevice


class ExposureRequests:
    """Requests from any thread, carried out by the one that calls the driver. A newer one replaces the one that waits.

    Args:
        controls: opens the controls of the device as it is now.
    """

    def __init__(self, controls: Callable[[], AbstractContextManager[ControlDevice]]) -> None:
        self._controls = controls
        self._asked: tuple[float | None] | None = None
        self._before: dict[int, int] = {}
        self.possible = False

    def opened(self) -> None:
        """Whether the camera that was just opened can do it."""
        try:
            with self._controls() as device:
                self.possible = device.first(*BRIGHTNESS) is not None
        except OSError:
            self.possible = False

    def ask(self, factor: float | None) -> bool:
        """See ``wakeful.sensors.source.expose``."""
        if self.possible:
            self._asked = (factor,)
        return self.possible

    def carry_out(self) -> None:
        """What was asked for since the last call."""
        asked, self._asked = self._asked, None
        if asked is None:
            return
        (factor,) = asked
        if factor is None:
            self.undo()
            return
        try:
            with self._controls() as device:
                self._before = self._before or device.exposure()
                device.expose(factor)
        except OSError:
            return  # Lost: the camera has the exposure of the settings when it is opened again.

    def undo(self) -> None:
        """Give the camera back the exposure that it had before the first request."""
        before, self._before = self._before, {}
        if not before:
            return
        try:
            with self._controls() as device:
                device.restore(before)
        except OSError:
            return


class LentExposure:
    """A capture whose exposure may be changed between two frames, and is given back with it."""

    def __init__(self, capture: Capture, requests: ExposureRequests) -> None:
        self._capture = capture
        self._requests = requests
        requests.opened()

    def grab(self) -> bool:
        self._requests.carry_out()
        return self._capture.grab()

    def retrieve(self) -> tuple[bool, Any]:
        return self._capture.retrieve()

    def release(self) -> None:
        self._requests.undo()
        self._capture.release()
