"""Uncompressed frames from a pipe: YUV4MPEG, which says its own size, or plain frames of a known layout."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import ConfigError, SourceError
from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2
from wakeful.sensors.pixels import FULL_RANGE_BITS, GREY_LAYOUTS, Depth, GreyLayout, to_bgr8, unpacked

MAX_SIDE = 8192
SLICE_S = 0.2
"""How often a wait looks whether it was interrupted."""
HEADER, FRAME = b"YUV4MPEG2", b"FRAME"
MAX_LINE_BYTES = 512
CHUNK_BYTES = 65_536


class Ended(Exception):
    """No more bytes come; ``inside``: in the middle of a frame."""

    def __init__(self, *, inside: bool) -> None:
        super().__init__()
        self.inside = inside


class Bytes:
    """Bytes of a pipe; every wait is short enough to be interrupted.

    Attributes:
        silence_s: how long to wait for the next byte before ``TimeoutError``.
    """

    def __init__(self, descriptor: int, silence_s: float) -> None:
        self.silence_s = silence_s
        self.interrupted = False
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._ahead = bytearray()

    def take(self, count: int) -> bytearray:
        """Exactly the next ``count`` bytes. Raises: Ended, TimeoutError."""
        taken = bytearray(count)
        have = min(count, len(self._ahead))
        taken[:have] = self._ahead[:have]
        del self._ahead[:have]
        with memoryview(taken) as view:
            while have < count:
                self._wait(inside=have > 0)
                got = os.readv(self._descriptor, [view[have:]])
                if got == 0:
                    raise Ended(inside=have > 0)
                have += got
        return taken

    def line(self) -> bytes:
        """The bytes to the next line end, at most ``MAX_LINE_BYTES``. Raises: Ended, TimeoutError."""
        while (end := self._ahead.find(b"\n", 0, MAX_LINE_BYTES)) < 0 and len(self._ahead) < MAX_LINE_BYTES:
            self._read_ahead(MAX_LINE_BYTES)
        found = bytes(self._ahead[: end + 1 or MAX_LINE_BYTES])
        del self._ahead[: len(found)]
        return found

    def skip_to(self, *marks: bytes) -> None:
        """Leave out what comes before the next of ``marks``. Raises: Ended, TimeoutError."""
        while not (places := [place for place in map(self._ahead.find, marks) if place >= 0]):
            del self._ahead[: -max(map(len, marks))]
            self._read_ahead(CHUNK_BYTES)
        del self._ahead[: min(places)]

    def forget(self) -> None:
        """Leave out what was read ahead: the next byte begins a frame."""
        self._ahead.clear()

    def _read_ahead(self, count: int) -> None:
        self._wait(inside=bool(self._ahead))
        got = os.read(self._descriptor, count)
        if not got:
            raise Ended(inside=bool(self._ahead))
        self._ahead += got

    def _wait(self, *, inside: bool) -> None:
        deadline_s = time.monotonic() + self.silence_s
        while not self._poll.poll(SLICE_S * 1000):
            if self.interrupted:
                raise Ended(inside=inside)
            if time.monotonic() > deadline_s:
                raise TimeoutError


@dataclass(frozen=True, slots=True)
class Layout:
    """How a frame of a width and height lies in its bytes, and becomes an image for ``to_bgr8``.

    ``even``: both have to be so. ``bits``: of words.
    """

    frame_bytes: Callable[[int, int], int]
    image: Callable[[NDArray[np.uint8], int, int], NDArray[Any]]
    even: bool = False
    bits: int = FULL_RANGE_BITS


def _packed(channels: int, code: int | None = None, *, even: bool = False) -> Layout:
    def image(flat: NDArray[np.uint8], width: int, height: int) -> NDArray[Any]:
        packed = flat.reshape(height, width, channels)
        return packed if code is None else cv2.cvtColor(packed, code)

    return Layout(lambda width, height: width * height * channels, image, even)


def _planar(code: int) -> Layout:
    def image(flat: NDArray[np.uint8], width: int, height: int) -> NDArray[Any]:
        return cv2.cvtColor(flat.reshape(height * 3 // 2, width), code)

    return Layout(lambda width, height: width * height * 3 // 2, image, even=True)


def _grey(grey: GreyLayout) -> Layout:
    def image(flat: NDArray[np.uint8], width: int, height: int) -> NDArray[Any]:
        return unpacked(flat.data, grey, width, height, grey.line_bytes(width))

    return Layout(lambda width, height: grey.line_bytes(width) * height, image, bits=grey.bits)


LAYOUTS: Mapping[str, Layout] = {
    "BGR": _packed(3),
    "RGB": _packed(3, cv2.COLOR_RGB2BGR),
    "BGRA": _packed(4),
    "YUYV": _packed(2, cv2.COLOR_YUV2BGR_YUYV, even=True),
    "UYVY": _packed(2, cv2.COLOR_YUV2BGR_UYVY, even=True),
    "I420": _planar(cv2.COLOR_YUV2BGR_I420),
    "NV12": _planar(cv2.COLOR_YUV2BGR_NV12),
    **{name: _grey(grey) for name, grey in GREY_LAYOUTS.items()},
}
ALIASES = {
    "BGR24": "BGR",
    "RGB24": "RGB",
    "BGRX": "BGRA",
    "BGR0": "BGRA",
    "GRAY8": "GREY",
    "GRAY": "GREY",
    "Y8": "GREY",
    "YUY2": "YUYV",
    "YUYV422": "YUYV",
    "UYVY422": "UYVY",
    "YUV420P": "I420",
    "YU12": "I420",
    "GRAY16LE": "Y16",
    "GRAY10LE": "Y10",
    "GRAY12LE": "Y12",
}
"""Other names that V4L2, GStreamer and FFmpeg have for them."""


class Frames(Protocol):
    """Reads frame after frame."""

    def next(self) -> NDArray[np.uint8]:
        """The bytes of the next frame. Raises: Ended, TimeoutError, SourceError."""
        ...

    def to_bgr(self, flat: NDArray[np.uint8]) -> NDArray[np.uint8]: ...


class PlainFrames:
    """One frame after the other, without anything between them."""

    def __init__(self, source: Bytes, width: int, height: int, name: str) -> None:
        layout = LAYOUTS.get(ALIASES.get(name.upper(), name.upper()))
        if layout is None:
            raise ConfigError(f"no layout of frames is called {name[:40]!r}: use {', '.join(LAYOUTS)}, or pipe:y4m")
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE) or (layout.even and (width % 2 or height % 2)):
            even = "even numbers" if layout.even else "numbers"
            raise ConfigError(f"{width}x{height} is no size of {name.upper()} frames: use {even} from 1 to {MAX_SIDE}")
        self._source, self._layout, self._size = source, layout, (width, height)
        self._depth = Depth(f"pipe:{width}x{height}:{name.upper()}", layout.bits)
        self._bytes = layout.frame_bytes(width, height)

    def next(self) -> NDArray[np.uint8]:
        return np.frombuffer(self._source.take(self._bytes), np.uint8)

    def to_bgr(self, flat: NDArray[np.uint8]) -> NDArray[np.uint8]:
        image = self._layout.image(flat, *self._size)
        return to_bgr8(image, bits=self._depth.of(image))


class Y4mFrames:
    """YUV4MPEG2, 4:2:0: each frame begins with a mark, so garbage costs the frames it hits only; sizes may change."""

    def __init__(self, source: Bytes) -> None:
        self._source = source
        self._size: tuple[int, int] | None = None

    def next(self) -> NDArray[np.uint8]:
        while True:
            line = self._source.line()
            if line.startswith(HEADER):
                self._size = _y4m_size(line)
            elif line.startswith(FRAME) and self._size is not None:
                return np.frombuffer(self._source.take(self._size[0] * self._size[1] * 3 // 2), np.uint8)
            else:
                self._source.skip_to(HEADER, *((FRAME,) if self._size else ()))

    def to_bgr(self, flat: NDArray[np.uint8]) -> NDArray[np.uint8]:
        assert self._size is not None
        return to_bgr8(LAYOUTS["I420"].image(flat, *self._size))


def _y4m_size(line: bytes) -> tuple[int, int]:
    words = {word[:1]: word[1:].decode("latin-1") for word in line.split()[1:]}
    width, height, colours = (words.get(key, "") for key in (b"W", b"H", b"C"))
    if not (width.isdecimal() and height.isdecimal() and 0 < int(width) <= MAX_SIDE and 0 < int(height) <= MAX_SIDE):
        raise SourceError(f"YUV4MPEG of an impossible size ({width[:20]}x{height[:20]}): check what writes it")
    if int(width) % 2 or int(height) % 2 or not (colours or "420").startswith("420") or "p" in colours[3:4]:
        raise SourceError(f"YUV4MPEG of {width}x{height}, {colours or '420'}: use even sizes and 4:2:0 (yuv420p)")
    return int(width), int(height)
