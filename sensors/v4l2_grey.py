"""Grey and infra-red cameras, by the kernel's own interface.

OpenCV opens no camera that has only packed formats, and ignores padding at the end of a line. This opens exactly the
formats of ``wakeful.sensors.pixels.GREY_LAYOUTS``, as the kernel documents them.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import select
import struct
from contextlib import suppress
from typing import Any

from wakeful.errors import SourceError
from wakeful.sensors.pixels import FULL_RANGE_BITS, GREY_LAYOUTS, Depth, letters_of, to_bgr8, unpacked
from wakeful.sensors.request import CaptureRequest
from wakeful.sensors.source import SourceInfo
from wakeful.sensors.v4l2_controls import VIDEO_CAPTURE, control_device

# From linux/videodev2.h, on 64-bit machines: request numbers, the sizes of their structs, and offsets in these.
VIDIOC_S_FMT, FORMAT_BYTES, FORMAT_AT = 0xC0D05605, 208, 8
VIDIOC_S_PARM, PARM_BYTES, PERIOD_AT = 0xC0CC5616, 204, 12
VIDIOC_REQBUFS = 0xC0145608
VIDIOC_QUERYBUF, VIDIOC_QBUF, VIDIOC_DQBUF, BUFFER_BYTES = 0xC0585609, 0xC058560F, 0xC0585611, 88
USED_AT, FLAGS_AT, MEMORY_AT, OFFSET_AT, LENGTH_AT = 8, 12, 60, 64, 72
VIDIOC_STREAMON, VIDIOC_STREAMOFF = 0x40045612, 0x40045613
MEMORY_MMAP, FIELD_NONE, FLAG_ERROR = 1, 1, 0x40
BUFFERS = 3
"""One holds the picture that is read, one is filled, and one waits to be."""
WAIT_S = 2.0
"""How long a grab waits for a camera that says nothing."""


def grey_format(device: str, request: CaptureRequest) -> str | None:
    """The grey format that the camera is to give; None: another one, or it cannot be asked.

    That which was requested, else one of those that it has, where it has no others; one of eight bits before all.
    """
    try:
        with control_device(device) as camera:
            offered = camera.formats()
    except OSError:
        return None
    wanted = letters_of(request.pixel_format)
    if wanted in GREY_LAYOUTS and wanted in offered:
        return wanted
    if not offered or any(one not in GREY_LAYOUTS for one in offered):
        return None
    return "GREY" if "GREY" in offered else offered[0]


class GreyCapture:
    """One opening of the camera, streaming; see ``wakeful.sensors.live.Capture``.

    Args:
        device: its path, links followed.
        letters: one of ``GREY_LAYOUTS`` that the camera has.
        depth: of words of 16 bits, as its pictures taught while it was open before.

    Attributes:
        info: what it gives.
    """

    def __init__(self, device: str, name: str, letters: str, request: CaptureRequest, depth: Depth) -> None:
        self._handle = os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._layout = GREY_LAYOUTS[letters]
        self._depth = depth if self._layout.bits == FULL_RANGE_BITS else Depth(name, self._layout.bits)
        self._buffers: list[mmap.mmap] = []
        self._held: int | None = None
        self._intact = False
        try:
            self._width, self._height, self._stride = self._set_format(letters, request)
            fps = self._set_rate(request.fps)
            self._start()
        except OSError as error:
            self.release()
            why = "another program uses it" if error.errno == errno.EBUSY else str(error.strerror)
            raise SourceError(f"{name} gives no {letters} ({why}): find other users with `fuser -v {device}`") from None
        except SourceError:
            self.release()
            raise
        refused = request.not_granted(self._width, self._height, fps, letters)
        self.info = SourceInfo(name, True, self._width, self._height, fps, letters, refused)

    def _set_format(self, letters: str, request: CaptureRequest) -> tuple[int, int, int]:
        """Width, height, and bytes of a line."""
        fourcc = int.from_bytes(letters.ljust(4).encode(), "little")
        wanted = bytearray(FORMAT_BYTES)
        struct.pack_into("=I", wanted, 0, VIDEO_CAPTURE)
        struct.pack_into("=4I", wanted, FORMAT_AT, request.width or 640, request.height or 480, fourcc, FIELD_NONE)
        fcntl.ioctl(self._handle, VIDIOC_S_FMT, wanted)
        width, height, granted, _, stride = struct.unpack_from("=5I", wanted, FORMAT_AT)
        if granted != fourcc:
            raise SourceError(f"the camera lists {letters} and does not give it: set [source] pixel_format to another")
        return width, height, max(stride, self._layout.line_bytes(width))

    def _set_rate(self, fps: float | None) -> float | None:
        parm = bytearray(PARM_BYTES)
        struct.pack_into("=I", parm, 0, VIDEO_CAPTURE)
        if fps:
            struct.pack_into("=2I", parm, PERIOD_AT, 1000, round(fps * 1000))
        with suppress(OSError):
            fcntl.ioctl(self._handle, VIDIOC_S_PARM, parm)
            numerator, denominator = struct.unpack_from("=2I", parm, PERIOD_AT)
            return denominator / numerator if numerator and denominator else None
        return None

    def _start(self) -> None:
        wanted = bytearray(struct.pack("=5I", BUFFERS, VIDEO_CAPTURE, MEMORY_MMAP, 0, 0))
        fcntl.ioctl(self._handle, VIDIOC_REQBUFS, wanted)
        for index in range(struct.unpack_from("=I", wanted)[0]):
            buffer = self._buffer(VIDIOC_QUERYBUF, index)
            (offset,), (length,) = (
                struct.unpack_from("=I", buffer, OFFSET_AT),
                struct.unpack_from("=I", buffer, LENGTH_AT),
            )
            self._buffers.append(mmap.mmap(self._handle, length, mmap.MAP_SHARED, mmap.PROT_READ, offset=offset))
            self._buffer(VIDIOC_QBUF, index)
        fcntl.ioctl(self._handle, VIDIOC_STREAMON, struct.pack("=I", VIDEO_CAPTURE))

    def _buffer(self, request: int, index: int = 0) -> bytearray:
        buffer = bytearray(BUFFER_BYTES)
        struct.pack_into("=2I", buffer, 0, index, VIDEO_CAPTURE)
        struct.pack_into("=I", buffer, MEMORY_AT, MEMORY_MMAP)
        fcntl.ioctl(self._handle, request, buffer)
        return buffer

    def grab(self) -> bool:
        """Wait for the next picture."""
        ready = select.poll()
        ready.register(self._handle, select.POLLIN)
        try:
            if self._held is not None:
                index, self._held = self._held, None
                self._buffer(VIDIOC_QBUF, index)
            if not ready.poll(WAIT_S * 1000.0):
                return False
            buffer = self._buffer(VIDIOC_DQBUF)
        except OSError:
            return False
        self._held = struct.unpack_from("=I", buffer)[0]
        used, flags = struct.unpack_from("=2I", buffer, USED_AT)
        least = (self._height - 1) * self._stride + self._layout.line_bytes(self._width)
        self._intact = used >= least and not flags & FLAG_ERROR
        return True

    def retrieve(self) -> tuple[bool, Any]:
        """The picture, uint8 [height, width, 3]."""
        if self._held is None or not self._intact:
            return False, None
        size = self._height * self._stride
        # A driver need not give the padding of the last line.
        data = self._buffers[self._held][:size].ljust(size, b"\0")
        image = unpacked(memoryview(data), self._layout, self._width, self._height, self._stride)
        return True, to_bgr8(image, bits=self._depth.of(image))

    def release(self) -> None:
        """Give the camera back."""
        with suppress(OSError):
            fcntl.ioctl(self._handle, VIDIOC_STREAMOFF, struct.pack("=I", VIDEO_CAPTURE))
        for one in self._buffers:
            one.close()
        self._buffers = []
        os.close(self._handle)
