"""The mouth network: the crop, the opening, shapes, and operators that map onto a Hexagon."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.models.training.test_pictures import unlike

torch = pytest.importorskip("torch", reason="training needs the extra [train]")

from wakeful.models.mouth.layout import COLUMNS, LIPS, OUTPUTS, ROWS  # noqa: E402
from wakeful.models.mouth.net import MouthNet  # noqa: E402
from wakeful.models.mouth.samples import mouth_crop, opening_of, shaken  # noqa: E402
from wakeful.models.mouth.task import inner_gap  # noqa: E402
from wakeful.models.training.export import export  # noqa: E402


def mesh() -> np.ndarray:
    """A level face: eye corners 80 px apart, lips below, open by half their width."""
    points = np.zeros((478, 3))
    points[33], points[263] = (60, 80, 0), (140, 80, 0)
    points[[78, 61]], points[[308, 291]] = (80, 140, 0), (120, 140, 0)
    points[[82, 13, 312, 0]], points[[87, 14, 317, 17]] = (100, 130, 0), (100, 150, 0)
    return points


def test_the_crop_lies_level_on_the_mouth() -> None:
    crop = mouth_crop(mesh())
    assert (crop.x_px, crop.y_px, crop.width_px, crop.angle_rad) == pytest.approx((100.0, 140.0, 80.0, 0.0))
    assert shaken(np.random.default_rng(1), crop).rows == ROWS


def test_the_opening_is_the_gap_over_the_width() -> None:
    assert opening_of(mesh()) == pytest.approx(0.5)
    points = torch.from_numpy(mesh()[list(LIPS), :2])[None]
    assert float(inner_gap(points)[0]) == pytest.approx(20.0, abs=1e-3)


def test_shapes_and_operators(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    net = unlike(MouthNet()).eval()
    assert net(torch.zeros(2, 1, ROWS, COLUMNS)).shape == (2, OUTPUTS)
    file = export(net, tmp_path / "mouth.onnx", ROWS, COLUMNS, ("out",))
    operators = {node.op_type for node in onnx.load(file).graph.node}
    assert operators <= {"Conv", "Relu", "Gemm", "Flatten", "Add", "Reshape"}
