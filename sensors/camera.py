"""Open any source of images by its name.

    with contextlib.closing(open_source("0")) as source:
        frame = source.read_latest(max_age_s=0.5)

Every backend is a separate file, loaded only when it is used. All return ``wakeful.sensors.source.Source``.
"""

from __future__ import annotations

import importlib
import stat
from pathlib import Path
from typing import Any, Literal, cast

from wakeful.errors import ConfigError
from wakeful.sensors.address import parse_address, shown
from wakeful.sensors.discovery import camera_path, cameras
from wakeful.sensors.mounting import Mounting
from wakeful.sensors.names import SCHEMES, check_name, special_kind
from wakeful.sensors.request import CaptureRequest
from wakeful.sensors.source import Source, SourceNotFound
from wakeful.sensors.v4l2_controls import CameraControls

Pace = Literal["realtime", "fast"]

BACKENDS = {
    "v4l2": ("wakeful.sensors.v4l2", "open_camera"),
    "video": ("wakeful.sensors.video_file", "open_video"),
    "mjpeg": ("wakeful.sensors.mjpeg", "open_mjpeg"),
    "rtsp": ("wakeful.sensors.rtsp", "open_rtsp"),
    "gstreamer": ("wakeful.sensors.gstreamer", "open_gstreamer"),
    "pipe": ("wakeful.sensors.standard_input", "open_standard_input"),
    "images": ("wakeful.sensors.image_folder", "open_images"),
    "synthetic": ("wakeful.sensors.synthetic", "open_synthetic"),
}
"""Kind of source -> (module, function that opens it)."""

LIVE = frozenset({"v4l2", "mjpeg", "rtsp", "gstreamer", "pipe"})
"""Kinds that come with the clock."""

DEFAULT_SCENARIO = "demo"
DEFAULT_FPS = 30.0


def open_source(
    spec: str,
    *,
    pace: Pace | None = None,
    width: int | None = None,
    height: int | None = None,
    fps: float | None = None,
    pixel_format: str | None = None,
    controls: CameraControls | None = None,
    mounting: Mounting | None = None,
    login: str | None = None,
) -> Source:
    """Open a camera, a file, a folder or the synthetic driver.

    Args:
        spec: ``auto`` (the first camera, else the synthetic driver), a camera's number, its device path
            (``/dev/video0``), its stable name (``/dev/v4l/by-id/...`` or what comes after the last slash), the address
            of a network camera (``rtsp://...``, ``http://...`` for MJPEG), ``gst:PIPELINE`` of GStreamer,
            ``pipe:WIDTHxHEIGHT:FORMAT`` for frames on standard input, a video file or GIF, an image, a folder of
            images, or ``synthetic[:SCENARIO]``.
        pace: ``realtime`` plays by the clock and drops frames that are not read in time; ``fast`` returns each frame as
            soon as it is requested, with its own time stamp. Default: files fast, the synthetic driver in real time.
            Cameras support only real time.
        width, height, fps, pixel_format: requested from the camera, see ``CaptureRequest``; differences are in
            ``info.requested``. Image folders are played and the synthetic driver is rendered at ``fps``,
            30 without it.
        controls: exposure, gain and others, set and read back on cameras; ``info.requested`` has what differs.
        login: ``USER:PASSWORD`` of a network camera whose address has none.
        mounting: how each picture is corrected; ``info`` has the size that it then has.

    Raises:
        SourceNotFound: no such camera, file or folder.
        SourceError: it exists but cannot be used; the message gives the reason and the fix.
        ConfigError: an invalid request.
    """
    if spec == "auto":
        spec = first_camera_or_synthetic()
    request = CaptureRequest(width, height, fps, pixel_format, controls or CameraControls())
    source = _open_as_it_is(spec, pace, request, login)
    if mounting is None or not mounting.changes:
        return source
    from wakeful.sensors.mounted import MountedSource

    return MountedSource(source, mounting)


def _open_as_it_is(spec: str, pace: Pace | None, request: CaptureRequest, login: str | None) -> Source:
    try:
        kind, what = kind_of(check_name(spec))
    except ConfigError as error:
        raise ConfigError(f"the source {shown(spec)!r} {error}") from None
    if kind in LIVE and pace == "fast":
        raise ConfigError(f"camera {shown(spec)} runs in real time: leave out the pace, or set it to realtime")
    if kind == "synthetic":
        return _open(kind, what, pace or "realtime", request.fps or DEFAULT_FPS)
    if kind == "v4l2":
        return _open(kind, Path(what), request)
    if kind in SCHEMES.values():
        return _open(kind, parse_address(what, login))
    if kind in LIVE:
        return _open(kind, what)
    return _open(kind, Path(what), realtime=pace == "realtime", request=request)


def first_camera_or_synthetic() -> str:
    """The camera with the lowest number, by its stable name if it has one; ``synthetic`` if there is no camera."""
    found = cameras()
    return (found[0].by_id or found[0].path) if found else "synthetic"


def kind_of(spec: str) -> tuple[str, str]:
    """The backend for a name, and the argument for it: ("v4l2", "/dev/video0"), ("gstreamer", "libcamerasrc"), ...

    Raises:
        SourceNotFound: it is neither the name of a camera nor the path of a file or folder.
    """
    head, _, scenario = spec.partition(":")
    if head == "synthetic":
        return "synthetic", scenario or DEFAULT_SCENARIO
    if special := special_kind(spec):
        return special
    try:
        device = camera_path(spec)
        if device is not None:
            return "v4l2", str(device)
        path = Path(spec).expanduser()
        kind = _kind_of_path(path) if spec else None
    except (OSError, ValueError, RuntimeError):
        raise SourceNotFound(
            f"{shown(spec)[:200]!r} cannot be accessed: check the name, and your permission for the folders in it"
        ) from None
    if kind is None:
        raise SourceNotFound(
            f"{shown(spec) or 'an empty name'}: no such file, folder or camera; check the name, or list the cameras "
            "with `wakeful devices`"
        )
    return kind, str(path)


def _kind_of_path(path: Path) -> str | None:
    try:
        # Not is_dir() and is_file(): from Python 3.14 on they say False where the path may not be looked at.
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISDIR(mode):
        return "images"
    if stat.S_ISREG(mode):
        from wakeful.sensors.image_folder import IMAGE_SUFFIXES

        return "images" if path.suffix.lower() in IMAGE_SUFFIXES else "video"
    return None


def _open(kind: str, *arguments: Any, **options: Any) -> Source:
    module, function = BACKENDS[kind]
    return cast(Source, getattr(importlib.import_module(module), function)(*arguments, **options))
