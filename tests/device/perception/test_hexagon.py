"""A machine's Hexagon is recognised from files alone, and what bars the way to it is told with its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakeful.device.perception import hexagon
from wakeful.device.perception.hexagon import Hexagon


def board(root: Path, tree: str = "", soc_id: str = "", *nodes: str) -> Path:
    """A file system with what the kernel shows of a board."""
    for name, text in ((hexagon.DEVICE_TREE, tree), (hexagon.SOC_ID, soc_id)):
        if text:
            (root / name).parent.mkdir(parents=True)
            (root / name).write_text(text)
    for node in nodes:
        (root / node).parent.mkdir(parents=True, exist_ok=True)
        (root / node).touch()
    return root


@pytest.mark.parametrize(
    ("tree", "soc_id", "soc"),
    [
        ("qcom,qcs6490-rb3gen2\0qcom,qcm6490\0", "", "qcs6490"),
        ("radxa,dragon-q6a\0qcom,qcs6490\0", "", "qcs6490"),
        ("ayn,odin2\0qcom,qcs8550\0qcom,sm8550\0", "", "qcs8550"),
        ("qcom,sm8650-hdk\0qcom,sm8650\0", "", "sm8650"),
        ("qcom,lemans-evk\0qcom,qcs9100\0qcom,sa8775p\0", "", "qcs9100"),
        ("", "498\n", "qcs6490"),
        ("", "618\n", "sm8750"),
    ],
)
def test_a_chip_is_known_by_the_device_tree_or_by_the_kernels_number(
    tree: str, soc_id: str, soc: str, tmp_path: Path
) -> None:
    found = hexagon.look(board(tmp_path, tree, soc_id))
    assert (found.soc, found.qualcomm, found.expected) == (soc, True, True)


@pytest.mark.parametrize("tree", ["", "raspberrypi,5-model-b\0brcm,bcm2712\0"])
def test_other_machines_have_none(tree: str, tmp_path: Path) -> None:
    found = hexagon.look(board(tmp_path, tree, "77\n" if tree else ""))
    assert (found.soc, found.expected) == ("", False)
    assert "it is no Snapdragon" in found.obstacle


def test_a_snapdragon_without_a_way_to_its_dsp_is_told_so(tmp_path: Path) -> None:
    found = hexagon.look(board(tmp_path, "qcom,sm8650\0"))
    told = Hexagon(found.soc, found.qualcomm, found.nodes, package="2.7.0").obstacle
    assert "/dev/fastrpc-cdsp" in told and "firmware" in told


def test_a_missing_package_is_told_with_how_to_install_it() -> None:
    assert Hexagon("sm8650", True, (Path("/dev/null"),), package="").obstacle.endswith("pip install 'wakeful[qnn]'")


def test_nothing_bars_the_way_where_one_node_can_be_opened(tmp_path: Path) -> None:
    root = board(tmp_path, "qcom,sm8650\0", "", "dev/fastrpc-cdsp", "dev/fastrpc-cdsp-secure")
    found = hexagon.look(root)
    assert [node.name for node in found.nodes] == ["fastrpc-cdsp", "fastrpc-cdsp-secure"]
    assert Hexagon(found.soc, True, found.nodes, package="2.7.0").obstacle == ""


def test_the_boards_own_library_is_found(tmp_path: Path) -> None:
    assert hexagon.rpc_library(tmp_path) is None
    board(tmp_path, "", "", "usr/lib/aarch64-linux-gnu/libcdsprpc.so.1")
    assert hexagon.rpc_library(tmp_path) == tmp_path / "usr/lib/aarch64-linux-gnu/libcdsprpc.so.1"


def test_the_simulator_stands_for_a_chip_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hexagon.SIMULATOR, "sm8750")
    found = hexagon.look()
    assert (found.soc, found.simulated, found.expected) == ("sm8750", True, True)
