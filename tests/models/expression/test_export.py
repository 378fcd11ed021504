"""What is exported says what the trained network says, and its int8 form nearly so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: make test-train")
onnx = pytest.importorskip("onnx", reason="export needs onnx: make test-train")

from tests.models.expression.samples import made_up, together  # noqa: E402
from wakeful.models.expression.export import FLOAT, INT8, class_shares, export, folded, write_faces_onnx  # noqa: E402
from wakeful.models.expression.face import standardise  # noqa: E402
from wakeful.models.expression.net import ExpressionNet  # noqa: E402
from wakeful.models.expression.network import ExpressionFile  # noqa: E402
from wakeful.models.expression.train import Settings, reader, train  # noqa: E402
from wakeful.models.expression.weights import WEIGHTS, load_weights  # noqa: E402

FACES = together(made_up(192), made_up(64, "valid", seed=1))


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> ExpressionNet:
    """A network that has learnt a little, so that its values have the spread of a real one."""
    folder = tmp_path_factory.mktemp("net")
    settings = Settings(epochs=6, batch=32, averaging=0.8, peak_rate=0.05, bfloat16=False, sizes_px=(48,))
    train(FACES, folder, settings)
    return load_weights(folder / WEIGHTS)


def test_the_float_file_equals_torch(net: ExpressionNet, tmp_path: Path) -> None:
    write_faces_onnx(net, tmp_path / "net.onnx")
    images = FACES.images[:16]
    for ours, theirs in zip(ExpressionFile(tmp_path / "net.onnx").logits(images), reader(net)(images), strict=True):
        assert np.abs(ours - theirs).max() < 1e-4


def test_int8_agrees_with_float_on_nearly_all_faces(net: ExpressionNet, tmp_path: Path) -> None:
    export(net, FACES, tmp_path)
    images = made_up(200, seed=9).images
    floats, small = (ExpressionFile(tmp_path / name).logits(images)[0] for name in (FLOAT, INT8))
    assert (floats.argmax(axis=1) == small.argmax(axis=1)).mean() >= 0.95
    assert (tmp_path / INT8).stat().st_size < 0.3 * (tmp_path / FLOAT).stat().st_size


def test_int8_is_unsigned_with_one_scale_a_tensor(net: ExpressionNet, tmp_path: Path) -> None:
    export(net, FACES, tmp_path)
    graph = onnx.load(tmp_path / INT8).graph
    arrays = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    operators = [node for node in graph.node if node.op_type in ("QuantizeLinear", "DequantizeLinear")]
    points = [arrays[node.input[2]] for node in operators]
    biases = {node.input[2] for node in graph.node if node.op_type in ("Conv", "Gemm")}
    others = [p for node, p in zip(operators, points, strict=True) if node.output[0] not in biases]
    assert others and all(point.dtype == np.uint8 and point.size == 1 for point in others)


def test_folding_scales_and_balances_the_answers(net: ExpressionNet) -> None:
    shares = class_shares(FACES.of("train"))
    given = torch.from_numpy(standardise(FACES.images[:4]))
    with torch.no_grad():
        plain, _ = net(given)
        changed, _ = folded(net, 2.0, 1.0, shares, 0.5)(given)
    expected = (plain - 0.5 * torch.log(torch.from_numpy(np.maximum(shares[0], 1e-4)))) / 2.0
    assert torch.allclose(changed, expected, atol=1e-5)


def test_the_files_name_their_classes(net: ExpressionNet, tmp_path: Path) -> None:
    export(net, FACES, tmp_path)
    notes = {entry.key: entry.value for entry in onnx.load(tmp_path / INT8).metadata_props}
    assert notes["ferplus"].startswith('["neutral", "happiness"')
    assert {file.name for file in tmp_path.iterdir()} == {FLOAT, INT8}
