"""The board's other hardware, made of the kernel's own stand-ins: a GPIO chip, a CAN bus, a USB serial adapter.

The agent calls this at boot; scenarios call it to pull things out.
"""

from __future__ import annotations

import ctypes
import subprocess
import time
from pathlib import Path

CONFIGFS = Path("/sys/kernel/config")
CHIP = CONFIGFS / "gpio-sim" / "board"
GADGET = CONFIGFS / "usb_gadget" / "serial"
CONTROLLER = "dummy_udc.0"
LINES = {17: "BUZZER", 27: "HEARTBEAT"}
BUS = "vcan0"
FTDI = {"idVendor": "0x0403", "idProduct": "0x6015"}
"""The vendor by which udev's rule knows an adapter."""


def stay_in_memory() -> None:
    """Hardware has no pages that the kernel could drop: current ones, future ones, each once it is used."""
    ctypes.CDLL(None).mlockall(1 | 2 | 4)


def gpio_up() -> None:
    bank = CHIP / "bank0"
    for number, name in LINES.items():
        line = bank / f"line{number}"
        line.mkdir(parents=True)
        (line / "name").write_text(name)
    (bank / "num_lines").write_text("32")
    (bank / "label").write_text("stand-in")
    (CHIP / "live").write_text("1")


def level_file(number: int) -> Path:
    """Where sysfs shows the level of a line."""
    device = (CHIP / "dev_name").read_text().strip()
    chip = (CHIP / "bank0" / "chip_name").read_text().strip()
    return Path("/sys/devices/platform") / device / chip / f"sim_gpio{number}" / "value"


def can_up() -> None:
    if not Path("/sys/class/net", BUS).exists():
        _ip("link", "add", BUS, "type", "vcan")
    _ip("link", "set", BUS, "up")


def can_down() -> None:
    _ip("link", "set", BUS, "down")


def can_gone() -> None:
    _ip("link", "delete", BUS)


def serial_up() -> None:
    if not GADGET.exists():
        _make_gadget()
    (GADGET / "UDC").write_text(CONTROLLER)
    node = Path("/dev/ttyGS0")
    until_s = time.monotonic() + 5.0
    while not node.exists() and time.monotonic() < until_s:
        time.sleep(0.02)


def serial_down() -> None:
    (GADGET / "UDC").write_text("\n")


def _make_gadget() -> None:
    GADGET.mkdir(parents=True)
    for name, value in FTDI.items():
        (GADGET / name).write_text(value)
    strings = GADGET / "strings" / "0x409"
    strings.mkdir(parents=True)
    for name, value in {"serialnumber": "FT0001", "product": "Stand-in adapter", "manufacturer": "Stand-in"}.items():
        (strings / name).write_text(value)
    (GADGET / "configs" / "c.1").mkdir(parents=True)
    (GADGET / "functions" / "acm.0").mkdir(parents=True)
    (GADGET / "configs" / "c.1" / "acm.0").symlink_to(GADGET / "functions" / "acm.0")


def all_up() -> None:
    """Everything that is there when the board gets power."""
    if not (CONFIGFS / "gpio-sim").exists():
        subprocess.run(["mount", "-t", "configfs", "none", str(CONFIGFS)], check=False, capture_output=True)
    _ip("link", "set", "lo", "up")
    gpio_up()
    can_up()
    serial_up()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
