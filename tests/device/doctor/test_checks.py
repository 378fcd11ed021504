"""The doctor finds what is wrong with a machine, names the fix, and breaks down at nothing."""

from __future__ import annotations

import fcntl
import io
import json
import os
import select
import socket
import struct
from pathlib import Path

import pytest

from wakeful.device.cli import status
from wakeful.device.doctor import checks as doctor
from wakeful.device.doctor.check import FAIL, OK, WARN, Check, check_device_file, check_permission, fix_permission

# TIOCSPTLCK and TIOCGPTN of asm-generic/ioctls.h, to make a pseudo-terminal whose port nobody has opened yet.
UNLOCK, NUMBER = 0x40045431, 0x80045430


def test_a_machine_that_can_run_the_monitor_ends_with_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["doctor", "--json"]) == 0
    results = {one["name"]: one["result"] for one in json.loads(capsys.readouterr().out)}
    assert results["LiteRT"] == results["network iris_landmark"] == results["packages"] == OK
    assert status(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "with the right sha256" in said
    assert "network lids" not in said, "whole networks are one line"


def test_litert_is_judged_by_running_a_network() -> None:
    check = doctor.check_litert()
    assert check.result == OK
    assert "runs face_detection_short_range in" in check.found


def test_corrupt_networks_end_with_status_4_and_the_command_that_fetches_them(
    empty_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty_cache.mkdir()
    (empty_cache / "iris_landmark.tflite").write_bytes(b"half")
    assert status(["doctor"]) == 4
    said = capsys.readouterr().out
    assert "wakeful models pull" in said and "iris_landmark" in said


def test_networks_of_other_readers_may_be_missing(empty_cache: Path) -> None:
    results = {one.name: one for one in doctor.check_networks()}
    assert {one.result for one in results.values()} == {OK}
    assert results["network iris_landmark"].found == "not installed; `--landmarks mesh+iris` needs it"


def test_a_corrupt_network_fails_even_if_it_is_optional(empty_cache: Path) -> None:
    empty_cache.mkdir()
    (empty_cache / "face_landmarks_detector.tflite").write_bytes(b"half")
    results = {one.name: one.result for one in doctor.check_networks()}
    assert results["network face_landmarks_detector"] == FAIL


def test_status_1_goes_before_status_4_and_warnings_do_not_count() -> None:
    fine, warning = Check("a", OK, ""), Check("b", WARN, "")
    model, other = Check("c", FAIL, "", "", 4), Check("d", FAIL, "")
    assert doctor.exit_status([fine, warning]) == 0
    assert doctor.exit_status([fine, model]) == 4
    assert doctor.exit_status([model, other]) == 1


def test_an_old_python_fails() -> None:
    assert doctor.check_python((3, 10)).result == FAIL
    assert doctor.check_python((3, 11)).result == OK


def test_a_missing_package_fails_and_is_named() -> None:
    (check,) = doctor.check_packages(["numpy", "no-such-package"])
    assert (check.result, check.found) == (FAIL, "missing: no-such-package")


def test_a_device_that_opens_is_ok() -> None:
    assert check_device_file("camera", Path("/dev/null"), "video").result == OK


def test_a_device_that_does_not_open_is_a_warning_with_a_fix(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "ttyUSB0"))
        check = check_device_file("serial port", tmp_path / "ttyUSB0", "dialout")
    assert check.result == WARN
    assert "plug it in again" in check.fix


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_device_of_another_group_tells_which_to_join(tmp_path: Path) -> None:
    forbidden = tmp_path / "video0"
    forbidden.touch(mode=0)
    assert "usermod -aG" in check_device_file("camera", forbidden, "video").fix


def test_a_device_that_belongs_to_root_alone_tells_the_udev_rule() -> None:
    device = next(file for file in (Path("/dev/console"), Path("/dev/null")) if file.exists())
    fix = fix_permission(device, group="root", usual_group="gpio")
    assert f'KERNEL=="{device.name}*", GROUP="gpio", MODE="0660"' in fix
    assert fix_permission(device, group="video", usual_group="video").startswith("sudo usermod -aG video")


def test_a_cache_folder_below_a_file_is_a_warning_with_a_fix(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check = doctor.check_cache(tmp_path / "file" / "cache")
    assert check.result == WARN
    assert "WAKEFUL_MODELS" in check.fix
    assert doctor.check_cache(tmp_path / "not" / "yet").result == OK


def test_the_folder_of_an_installed_board_that_only_root_may_write_is_fine(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_cache.mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    check = doctor.check_cache(empty_cache)
    assert (check.result, check.fix) == (OK, "")
    monkeypatch.setattr("wakeful.models.registry.available", lambda name: name != "expression")
    check = doctor.check_cache(empty_cache)
    assert (check.result, check.fix) == (WARN, "run `sudo wakeful models pull`")
    assert "expression" in check.found


def test_a_serial_port_is_not_opened_because_that_resets_some_receivers() -> None:
    receiver = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.ioctl(receiver, UNLOCK, struct.pack("i", 0))
        (number,) = struct.unpack("i", fcntl.ioctl(receiver, NUMBER, bytes(4)))
        port = Path(f"/dev/pts/{number}")
        assert check_permission("serial port", port, "dialout").result == OK
        # The kernel hangs up once somebody has opened and closed the port.
        assert select.select([receiver], [], [], 0)[0] == []
        check_device_file("serial port", port, "dialout")
        assert select.select([receiver], [], [], 0)[0] == [receiver]
    finally:
        os.close(receiver)
    assert check_permission("serial port", port, "dialout").result == WARN


def test_an_output_that_is_no_terminal_gets_plain_lines() -> None:
    check = doctor.check_terminal(io.StringIO())
    assert check.result == OK
    assert "plain lines" in check.found


def test_what_plays_and_what_speaks_alerts_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIPEWIRE_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(doctor, "CARDS", tmp_path / "cards")
    nothing = "nothing plays sound here: apt install alsa-utils; only needed for --sound"
    assert doctor.check_sound().found == f"{nothing}; [sound] voice needs espeak-ng (apt install espeak-ng)"
    for name in ("aplay", "espeak-ng"):
        (tmp_path / name).touch(mode=0o755)
    assert doctor.check_sound().found == "aplay is there and no sound card; espeak-ng speaks them"
    (tmp_path / "cards").write_text(" 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n")
    assert doctor.check_sound().found == "aplay plays alerts; espeak-ng speaks them"


def test_gstreamer_that_is_missing_or_incomplete_names_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    absent = doctor.check_gstreamer()
    assert absent.result == OK and "sudo apt install gstreamer1.0-tools" in absent.found
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/gst-launch-1.0")
    monkeypatch.setattr("wakeful.sensors.gstreamer.has_element", lambda name: name != "y4menc")
    incomplete = doctor.check_gstreamer()
    assert (incomplete.result, incomplete.found) == (WARN, "has no y4menc")
    assert "gstreamer1.0-plugins-good" in incomplete.fix
    monkeypatch.setattr("wakeful.sensors.gstreamer.has_element", lambda _: True)
    assert doctor.check_gstreamer().result == OK
