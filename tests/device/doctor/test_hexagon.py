"""The doctor names what keeps a Snapdragon's NPU from being used, each with its fix."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from wakeful.device.doctor import hexagon as doctor_hexagon
from wakeful.device.doctor.check import OK, WARN, Check
from wakeful.device.doctor.hexagon import check_hexagon
from wakeful.device.perception import hexagon
from wakeful.device.perception.hexagon import Hexagon
from wakeful.device.perception.qnn_probe import Verdict

SNAPDRAGON = Hexagon("qcs6490", True, (), "2.7.0")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADSP_LIBRARY_PATH", raising=False)
    monkeypatch.delenv(hexagon.SIMULATOR, raising=False)
    monkeypatch.setattr(doctor_hexagon, "probe", lambda *_, **__: Verdict({}, {}))


def board(root: Path) -> Hexagon:
    """A board with nothing amiss."""
    node, library = root / "dev/fastrpc-cdsp", root / "usr/lib/libcdsprpc.so"
    for file in (node, library):
        file.parent.mkdir(parents=True)
        file.touch()
    return replace(SNAPDRAGON, nodes=(node,))


def of(checks: list[Check], name: str) -> Check:
    (found,) = (check for check in checks if check.name == name)
    return found


def test_a_laptop_has_nothing_to_fix() -> None:
    (check,) = check_hexagon(Hexagon("", False, (), ""))
    assert (check.result, check.fix) == (OK, "")


def test_a_board_with_nothing_amiss_is_tried(tmp_path: Path) -> None:
    checks = check_hexagon(board(tmp_path), tmp_path)
    assert {check.result for check in checks} == {OK}
    assert of(checks, "Hexagon provider").found == "lists the NPU"


def test_a_provider_that_lists_nothing_is_told_with_where_to_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_hexagon, "probe", lambda *_, **__: Verdict({}, {}, "lists no Hexagon"))
    check = of(check_hexagon(board(tmp_path), tmp_path), "Hexagon provider")
    assert check.result == WARN and "dmesg" in check.fix


def test_a_missing_package_device_and_library_are_each_told(tmp_path: Path) -> None:
    checks = check_hexagon(replace(SNAPDRAGON, package=""), tmp_path)
    assert of(checks, "Hexagon package").fix == "pip install 'wakeful[qnn]'"
    assert "CONFIG_QCOM_FASTRPC" in of(checks, "Hexagon device").fix
    assert "fastrpc-support" in of(checks, "Hexagon library").fix
    assert "Hexagon provider" not in {check.name for check in checks}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_node_that_may_not_be_opened_names_the_group_to_join(tmp_path: Path) -> None:
    machine = board(tmp_path)
    machine.nodes[0].chmod(0)
    assert "usermod -aG" in of(check_hexagon(machine, tmp_path), "Hexagon device").fix


def test_a_search_path_that_misses_the_dsps_library_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADSP_LIBRARY_PATH", f"/dsp;{tmp_path}")
    machine = board(tmp_path)
    assert "libQnnHtpV68Skel.so" in of(check_hexagon(machine, tmp_path), "Hexagon ADSP_LIBRARY_PATH").found
    (tmp_path / "libQnnHtpV68Skel.so").touch()
    assert of(check_hexagon(machine, tmp_path), "Hexagon ADSP_LIBRARY_PATH").result == OK


def test_a_chip_that_no_network_is_compiled_for_needs_no_fix(tmp_path: Path) -> None:
    check = check_hexagon(replace(board(tmp_path), soc=""), tmp_path)[0]
    assert check.result == WARN and check.fix.startswith("none needed")


@pytest.mark.parametrize(
    ("version", "result"), [("2.31", WARN), ("2.33", WARN), ("2.34", OK), ("2.41", OK), ("3.0", OK)]
)
def test_a_glibc_older_than_the_package_needs_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, result: str
) -> None:
    monkeypatch.setattr("platform.libc_ver", lambda: ("glibc", version))
    check = of(check_hexagon(board(tmp_path), tmp_path), "Hexagon package")
    assert check.result == result
    assert ("needs glibc 2.34" in check.found) is (result == WARN)
