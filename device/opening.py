"""Opens the source of the settings; a service waits for a camera that is not there yet.

At power on a USB camera is there seconds after the monitor is. A process that ends and is started anew loads everything
again: waiting is the sooner.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from wakeful.device.config.settings import Settings
from wakeful.errors import SourceError
from wakeful.sensors.camera import open_source
from wakeful.sensors.source import Source

OPENING_S = 60.0
"""Longest time that opening a source takes before it fails: a pipeline that waits for its first frame."""

SERVICE_WAIT_S = 20.0
"""A camera behind a slow hub is there within a few seconds; what is not there after this may need a new process."""

LOOK_S = 0.1

log = logging.getLogger("wakeful.run")


def open_configured(settings: Settings) -> Source:
    """The source of the settings. Raises: SourceError: it cannot be opened."""
    wanted = settings.source
    return open_source(
        wanted.source,
        pace=wanted.pace,
        width=wanted.width,
        height=wanted.height,
        fps=wanted.fps,
        pixel_format=wanted.pixel_format,
        controls=wanted.camera_controls,
        mounting=wanted.mounting,
        login=wanted.login.get_secret_value() if wanted.login else None,
    )


def open_when_there(
    settings: Settings,
    wait_s: float,
    clock_s: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Source:
    """The source of the settings, tried again until it can be opened, for at most ``wait_s``.

    Raises: SourceError: it cannot be opened, the last time it was tried.
    """
    until_s, told = clock_s() + wait_s, False
    while True:
        try:
            return open_configured(settings)
        except SourceError as error:
            # Its permissions come a moment after the device itself: whatever is wrong may pass.
            if clock_s() >= until_s:
                raise
            if not told:
                told = True
                log.warning("waiting up to %g s for the camera: %s", wait_s, error)
        sleep(LOOK_S)
