"""The face network: points, crops of tracking, shapes, and operators that map onto a Hexagon."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.models.training.test_pictures import unlike
from wakeful.models.face.points import IBUG68_FLIP, INNER_LIPS, OUTER_LIPS, mouth_gap, weights
from wakeful.models.training.geometry import Crop

torch = pytest.importorskip("torch", reason="training needs the extra [train]")

from wakeful.models.face import samples  # noqa: E402
from wakeful.models.face.build import Targets  # noqa: E402
from wakeful.models.face.evaluate import human_error, labelled_parts  # noqa: E402
from wakeful.models.face.net import FaceNet  # noqa: E402
from wakeful.models.face.points import SIZE_PX  # noqa: E402
from wakeful.models.training.export import export  # noqa: E402


def test_twins_are_twins_of_each_other() -> None:
    np.testing.assert_array_equal(IBUG68_FLIP[IBUG68_FLIP], np.arange(68))
    assert len(set(OUTER_LIPS)) == len(set(INNER_LIPS)) == 20
    assert weights().mean() == pytest.approx(1.0)


def test_an_open_mouth_has_a_gap() -> None:
    mesh = np.zeros((478, 3))
    mesh[78], mesh[308], mesh[14, 1] = (-1, 0, 0), (1, 0, 0), 1.0
    assert mouth_gap(mesh) == pytest.approx(0.5)


def test_the_network_starts_from_the_meshes_it_is_given() -> None:
    meshes = np.random.default_rng(1).normal(size=(120, 478, 3)).astype(np.float32)
    net = FaceNet()
    assert 0.5 < net.start_from(meshes, np.arange(68)) <= 1.0
    np.testing.assert_allclose(net.mesh.bias.detach().numpy(), meshes.mean(axis=0).reshape(-1), atol=1e-5)


def test_tracking_stays_near_and_misplaced_crops_do_not() -> None:
    rng, square = np.random.default_rng(2), Crop(100.0, 100.0, 80.0)
    near = [samples.tracked(rng, square) for _ in range(200)]
    assert max(abs(crop.x_px - 100.0) for crop in near) < 20.0
    assert any(crop.mirrored for crop in near) and not all(crop.mirrored for crop in near)
    for _ in range(200):
        off = samples.misplaced(rng, square)
        away = np.hypot(off.x_px - 100.0, off.y_px - 100.0) / 80.0
        ratio = off.width_px / 80.0
        assert away > 0.5 or not 0.45 < ratio < 2.0 or abs(off.angle_rad) > 1.0


def test_a_linear_map_of_the_mesh_finds_points_that_are_one() -> None:
    rng = np.random.default_rng(3)
    meshes = rng.normal(size=(60, 478, 3)) * 20 + 100
    meshes[:, 33, :2], meshes[:, 263, :2] = (70.0, 100.0), (130.0, 100.0)
    human = meshes[:, :68, :2]
    human = np.concatenate([human[:, :36], meshes[:, [33]][..., :2], human[:, 37:]], axis=1)
    found = human_error((meshes, human), (meshes[:5], human[:5]), (meshes[5:9], human[5:9]))
    assert found["mean_pct"] < 1.0


def test_faces_that_judge_are_fitted_on_nowhere() -> None:
    source = np.array(["helen-train", "helen-train", "helen-test", "ytf", "ytf", "ytf", "ytf", "ytf", "lfw"])
    split = np.array(["train", "valid", "test", "train", "train", "train", "train", "test", "train"])
    points = np.zeros((9, 478, 3), np.float32)
    points[5] = np.nan
    nobody = np.full(9, "")
    human, box = np.zeros((9, 68, 2), np.float32), np.zeros((9, 4), np.float32)
    targets = Targets(points, human, box, source, nobody, split, np.arange(478))

    helen, ytf = (labelled_parts(targets, name) for name in ("helen", "ytf"))

    assert {name: rows.tolist() for name, rows in helen.items()} == {"fit": [0], "test": [2], "valid": [1]}
    assert {name: rows.tolist() for name, rows in ytf.items()} == {"fit": [3], "test": [7], "valid": []}


def test_shapes_and_operators(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    net = unlike(FaceNet()).eval()
    mesh, presence, human = net(torch.zeros(2, 1, SIZE_PX, SIZE_PX))
    assert mesh.shape == (2, 478 * 3) and presence.shape == (2, 1) and human.shape == (2, 136)
    file = export(net, tmp_path / "face.onnx", SIZE_PX, SIZE_PX, ("mesh", "presence", "human"))
    operators = {node.op_type for node in onnx.load(file).graph.node}
    assert operators <= {"Conv", "Relu", "Gemm", "Flatten", "Add", "Reshape"}
