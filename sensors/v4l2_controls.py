"""Exposure, gain, focus and every other control of a camera, by the kernel's V4L2 interface.

OpenCV knows few controls and reports success whatever the driver does. The kernel lets a second opening of the device
set controls while the first one streams. Each value is read back.
"""

from __future__ import annotations

import fcntl
import os
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import field
from typing import Any, Literal

from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

AUTO: Literal["auto"] = "auto"

# From linux/videodev2.h: the request numbers of VIDIOC_QUERYCTRL, VIDIOC_G_CTRL, VIDIOC_S_CTRL and VIDIOC_ENUM_FMT, and
# their structs v4l2_queryctrl, v4l2_control and v4l2_fmtdesc.
VIDIOC_QUERYCTRL, VIDIOC_G_CTRL, VIDIOC_S_CTRL, VIDIOC_ENUM_FMT = 0xC0445624, 0xC008561B, 0xC008561C, 0xC0405602
QUERYCTRL, CONTROL, FMTDESC = struct.Struct("=II32s4iI8x"), struct.Struct("=Ii"), struct.Struct("=3I32sI16x")
NEXT = 0x80000000
VIDEO_CAPTURE = 1
MAX_FORMATS = 64
DISABLED = 0x0001
VALUES = (1, 2, 3, 8, 9)
"""Types with a value of 32 bits: integer, boolean, menu, bit mask, integer menu."""

# From linux/v4l2-controls.h.
EXPOSURE_AUTO, EXPOSURE_ABSOLUTE, EXPOSURE = 0x009A0901, 0x009A0902, 0x00980911
AUTOGAIN, GAIN, ANALOGUE_GAIN = 0x00980912, 0x00980913, 0x009E0903
EXPOSURE_MANUAL, APERTURE_PRIORITY = 1, 3
BRIGHTNESS = (EXPOSURE_ABSOLUTE, EXPOSURE, ANALOGUE_GAIN, GAIN, AUTOGAIN, EXPOSURE_AUTO)
"""What makes a picture brighter or darker: the exposure time before the gain, and the automatic ones last."""

Ioctl = Callable[[int, int, bytearray], object]


@dataclass(frozen=True, slots=True)
class CameraControls:
    """What the user sets; None leaves it as the camera has it.

    Attributes:
        exposure: ``auto``, or the exposure time in the driver's unit (``exposure_time_absolute``: 100 µs).
        gain: ``auto``, or a number in the driver's unit.
        others: values by the names that ``v4l2-ctl -l`` and ``wakeful doctor`` list, set after the two above.
    """

    exposure: int | Literal["auto"] | None = None
    gain: int | Literal["auto"] | None = None
    others: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.exposure is not None or self.gain is not None or bool(self.others)


@dataclass(frozen=True, slots=True)
class Control:
    """A control that the driver offers, with its bounds."""

    id: int
    name: str
    minimum: int
    maximum: int
    default: int


