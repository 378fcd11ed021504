"""Devices are found in a directory that stands in for the machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from wakeful.sensors.discovery import (
    CameraDevice,
    GpioChip,
    SerialPort,
    cameras,
    captures_video,
    gpio_chips,
    serial_ports,
)


@dataclass
class Machine:
    root: Path
    sys_root: Path = field(init=False)
    dev_root: Path = field(init=False)

    def __post_init__(self) -> None:
        self.sys_root, self.dev_root = self.root / "sys", self.root / "dev"
        self.dev_root.mkdir()

    def video(self, node: str, name: str, index: int = 0, by_id: str = "") -> None:
        folder = self.sys_root / "class" / "video4linux" / node
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "index").write_text(f"{index}\n")
        self.device(node)
        if by_id:
            self.link("v4l", by_id, node)

    def device(self, node: str) -> None:
        (self.dev_root / node).touch()

    def link(self, kind: str, name: str, node: str) -> None:
        folder = self.dev_root / kind / "by-id"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(f"../../{node}")

    def cameras(self) -> list[CameraDevice]:
        return cameras(self.sys_root, self.dev_root, captures=lambda _: None)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_machine_without_devices_has_none(machine: Machine) -> None:
    assert machine.cameras() == []
    assert serial_ports(machine.dev_root, list_ports=list) == []
    assert gpio_chips(machine.dev_root) == []


def test_cameras_are_listed_by_number_with_their_stable_name_and_without_metadata_nodes(machine: Machine) -> None:
    machine.video("video10", "Rear")
    machine.video("video2", "USB Camera", by_id="usb-Maker_Cam-video-index0")
    machine.video("video3", "USB Camera", index=1, by_id="usb-Maker_Cam-video-index1")
    dev = machine.dev_root
    assert machine.cameras() == [
        CameraDevice(f"{dev}/video2", "USB Camera", f"{dev}/v4l/by-id/usb-Maker_Cam-video-index0", 2),
        CameraDevice(f"{dev}/video10", "Rear", "", 10),
    ]


def test_a_codec_that_says_it_captures_nothing_is_left_out(machine: Machine) -> None:
    machine.video("video0", "qcom-venus-decoder")
    machine.video("video1", "USB Camera")
    found = cameras(machine.sys_root, machine.dev_root, captures=lambda path: path.name == "video1")
    assert [camera.index for camera in found] == [1]


def test_what_is_no_video_device_cannot_be_asked(machine: Machine) -> None:
    machine.device("video0")
    assert captures_video(machine.dev_root / "video0") is None
    assert captures_video(machine.dev_root / "video1") is None
    assert captures_video(Path("/dev/null")) is None


@dataclass
class Port:
    """As pyserial describes one."""

    device: str
    description: str | None = "n/a"
    hwid: str | None = "n/a"


def test_serial_ports_are_listed_by_number_with_their_stable_name(machine: Machine) -> None:
    dev = machine.dev_root
    machine.device("ttyUSB2")
    machine.link("serial", "usb-FTDI-if00", "ttyUSB2")
    ports = [Port(f"{dev}/ttyUSB10"), Port(f"{dev}/ttyUSB2", "FT232R", "USB VID:PID=0403:6001")]
    assert serial_ports(dev, list_ports=lambda: ports) == [
        SerialPort(f"{dev}/ttyUSB2", "FT232R", f"{dev}/serial/by-id/usb-FTDI-if00", "USB VID:PID=0403:6001"),
        SerialPort(f"{dev}/ttyUSB10", "", "", ""),
    ]


def test_pyserial_itself_can_be_asked() -> None:
    assert all(port.path.startswith("/dev/") for port in serial_ports())


class Chip:
    """As gpiod describes one."""

    label = "pinctrl-msm"
    num_lines = 176
    closed = 0

    def __init__(self, path: str) -> None:
        if path.endswith("1"):
            raise PermissionError(13, "Permission denied")
        if path.endswith("2"):
            raise OSError(19, "No such device")

    def get_info(self) -> Chip:
        return self

    def close(self) -> None:
        Chip.closed += 1


def test_gpio_chips_are_listed_and_what_forbids_asking_is_told_not_raised(machine: Machine) -> None:
    for number in range(3):
        machine.device(f"gpiochip{number}")
    open_chip, forbidden, gone = gpio_chips(machine.dev_root, open_chip=Chip)
    assert open_chip == GpioChip(f"{machine.dev_root}/gpiochip0", "pinctrl-msm", 176)
    assert (forbidden.lines, gone.lines) == (None, None)
    assert "add yourself to the group" in forbidden.problem
    assert "No such device" in gone.problem
    assert Chip.closed == 1


def test_gpiod_itself_tells_that_a_file_is_no_chip(machine: Machine) -> None:
    machine.device("gpiochip0")
    (chip,) = gpio_chips(machine.dev_root)
    assert chip.lines is None and chip.problem.startswith("cannot be asked")
