"""A folder of images, or one image, as a source: played in natural order (``9.png`` before ``10.png``).

An image that cannot be decoded keeps its time and frame number, and counts as dropped: the following frames are not
shifted.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import SourceError
from wakeful.sensors.opencv import cv2
from wakeful.sensors.pixels import Depth, bits_of, to_bgr8
from wakeful.sensors.request import CaptureRequest
from wakeful.sensors.slot import PacedSource, with_first_picture
from wakeful.sensors.source import SourceInfo

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pnm", ".jp2"})
"""Files that are a single image. A GIF is a video."""

DEFAULT_FPS = 30.0

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_START, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"


def open_images(path: Path, *, realtime: bool, request: CaptureRequest) -> PacedSource:
    """Open a folder of images, or a single image as a source of one frame.

    ``request.fps`` sets the rate (30 without it), ``request.pixel_format`` (``Y10``, ``Y12``) how many bits of 16-bit
    images are used, which is learned where it does not say. Sizes may differ; ``info`` has the size of the first image.

    Raises:
        SourceError: no images there, or none that can be decoded.
    """
    try:
        files = natural_order(path) if path.is_dir() else [path]
    except PermissionError:
        raise SourceError(f"{path} cannot be read: add the permission (chmod +rx)") from None
    if not files:
        raise SourceError(f"{path} holds no images (.png, .jpg, ...): give a folder of images or a video file")
    fps = request.fps or DEFAULT_FPS
    image, frames = with_first_picture(_decoded(files, fps, Depth(str(path), bits_of(request.pixel_format))))
    if image is None:
        which = f"none of its {len(files)} images can be decoded" if path.is_dir() else "the image cannot be decoded"
        raise SourceError(f"{path}: {which}; damaged, or an unsupported format: copy or convert to 8- or 16-bit PNG")
    height, width = image.shape[:2]
    refused = CaptureRequest(request.width, request.height).not_granted(width, height, fps)
    info = SourceInfo(str(path), realtime, width, height, fps, pixel_format="BGR", requested=refused)
    return PacedSource(info, frames, realtime=realtime)


def natural_order(folder: Path) -> list[Path]:
    """The images of a folder, hidden files left out, with the numbers in their names compared as numbers."""
    images = [
        file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".")
    ]
    return sorted(images, key=lambda file: [_as_number(part) for part in re.split(r"(\d+)", file.name)])


def decode_image(data: bytes, depth: Depth | None = None) -> NDArray[np.uint8] | None:
    """An image, uint8 BGR [height, width, 3], from the bytes of an image file; None if it cannot be decoded.

    ``depth``: of the series that it belongs to. Orientation tags are applied.
    """
    if not _complete(data):
        return None
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        return None if image is None else to_bgr8(image, bits=(depth or Depth("the image")).of(image))
    except (cv2.error, SourceError):
        return None


def _decoded(files: Sequence[Path], fps: float, depth: Depth) -> Iterator[tuple[int, NDArray[np.uint8] | None]]:
    for index, file in enumerate(files):
        try:
            data = file.read_bytes()
        except OSError:
            data = b""
        yield round(index * 1e9 / fps), decode_image(data, depth)


def _as_number(part: str) -> tuple[int, str]:
    return (int(part), "") if part.isdecimal() else (-1, part.lower())


def _complete(data: bytes) -> bool:
    """Whether the file was written to its end.

    A decoder would fill the missing part of a truncated image with grey, and print to the standard error stream.
    """
    if data.startswith(JPEG_START):
        return JPEG_END in data[-65536:]
    if data.startswith(PNG_SIGNATURE):
        return _png_chunks_match(data)
    return len(data) > 0


def _png_chunks_match(data: bytes) -> bool:
    """Whether all chunks of a PNG are present with correct checksums (PNG specification, section 5.3)."""
    start = len(PNG_SIGNATURE)
    while start + 12 <= len(data):
        end = start + 8 + int.from_bytes(data[start : start + 4])
        if zlib.crc32(data[start + 4 : end]) != int.from_bytes(data[end : end + 4]):
            return False
        if data[start + 4 : start + 8] == b"IEND":
            return True
        start = end + 4
    return False