class ControlDevice:
    """The controls of an open device.

    Args:
        handle: file descriptor of the device.
        ioctl: replaced in tests.
    """

    def __init__(self, handle: int, ioctl: Ioctl = fcntl.ioctl) -> None:
        self._handle = handle
        self._ioctl = ioctl
        self.offered = {one.id: one for one in self._enumerated()}

    def _enumerated(self) -> Iterator[Control]:
        number = 0
        while True:
            answer = bytearray(QUERYCTRL.pack(number | NEXT, 0, b"", 0, 0, 0, 0, 0))
            try:
                self._ioctl(self._handle, VIDIOC_QUERYCTRL, answer)
            except OSError:
                return
            found, kind, name, minimum, maximum, _, default, flags = QUERYCTRL.unpack(answer)
            if found <= number:
                return
            number = found
            if kind in VALUES and not flags & DISABLED:
                yield Control(found, control_name(name), minimum, maximum, default)

    def first(self, *numbers: int) -> Control | None:
        """The first of these controls that the device offers."""
        return next((self.offered[number] for number in numbers if number in self.offered), None)

    def named(self, name: str) -> Control | None:
        return next((one for one in self.offered.values() if one.name == name), None)

    def read(self, control: Control) -> int | None:
        """Its value; None if the driver does not give it."""
        answer = bytearray(CONTROL.pack(control.id, 0))
        try:
            self._ioctl(self._handle, VIDIOC_G_CTRL, answer)
        except OSError:
            return None
        return int(CONTROL.unpack(answer)[1])

    def write(self, control: Control, value: int) -> int | None:
        """Set it, and give what it then is."""
        # EACCES and EBUSY are those of a control that another one rules, such as automatic exposure.
        with suppress(OSError, struct.error):
            self._ioctl(self._handle, VIDIOC_S_CTRL, bytearray(CONTROL.pack(control.id, value)))
        return self.read(control)

    def formats(self) -> list[str]:
        """The pixel formats that the camera gives, as ``pixel_format`` takes them."""
        found: list[str] = []
        while len(found) < MAX_FORMATS:
            answer = bytearray(FMTDESC.pack(len(found), VIDEO_CAPTURE, 0, b"", 0))
            try:
                self._ioctl(self._handle, VIDIOC_ENUM_FMT, answer)
            except OSError:
                break
            letters = FMTDESC.unpack(answer)[4].to_bytes(4, "little")
            # The highest bit of the last letter stands for big-endian.
            found.append(bytes(letter & 0x7F for letter in letters).decode("ascii").strip() + "-BE" * (letters[3] >> 7))
        return found

    def set_all(self, wanted: CameraControls) -> str:
        """Set them, and say where the camera does otherwise: ``gain 300 -> 255``; empty if nowhere."""
        orders, missing = [], []
        for name, order in _orders(self, wanted):
            if order is None:
                missing.append(f"{name} -> not offered")
            else:
                orders.append((name, *order))
        # Twice, because a control may be locked until another one, named later, is set.
        for _, control, value in orders:
            self.write(control, value)
        answers = [(name, value, self.write(control, value)) for name, control, value in orders]
        refused = [
            f"{name} {value} -> {'unknown' if got is None else got}" for name, value, got in answers if got != value
        ]
        return ", ".join(refused + missing)

    def exposure(self) -> dict[int, int]:
        """What rules the brightness of the picture, for ``restore``."""
        held = {number: self.read(self.offered[number]) for number in BRIGHTNESS if number in self.offered}
        return {number: value for number, value in held.items() if value is not None}

    def restore(self, exposure: Mapping[int, int]) -> None:
        """As ``exposure`` gave it; what is automatic comes last, because it locks the others."""
        for number, value in exposure.items():
            if number in self.offered:
                self.write(self.offered[number], value)

    def expose(self, factor: float) -> bool:
        """Multiply the exposure time, or the gain where the time is at its end; False if neither changes.

        Automatic exposure and gain are switched off, and go on from where they are.
        """
        held = self.exposure()
        if held.get(EXPOSURE_AUTO) in (0, APERTURE_PRIORITY):
            self.write(self.offered[EXPOSURE_AUTO], EXPOSURE_MANUAL)
        if held.get(AUTOGAIN):
            self.write(self.offered[AUTOGAIN], 0)
        steps = [number for number in BRIGHTNESS if number in held and number not in (EXPOSURE_AUTO, AUTOGAIN)]
        return any(self._scale(self.offered[number], held[number], factor) for number in steps)

    def _scale(self, control: Control, current: int, factor: float) -> bool:
        scaled = round(current * factor)
        if scaled == current:
            scaled += -1 if factor < 1.0 else 1
        return self.write(control, min(max(scaled, control.minimum), control.maximum)) not in (current, None)


def _orders(device: ControlDevice, wanted: CameraControls) -> Iterator[tuple[str, tuple[Control, int] | None]]:
    """What is to be set, by the name that the user gave: the control and its value, or None where it is not offered."""
    automatic, switch = device.first(EXPOSURE_AUTO), device.first(AUTOGAIN)
    if wanted.exposure == AUTO:
        usual = APERTURE_PRIORITY if automatic is None or automatic.default == EXPOSURE_MANUAL else automatic.default
        yield "exposure auto", (automatic, usual) if automatic else None
    elif wanted.exposure is not None:
        if automatic:
            yield "automatic exposure", (automatic, EXPOSURE_MANUAL)
        time = device.first(EXPOSURE_ABSOLUTE, EXPOSURE)
        yield "exposure", (time, wanted.exposure) if time else None
    if wanted.gain == AUTO:
        yield "gain auto", (switch, 1) if switch else None
    elif wanted.gain is not None:
        if switch:
            yield "automatic gain", (switch, 0)
        gain = device.first(ANALOGUE_GAIN, GAIN)
        yield "gain", (gain, wanted.gain) if gain else None
    for name, value in wanted.others.items():
        control = device.named(name)
        yield name, (control, value) if control else None


def as_automatic(given: Any) -> int | Literal["auto"]:
    """Exposure or gain. Raises: ConfigError: it is neither a number nor ``auto``."""
    if given == AUTO:
        return AUTO
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < 2**31:
        raise ConfigError('should be "auto", or a number that the camera has (`wakeful doctor`)')
    return given


def as_control(given: Any) -> int | bool:
    """The value of any control. Raises: ConfigError: it is no whole number of 32 bits."""
    if not isinstance(given, int) or not -(2**31) <= given < 2**31:
        raise ConfigError("should be a whole number, or true or false, that the camera has (`wakeful doctor`)")
    return given


def control_name(name: bytes) -> str:
    """As ``v4l2-ctl`` writes it: ``Exposure Time, Absolute`` is ``exposure_time_absolute``."""
    text = name.split(b"\0")[0].decode("ascii", "replace").lower()
    return re.sub(r"[^a-z0-9]+", "_", text).strip("_")


@contextmanager
def control_device(path: str, ioctl: Ioctl = fcntl.ioctl) -> Iterator[ControlDevice]:
    """The controls of the device at a path. Raises: OSError: it does not open."""
    handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield ControlDevice(handle, ioctl)
    finally:
        os.close(handle)
