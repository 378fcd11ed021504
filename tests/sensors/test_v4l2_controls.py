"""Exposure, gain and other controls are set by the kernel's interface, read back, and lent out while a camera runs.

The driver here answers as a UVC camera's does; ``test_v4l2_grey`` asks one behind the real system calls.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.rigs.scripted_camera import ScriptedCamera
from tools.rigs.waiting import eventually
from wakeful.device.config.layers import load_settings
from wakeful.device.doctor.checks import camera_offers
from wakeful.errors import ConfigError
from wakeful.sensors import v4l2
from wakeful.sensors import v4l2_controls as kernel
from wakeful.sensors.request import CaptureRequest
from wakeful.sensors.source import Source, Wrapped, expose
from wakeful.sensors.v4l2 import V4l2Camera
from wakeful.sensors.v4l2_controls import CameraControls, ControlDevice, control_name

NAMES = {
    kernel.GAIN: b"Gain",
    kernel.EXPOSURE_AUTO: b"Auto Exposure",
    kernel.EXPOSURE_ABSOLUTE: b"Exposure Time, Absolute",
    0x009A090A: b"Focus, Absolute",
}


class UvcDriver:
    """Answers the requests; the exposure time is locked while exposure is automatic."""

    def __init__(self) -> None:
        self.values = {kernel.GAIN: 10, kernel.EXPOSURE_AUTO: 3, kernel.EXPOSURE_ABSOLUTE: 250, 0x009A090A: 0}

    def ioctl(self, handle: int, request: int, data: bytearray) -> None:
        if request == kernel.VIDIOC_QUERYCTRL:
            after = kernel.QUERYCTRL.unpack(data)[0] & ~kernel.NEXT
            number = min((one for one in self.values if one > after), default=None)
            if number is None:
                raise OSError(errno.EINVAL, "no more")
            data[:] = kernel.QUERYCTRL.pack(number, 1, NAMES[number], 0, 1000, 1, 3, 0)
        elif request == kernel.VIDIOC_ENUM_FMT:
            index = kernel.FMTDESC.unpack(data)[0]
            if index > 1:
                raise OSError(errno.EINVAL, "no more")
            number = int.from_bytes((b"GREY", b"Y16\xa0")[index], "little")
            data[:] = kernel.FMTDESC.pack(index, 1, 0, b"", number)
        else:
            self._value(request, data)

    def _value(self, request: int, data: bytearray) -> None:
        number, value = kernel.CONTROL.unpack(data)
        if request == kernel.VIDIOC_S_CTRL:
            if number == kernel.EXPOSURE_ABSOLUTE and self.values[kernel.EXPOSURE_AUTO] != 1:
                raise OSError(errno.EACCES, "locked")
            self.values[number] = min(max(value, 0), 1000)
        data[:] = kernel.CONTROL.pack(number, self.values[number])


@pytest.fixture
def driver() -> UvcDriver:
    return UvcDriver()


@pytest.fixture
def device(driver: UvcDriver) -> ControlDevice:
    return ControlDevice(-1, driver.ioctl)


def test_the_sizes_are_those_of_the_kernels_structs() -> None:
    assert (kernel.QUERYCTRL.size, kernel.CONTROL.size, kernel.FMTDESC.size) == (68, 8, 64)
    for request, size in ((kernel.VIDIOC_QUERYCTRL, 68), (kernel.VIDIOC_S_CTRL, 8), (kernel.VIDIOC_ENUM_FMT, 64)):
        assert request >> 16 & 0x3FFF == size


def test_controls_have_the_names_that_other_tools_give_them(device: ControlDevice) -> None:
    names = [one.name for one in device.offered.values()]
    assert names == ["gain", "auto_exposure", "exposure_time_absolute", "focus_absolute"]
    assert control_name(b"White Balance, Automatic\0\0") == "white_balance_automatic"
    assert device.formats() == ["GREY", "Y16-BE"]


def test_what_is_set_is_read_back_and_locks_are_opened_first(device: ControlDevice, driver: UvcDriver) -> None:
    assert device.set_all(CameraControls(exposure=80, gain=20, others={"focus_absolute": 30})) == ""
    assert list(driver.values.values()) == [20, 1, 80, 30]
    assert device.set_all(CameraControls(exposure="auto")) == ""
    assert driver.values[kernel.EXPOSURE_AUTO] == 3


def test_a_lock_that_is_named_later_is_opened_too(device: ControlDevice, driver: UvcDriver) -> None:
    assert device.set_all(CameraControls(others={"exposure_time_absolute": 99, "auto_exposure": 1})) == ""
    assert driver.values[kernel.EXPOSURE_ABSOLUTE] == 99


def test_what_did_not_take_is_said(device: ControlDevice) -> None:
    wanted = CameraControls(gain=5000, others={"exposure_time_absolute": 7, "zoom_absolute": 1})
    assert device.set_all(wanted) == "gain 5000 -> 1000, exposure_time_absolute 7 -> 250, zoom_absolute -> not offered"
    assert device.set_all(CameraControls(gain="auto")) == "gain auto -> not offered"


def test_a_device_without_controls_says_so(tmp_path: Path) -> None:
    device = ScriptedCamera(tmp_path / "video0")
    camera = V4l2Camera(device.device, CaptureRequest(controls=CameraControls(gain=1)), backend=device.open)
    camera.close()
    assert camera.info.requested == "gain -> not offered"
    assert not camera.expose(0.5)


def test_exposure_comes_before_gain_and_goes_on_from_where_automatic_was(
    device: ControlDevice, driver: UvcDriver
) -> None:
    assert device.expose(0.5)
    assert (driver.values[kernel.EXPOSURE_AUTO], driver.values[kernel.EXPOSURE_ABSOLUTE]) == (1, 125)
    while driver.values[kernel.EXPOSURE_ABSOLUTE]:
        assert device.expose(0.5)
    assert driver.values[kernel.GAIN] == 10
    while driver.values[kernel.GAIN]:
        assert device.expose(0.5)
    assert not device.expose(0.5)


def test_a_running_camera_takes_less_light_on_request_and_gives_it_back(
    tmp_path: Path, driver: UvcDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def opened(path: str) -> Iterator[ControlDevice]:
        yield ControlDevice(-1, driver.ioctl)

    monkeypatch.setattr(v4l2, "control_device", opened)
    scripted, before = ScriptedCamera(tmp_path / "video0"), dict(driver.values)
    camera: Source = V4l2Camera(scripted.device, CaptureRequest(), backend=scripted.open)
    wrapped = Wrapped(camera)
    for times in (1, 2):
        assert expose(wrapped, 0.5)
        assert eventually(lambda: driver.values[kernel.EXPOSURE_ABSOLUTE] == 250 // 2**times)  # noqa: B023
    assert expose(wrapped, None)
    assert eventually(lambda: driver.values == before)
    assert expose(wrapped, 0.1)
    assert eventually(lambda: driver.values[kernel.EXPOSURE_ABSOLUTE] == 25)
    camera.close()
    assert driver.values == before


def test_the_configuration_has_them_with_their_bounds(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_text('[source]\nexposure = "auto"\ngain = 3\ncontrols = { focus_absolute = 30, power = true }\n')
    controls = load_settings(file, None, {})[0].source.camera_controls
    assert controls == CameraControls("auto", 3, {"focus_absolute": 30, "power": 1})
    for line, key in (
        ('exposure = "bright"', "exposure"),
        ("exposure = -1", "exposure"),
        ("gain = 1.5", "gain"),
        ("gain = true", "gain"),
        ('controls = { focus = "far" }', "controls.focus"),
        ("controls = { focus = 4294967296 }", "controls.focus"),
    ):
        file.write_text(f"[source]\n{line}\n")
        with pytest.raises(ConfigError, match=rf"line 2: source\.{key} = .*: it should be") as caught:
            load_settings(file, None, {})
        assert "\n" not in str(caught.value)


def test_the_doctor_lists_formats_and_controls(
    driver: UvcDriver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(kernel.control_device.__wrapped__, "__defaults__", (driver.ioctl,))  # type: ignore[attr-defined]
    formats, controls = camera_offers(Path("/dev/null"))
    assert formats.found == "/dev/null: GREY, Y16-BE"
    assert "exposure_time_absolute 250 (0 to 1000)" in controls.found
    assert camera_offers(tmp_path / "gone") == []
