"""What is plugged in: cameras, serial ports, GPIO chips. Only looks; opens nothing for longer than a question.

The roots of ``/sys`` and ``/dev`` are parameters, so that a directory can stand in for the machine.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from wakeful.files import text_of
from wakeful.frozen import dataclass

SYS_ROOT = Path("/sys")
DEV_ROOT = Path("/dev")

# From linux/videodev2.h: the request number of VIDIOC_QUERYCAP, the size of its struct v4l2_capability, and in it the
# offsets of `capabilities` (the whole device) and `device_caps` (this node).
VIDIOC_QUERYCAP = 0x80685600
CAPABILITY_BYTES = 104
CAPABILITIES_OFFSET, DEVICE_CAPS_OFFSET = 84, 88
V4L2_CAP_VIDEO_CAPTURE = 0x00000001
V4L2_CAP_DEVICE_CAPS = 0x80000000


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """A camera.

    Attributes:
        path: ``/dev/video0``; may be another one after the next start.
        name: as the driver calls it.
        by_id: ``/dev/v4l/by-id/...``, the name that stays; empty where udev made none.
        index: the number in ``path``.
    """

    path: str
    name: str
    by_id: str
    index: int


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port. ``by_id`` is the name that stays (``/dev/serial/by-id/...``), empty where udev made none."""

    path: str
    description: str
    by_id: str
    hardware_id: str


@dataclass(frozen=True, slots=True)
class GpioChip:
    """A GPIO chip. ``lines`` is None and ``problem`` says why, with the fix, where it could not be queried."""

    path: str
    label: str
    lines: int | None
    problem: str = ""


def captures_video(device: Path) -> bool | None:
    """Whether the driver says that this node gives pictures; None if it cannot be asked.

    Boards have many video nodes that are codecs or image processors, which sysfs does not tell from cameras.
    """
    try:
        handle = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return None
    answer = bytearray(CAPABILITY_BYTES)
    try:
        fcntl.ioctl(handle, VIDIOC_QUERYCAP, answer)
    except OSError:
        return None
    finally:
        os.close(handle)

    def word(offset: int) -> int:
        return int.from_bytes(answer[offset : offset + 4], "little")

    capabilities = word(CAPABILITIES_OFFSET)
    node = word(DEVICE_CAPS_OFFSET) if capabilities & V4L2_CAP_DEVICE_CAPS else capabilities
    return bool(node & V4L2_CAP_VIDEO_CAPTURE)


def cameras(
    sys_root: Path = SYS_ROOT,
    dev_root: Path = DEV_ROOT,
    captures: Callable[[Path], bool | None] = captures_video,
) -> list[CameraDevice]:
    """The cameras, by number. Left out: metadata nodes (sysfs: ``index`` above 0) and nodes that capture nothing."""
    links = _links(dev_root / "v4l" / "by-id")
    found = []
    for node in (sys_root / "class" / "video4linux").glob("video*"):
        path = dev_root / node.name
        if not node.name[5:].isdecimal() or text_of(node / "index") not in ("", "0") or captures(path) is False:
            continue
        number = int(node.name[5:])
        found.append(CameraDevice(str(path), text_of(node / "name"), links.get(os.path.realpath(path), ""), number))
    return sorted(found, key=lambda camera: camera.index)


def camera_path(spec: str, dev_root: Path = DEV_ROOT) -> Path | None:
    """The device path that a user means by a number, a path or a bare by-id name; None if it names no camera.

    A number or a path is taken at its word, whether or not it is plugged in; names of your own (udev ``SYMLINK``) while
    they are there.
    """
    if spec.isdecimal():
        return dev_root / f"video{spec}"
    if re.match(rf"{re.escape(str(dev_root))}/(video\d+$|v4l/)", spec):
        return Path(spec)
    if Path(spec).is_char_device():
        return Path(spec)
    by_id = dev_root / "v4l" / "by-id" / spec
    return by_id if spec and "/" not in spec and by_id.is_symlink() else None


def serial_ports(dev_root: Path = DEV_ROOT, list_ports: Callable[[], Iterable[Any]] | None = None) -> list[SerialPort]:
    """The serial ports that have hardware behind them, by path. ``list_ports`` is pyserial's ``comports``."""
    if list_ports is None:
        list_ports = importlib.import_module("serial.tools.list_ports").comports
    links = _links(dev_root / "serial" / "by-id")
    found = [
        SerialPort(port.device, _said(port.description), links.get(os.path.realpath(port.device), ""), _said(port.hwid))
        for port in list_ports()
    ]
    return sorted(found, key=lambda port: _numbers_apart(port.path))


def gpio_chips(dev_root: Path = DEV_ROOT, open_chip: Callable[[str], Any] | None = None) -> list[GpioChip]:
    """The GPIO chips, by number. Why one cannot be queried is in its ``problem``. ``open_chip``: ``gpiod.Chip``."""
    paths = sorted((str(path) for path in dev_root.glob("gpiochip*")), key=_numbers_apart)
    return [_asked(path, open_chip) for path in paths]


def _asked(path: str, open_chip: Callable[[str], Any] | None) -> GpioChip:
    try:
        chip = (open_chip or importlib.import_module("gpiod").Chip)(path)
        try:
            info = chip.get_info()
        finally:
            chip.close()
    except ImportError:
        return GpioChip(path, "", None, "cannot be asked: install the Python package gpiod")
    except PermissionError:
        return GpioChip(path, "", None, "no permission: add yourself to the group that owns it (often gpio)")
    except (OSError, ValueError) as error:
        return GpioChip(path, "", None, f"cannot be asked: {error}")
    return GpioChip(path, str(info.label), int(info.num_lines))


def _links(folder: Path) -> dict[str, str]:
    """Where the links in a folder of stable names point to: {real path: link}."""
    if not folder.is_dir():
        return {}
    return {os.path.realpath(link): str(link) for link in sorted(folder.iterdir(), reverse=True) if link.is_symlink()}


def _said(text: str | None) -> str:
    return "" if text in (None, "n/a") else str(text)


def _numbers_apart(path: str) -> tuple[str, int]:
    match = re.search(r"\d+$", path)
    return (path[: match.start()], int(match[0])) if match else (path, -1)
