"""Exported networks: weights that 16 bits hold, and nothing in the file that changes from run to run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [train]")
onnx = pytest.importorskip("onnx", reason="needs the extra [train]")

from wakeful.models.mouth.layout import COLUMNS, ROWS  # noqa: E402
from wakeful.models.mouth.net import MouthNet  # noqa: E402
from wakeful.models.training.export import export  # noqa: E402


@pytest.fixture(scope="module")
def net() -> MouthNet:
    torch.manual_seed(3)
    return MouthNet().eval()


def test_weights_are_what_16_bits_hold_and_the_answers_stay(net: MouthNet, tmp_path: Path) -> None:
    import onnxruntime

    file = export(net, tmp_path / "mouth.onnx", ROWS, COLUMNS, ("mouth",))
    weights = [onnx.numpy_helper.to_array(one) for one in onnx.load(file).graph.initializer]
    assert all(np.array_equal(one.astype(np.float16).astype(np.float32), one) for one in weights if one.ndim > 1)
    crop = np.random.default_rng(0).normal(size=(1, 1, ROWS, COLUMNS)).astype(np.float32)
    (given,) = onnxruntime.InferenceSession(str(file)).run(None, {"crop": crop})
    with torch.no_grad():
        assert given == pytest.approx(net(torch.from_numpy(crop)).numpy(), abs=2e-3)


def test_a_batch_of_fixed_size_and_the_same_bytes_again(net: MouthNet, tmp_path: Path) -> None:
    files = [export(net, tmp_path / name, ROWS, COLUMNS, ("mouth",), crops=2) for name in ("one.onnx", "two.onnx")]
    assert files[0].read_bytes() == files[1].read_bytes()
    taken = onnx.load(files[0]).graph.input[0].type.tensor_type.shape.dim
    assert [one.dim_value for one in taken] == [2, 1, ROWS, COLUMNS]
