"""Small pictures of what happened, out of the video of a log, if any was recorded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

import numpy as np

from wakeful.device.record.reader import Recording
from wakeful.device.record.schema import CAMERA, Picture
from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2

BEFORE_AND_AFTER_S = (-3.0, -1.0, 0.0, 1.0, 3.0)
NEAR_S = 0.8
"""A picture is taken for a moment if it lies so near to it."""
MAX_MOMENTS = 80
WIDTH_PX = 224
JPEG_QUALITY = 70
MAX_PIXELS = 16_000_000
"""A JPEG that claims to be larger is not decoded."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One small JPEG, taken at ``t_s``."""

    t_s: float
    jpeg: bytes


def thumbnails(recording: Recording, moments_s: Sequence[float]) -> dict[float, list[Thumbnail]]:
    """Up to five pictures around each moment, in their order; moments that no video was recorded of are left out.

    Args:
        moments_s: seconds since the first frame, the important ones first: of many, the first 80 get pictures.
    """
    wanted = sorted({(at_s + by_s, at_s) for at_s in moments_s[:MAX_MOMENTS] for by_s in BEFORE_AND_AFTER_S})
    nearest: dict[tuple[float, float], tuple[float, Picture]] = {}
    times = [time_s for time_s, _ in wanted]
    for entry in recording.entries(CAMERA) if wanted else ():
        if not isinstance(entry.value, Picture):
            continue
        t_s = recording.config.seconds(entry.value.t_ns)
        for key in wanted[bisect_left(times, t_s - NEAR_S) : bisect_left(times, t_s + NEAR_S)]:
            before = nearest.get(key)
            if before is None or abs(t_s - key[0]) < abs(before[0] - key[0]):
                nearest[key] = (t_s, entry.value)
    return _around_moments(wanted, nearest)


def _around_moments(
    wanted: Iterable[tuple[float, float]], nearest: dict[tuple[float, float], tuple[float, Picture]]
) -> dict[float, list[Thumbnail]]:
    found: dict[float, list[Thumbnail]] = {}
    for key in wanted:
        if key not in nearest:
            continue
        t_s, picture = nearest[key]
        taken = found.setdefault(key[1], [])
        if any(one.t_s == t_s for one in taken):
            continue
        small = shrunk(picture.jpeg)
        if small is not None:
            taken.append(Thumbnail(t_s, small))
    return {moment_s: taken for moment_s, taken in found.items() if taken}


def shrunk(jpeg: bytes) -> bytes | None:
    """The picture ``WIDTH_PX`` wide, as JPEG; None for what is no picture or claims to be too large."""
    size = jpeg_size(jpeg)
    if size is None or size[0] * size[1] > MAX_PIXELS:
        return None
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        return None
    height, width = picture.shape[:2]
    to = (WIDTH_PX, max(1, min(4 * WIDTH_PX, round(height * WIDTH_PX / width))))
    small = cv2.resize(picture, to, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def jpeg_size(jpeg: bytes) -> tuple[int, int] | None:
    """Width and height that a JPEG says it has (ISO/IEC 10918-1, B.2.2); None if it is none."""
    if not jpeg.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 < len(jpeg) and jpeg[at] == 0xFF:
        kind, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(jpeg[at + 7 : at + 9], "big"), int.from_bytes(jpeg[at + 5 : at + 7], "big")
        at += 2 + max(2, length)
    return None
