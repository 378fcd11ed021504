"""Opening a V4L2 camera, through OpenCV unless it is grey: what to ask, what it granted, and why it would not open."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from wakeful.errors import SourceError
from wakeful.sensors.live import Capture
from wakeful.sensors.opencv import cv2
from wakeful.sensors.pixels import Depth, letters_of
from wakeful.sensors.request import CaptureRequest
from wakeful.sensors.source import SourceInfo, SourceNotFound
from wakeful.sensors.v4l2_controls import CameraControls, control_device
from wakeful.sensors.v4l2_grey import GreyCapture, grey_format

BUFFERS = 2
"""Frames the driver may hold. One holds the picture being decoded; with no other free, the driver drops every second
frame. More would only grow old: the capture thread takes each frame as it comes."""


class Device(Capture, Protocol):
    """The part of ``cv2.VideoCapture`` that a camera needs."""

    def isOpened(self) -> bool: ...
    def set(self, propId: int, value: float, /) -> bool: ...
    def get(self, propId: int, /) -> float: ...


def opencv_v4l2(path: str) -> Device:
    """OpenCV's own V4L2 backend on a device path."""
    return cv2.VideoCapture(path, cv2.CAP_V4L2)


def open_device(
    path: Path, request: CaptureRequest, backend: Callable[[str], Device], depth: Depth
) -> tuple[Capture, SourceInfo]:
    """Open the camera that ``path`` names at this moment (links are followed again), set it up, read back what it does.

    ``depth`` is that of its 16-bit pictures, learned while it was open before.

    Raises:
        SourceNotFound: no such device.
        SourceError: no permission, in use by another program, or not a camera.
    """
    device = os.path.realpath(path)
    _check_access(path, device)
    capture: Capture
    grey = grey_format(device, request)
    if grey:
        camera = GreyCapture(device, str(path), grey, request, depth)
        capture, info = camera, camera.info
    else:
        capture, info = _opened(path, device, request, backend)
    refused = filter(None, (info.requested, _set_controls(device, request.controls)))
    return capture, replace(info, requested=", ".join(refused))


def _opened(
    path: Path, device: str, request: CaptureRequest, backend: Callable[[str], Device]
) -> tuple[Capture, SourceInfo]:
    capture = backend(device)
    if not capture.isOpened():
        capture.release()
        raise SourceError(
            f"{path} opens but gives no video: another program uses it (find it with `fuser -v {device}`), "
            "or it is not a camera (list the cameras with `wakeful devices`)"
        )
    _ask(capture, request)
    return capture, _granted(capture, str(path), request)


def _check_access(path: Path, device: str) -> None:
    try:
        os.close(os.open(device, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
            message = f"no camera at {path}: list the cameras with `wakeful devices`"
            raise SourceNotFound(message) from None
        if error.errno in (errno.EACCES, errno.EPERM):
            message = f"no permission to open {path}: `sudo usermod -aG video $USER`, then log in again"
        elif error.errno == errno.EBUSY:
            message = f"{path} is in use by another program: find it with `fuser -v {device}` and stop it"
        else:
            message = f"{path} cannot be opened ({error.strerror}): list the cameras with `wakeful devices`"
        raise SourceError(message) from None


def _ask(capture: Device, request: CaptureRequest) -> None:
    # The pixel format first: it decides which sizes and rates a camera offers.
    if request.pixel_format:
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*letters_of(request.pixel_format).ljust(4)))
    if request.width:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, request.width)
    if request.height:
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, request.height)
    if request.fps:
        capture.set(cv2.CAP_PROP_FPS, request.fps)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, BUFFERS)


def _granted(capture: Device, name: str, request: CaptureRequest) -> SourceInfo:
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    rate = capture.get(cv2.CAP_PROP_FPS)
    fps = rate if math.isfinite(rate) and rate > 0 else None
    pixel_format = _four_letters(int(capture.get(cv2.CAP_PROP_FOURCC)))
    return SourceInfo(
        name=name,
        live=True,
        width=width,
        height=height,
        fps=fps,
        pixel_format=pixel_format,
        requested=request.not_granted(width, height, fps, pixel_format),
    )


def _set_controls(device: str, wanted: CameraControls) -> str:
    """What of the controls was not granted, in words. They come after the format, which may set them back."""
    if not wanted:
        return ""
    try:
        with control_device(device) as controls:
            return controls.set_all(wanted)
    except OSError as error:
        return f"controls -> {error.strerror}"


def _four_letters(fourcc: int) -> str:
    letters = bytes((fourcc >> shift) & 0xFF for shift in (0, 8, 16, 24))
    return letters.decode("ascii", "replace").strip() if fourcc > 0 else ""
