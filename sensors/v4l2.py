"""A V4L2 camera as a source."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from wakeful.sensors.exposure import ExposureRequests, LentExposure
from wakeful.sensors.live import Capture, LiveCamera, Patience
from wakeful.sensors.pixels import Depth
from wakeful.sensors.request import CaptureRequest
from wakeful.sensors.source import SourceInfo
from wakeful.sensors.v4l2_controls import control_device
from wakeful.sensors.v4l2_device import Device, open_device, opencv_v4l2


class V4l2Camera(LiveCamera):
    """A camera behind the kernel's V4L2 interface.

    Args:
        path: device path; a by-id link is resolved again each time the camera is opened.
        backend: makes a ``cv2.VideoCapture`` of a device path.
    """

    def __init__(
        self,
        path: Path,
        request: CaptureRequest,
        *,
        backend: Callable[[str], Device] = opencv_v4l2,
        patience: Patience | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._exposure = ExposureRequests(lambda: control_device(os.path.realpath(path)))

        depth = Depth(str(path))

        def connect() -> tuple[Capture, SourceInfo]:
            capture, info = open_device(path, request, backend, depth)
            return LentExposure(capture, self._exposure), info

        super().__init__(str(path), connect, path.exists, patience=patience, clock_ns=clock_ns)

    def expose(self, factor: float | None) -> bool:
        """See ``wakeful.sensors.source.expose``."""
        return self._exposure.ask(factor)


def open_camera(path: Path, request: CaptureRequest) -> V4l2Camera:
    """Open the camera at a device path; see ``V4l2Camera``."""
    return V4l2Camera(path, request)
