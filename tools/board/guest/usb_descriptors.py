"""What the USB camera says of itself: descriptors of USB 2.0 and UVC 1.1, and the answers to control requests.

One MJPEG format in one size at one rate, one control (brightness).
"""

from __future__ import annotations

import struct

SIZES = ((640, 480),)
FRAME_BYTES = 640 * 480 * 2
PAYLOAD_BYTES = 16384
CLOCK_HZ = 48_000_000
BULK_IN = 0x81
GET_CUR, GET_MIN, GET_MAX, GET_RES, GET_LEN, GET_INFO, GET_DEF, SET_CUR = 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x01
PROCESSING_UNIT, BRIGHTNESS = 2, 2
BRIGHTNESS_VALUES = {GET_CUR: 128, GET_MIN: 0, GET_MAX: 255, GET_RES: 1, GET_DEF: 128}
VENDOR, PRODUCT = 0x1D6B, 0x0102
PROBE_BYTES = 34


class Descriptors:
    """The camera's answers.

    Args:
        serial: its serial number, part of the names that udev gives it.
    """

    def __init__(self, serial: str, fps: float) -> None:
        self._interval = int(1e7 / fps)
        self._device = struct.pack(
            "<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0xEF, 2, 1, 64, VENDOR, PRODUCT, 0x0100, 1, 2, 3, 1
        )
        names = ("Stand-in", "USB camera", serial)
        self._strings = [bytes((4, 3, 9, 4)), *(_string(name) for name in names)]
        self._configuration = _configuration(self._interval)
        self._probe = bytearray(PROBE_BYTES)
        self.reset()

    def reset(self) -> None:
        """As after plugging in."""
        struct.pack_into(
            "<HBBIHHHHHIIIB",
            self._probe,
            0,
            1,
            1,
            1,
            self._interval,
            0,
            0,
            0,
            0,
            0,
            FRAME_BYTES,
            PAYLOAD_BYTES,
            CLOCK_HZ,
            3,
        )

    def control(self, setup: bytes) -> bytes | None:
        """The answer to one control transfer; None for a stall."""
        kind, request, value, index, length = struct.unpack("<BBHHH", setup)
        if kind & 0x60 == 0x20:
            return self._class_request(request, value >> 8, index, length)
        if kind == 0x80 and request == 6:
            return self._descriptor(value >> 8, value & 255, length)
        if kind in (0x80, 0x82) and request == 0:
            return bytes(2)
        return b"" if kind & 0x60 == 0 else None

    def _descriptor(self, kind: int, number: int, length: int) -> bytes | None:
        if kind == 1:
            return self._device[:length]
        if kind == 2:
            return self._configuration[:length]
        if kind == 3 and number < len(self._strings):
            return self._strings[number][:length]
        return None

    def _class_request(self, request: int, selector: int, index: int, length: int) -> bytes | None:
        interface, unit = index & 255, index >> 8
        if interface == 1:
            return self._negotiate(request, length)
        if request == GET_INFO:
            return bytes((3,))
        if unit == PROCESSING_UNIT and selector == BRIGHTNESS:
            if request == SET_CUR:
                return b""
            if request == GET_LEN:
                return _le(2, 2)
            if request in BRIGHTNESS_VALUES:
                return _le(BRIGHTNESS_VALUES[request], 2)[:length]
        return bytes(1) if (unit, selector) == (0, 2) else None

    def _negotiate(self, request: int, length: int) -> bytes | None:
        """Probe and commit: whatever is asked for, the one size at the one rate is what there is."""
        if request == SET_CUR:
            return b""
        if request in (GET_CUR, GET_MIN, GET_MAX, GET_DEF):
            return bytes(self._probe[:length])
        return {GET_LEN: _le(PROBE_BYTES, 2), GET_INFO: bytes((3,))}.get(request)


def _le(value: int, length: int) -> bytes:
    return int(value).to_bytes(length, "little")


def _string(text: str) -> bytes:
    encoded = text.encode("utf-16le")
    return bytes((len(encoded) + 2, 3)) + encoded


def _configuration(interval: int) -> bytes:
    frames = b"".join(
        bytes((30, 0x24, 7, number, 0))
        + _le(width, 2)
        + _le(height, 2)
        + _le(width * height * 8, 4)
        + _le(width * height * 16 * 30, 4)
        + _le(FRAME_BYTES, 4)
        + _le(interval, 4)
        + bytes((1,))
        + _le(interval, 4)
        for number, (width, height) in enumerate(SIZES, 1)
    )
    formats = bytes((11, 0x24, 6, 1, len(SIZES), 1, 1, 0, 0, 0, 0)) + frames + bytes((6, 0x24, 13, 1, 1, 4))
    input_header = bytes((14, 0x24, 1, 1)) + _le(14 + len(formats), 2) + bytes((BULK_IN, 0, 3, 0, 0, 0, 1, 0))
    camera = bytes((18, 0x24, 2, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0))
    processing = bytes((11, 0x24, 5, PROCESSING_UNIT, 1, 0, 0, 2, 1, 0, 0))
    output = bytes((9, 0x24, 3, 3, 1, 1, 0, 2, 0))
    units = camera + processing + output
    header = bytes((13, 0x24, 1, 0x10, 1)) + _le(13 + len(units), 2) + _le(CLOCK_HZ, 4) + bytes((1, 1))
    body = (
        bytes((8, 11, 0, 2, 14, 3, 0, 4, 9, 4, 0, 0, 0, 14, 1, 0, 4))
        + header
        + units
        + bytes((9, 4, 1, 0, 1, 14, 2, 0, 0))
        + input_header
        + formats
        + bytes((7, 5, BULK_IN, 2))
        + _le(512, 2)
        + bytes(1)
    )
    return bytes((9, 2)) + _le(9 + len(body), 2) + bytes((2, 1, 0, 0x80, 250)) + body
