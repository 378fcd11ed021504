"""Video files and GIFs as a source, with the time stamps in the file.

FFmpeg inside OpenCV decodes both. For GIFs it composes partial frames and disposal as browsers do, and every
frame has its own duration (``cv2.imreadanimation`` gives the same images, but holds the whole file in memory).
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import SourceError
from wakeful.sensors.opencv import cv2
from wakeful.sensors.pixels import Depth, bits_of, to_bgr8
from wakeful.sensors.request import CaptureRequest
from wakeful.sensors.slot import PacedSource, with_first_picture
from wakeful.sensors.source import EndedEarly, SourceInfo

log = logging.getLogger("wakeful.video")

DEFAULT_FPS = 30.0
"""Frame rate for files that do not specify one."""
MISSING_S, MISSING_SHARE = 0.5, 0.01
"""A file that ends this much earlier than its header says, and by this share of it, was cut off or cannot be decoded to
its end. The lengths in headers are rounded, and those of sound and pictures differ by less."""
GREY_16_BITS = int.from_bytes(b"Y1\0\x10", "little")
"""FFmpeg's tag of gray16le."""
GIF_STARTS, GIF_ENDS, GIF_TAIL = (b"GIF87a", b"GIF89a"), b";", 64


def open_video(path: Path, *, realtime: bool, request: CaptureRequest) -> PacedSource:
    """Open a video file or GIF. A truncated file yields the frames that can be decoded, then raises ``EndedEarly``.

    Raises:
        SourceError: unreadable, empty, not a video, or not one frame of it can be decoded.
    """
    if not os.access(path, os.R_OK):
        raise SourceError(f"{path} cannot be read: add read permission (chmod +r)")
    if path.stat().st_size == 0:
        raise SourceError(f"{path} is empty: record or copy it again")
    # The full path, because FFmpeg reads a relative "a:b.mp4" as a network address.
    capture = cv2.VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise SourceError(
            f"{path} is not a video, or its recording was cut off or never finished: give a video, a GIF or a folder "
            "of images"
        )
    if capture.get(cv2.CAP_PROP_CODEC_PIXEL_FORMAT) == GREY_16_BITS:
        # OpenCV would keep the upper bytes, in which a sensor of ten bits leaves next to nothing.
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    fps = _known(capture.get(cv2.CAP_PROP_FPS))
    depth = Depth(str(path), bits_of(request.pixel_format))
    image, frames = with_first_picture(_decoded(capture, fps or DEFAULT_FPS, path, depth))
    if image is None:
        capture.release()
        raise SourceError(f"{path}: no frame can be decoded; the file is truncated or damaged, copy it again")
    height, width = image.shape[:2]
    refused = CaptureRequest(request.width, request.height, request.fps).not_granted(width, height, fps)
    info = SourceInfo(str(path), realtime, width, height, fps, pixel_format="BGR", requested=refused)
    return PacedSource(info, frames, realtime=realtime, close=capture.release)


def rising_pts_ns(pts_ms: float, previous_ns: int | None, period_ns: int) -> int:
    """The time stamp of a frame, ns, repaired if it is missing or does not increase.

    Args:
        pts_ms: as in the file; NaN, negative or zero if there is none.
        previous_ns: the result for the previous frame; None at the first frame.
        period_ns: nominal frame period. A file without time stamps plays at its nominal rate.
    """
    pts_ns = round(pts_ms * 1e6) if math.isfinite(pts_ms) and pts_ms > 0 else 0
    if previous_ns is None or pts_ns > previous_ns:
        return pts_ns
    return previous_ns + period_ns


def _decoded(
    capture: cv2.VideoCapture, fps: float, path: Path, depth: Depth
) -> Iterator[tuple[int, NDArray[np.uint8] | None]]:
    period_ns = round(1e9 / fps)
    promised = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    pts_ns: int | None = None
    count = undecoded = 0
    while capture.grab():
        pts_ns = rising_pts_ns(capture.get(cv2.CAP_PROP_POS_MSEC), pts_ns, period_ns)
        decoded, image = capture.retrieve()
        usable = decoded and image is not None
        count, undecoded = count + 1, undecoded + (not usable)
        yield pts_ns, to_bgr8(image, bits=depth.of(image)) if usable else None
    read_s, promised_s = ((pts_ns or 0) + period_ns) / 1e9, promised / fps
    missing_s = min(promised_s - read_s, (promised - count) / fps)
    of_s = f" of {promised_s:.1f}" if missing_s > max(MISSING_S, MISSING_SHARE * promised_s) else ""
    if of_s or _is_open_gif(path):
        raise EndedEarly(
            f"{path} ended after {read_s:.1f}{of_s} s, cut off or damaged there: what was judged until then is kept; "
            "copy or record it again"
        )
    if undecoded:
        log.warning("%s: %d of %d frames could not be decoded and were left out", path, undecoded, count)


def _is_open_gif(path: Path) -> bool:
    """Whether a GIF, whose header names no length, is missing its end."""
    with path.open("rb") as file:
        if file.read(6) not in GIF_STARTS:
            return False
        file.seek(-min(path.stat().st_size, GIF_TAIL), os.SEEK_END)
        return not file.read().rstrip(b"\0").endswith(GIF_ENDS)


def _known(fps: float) -> float | None:
    return fps if math.isfinite(fps) and fps > 0 else None
