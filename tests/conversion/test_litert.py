"""The int8 expression network for LiteRT computes what its QDQ file says, and what cannot be written is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wakeful import ModelError
from wakeful.models import manifest, registry, variants
from wakeful.models.expression.network import ExpressionFile, WeightsError

pytest.importorskip("onnx", reason="needs the extra [convert]")

import onnx

from tests.conversion.test_measure import Given
from wakeful.conversion import measure
from wakeful.conversion.channel_weights import WeightsApart, with_channel_weights
from wakeful.conversion.qdq_to_tflite import OnnxUnsupported, convert
from wakeful.conversion.quantize import output_steps

# What the network takes lies about zero with a spread of one.
NOISE = np.random.default_rng(7).normal(size=(12, 1, 48, 48)).astype(np.float32)
FACES = Given("noise", np.concatenate([NOISE, np.cumsum(NOISE, axis=2) / 4]), None)


@pytest.fixture(scope="module")
def written() -> Any:
    """The shipped network with the weights that LiteRT takes."""
    quantized, floats = (onnx.load(variants.file("expression", kind, "onnx")) for kind in ("int8", "float"))
    return with_channel_weights(quantized, floats)


def test_the_shipped_file_is_what_the_shipped_onnx_files_give(written: Any) -> None:
    assert convert(written) == variants.file("expression", "int8", "litert").read_bytes()


def test_litert_answers_as_onnx_runtime_on_the_same_numbers(written: Any, tmp_path: Path) -> None:
    same = tmp_path / "same.onnx"
    onnx.save(written, same)
    given = measure.run_litert(variants.file("expression", "int8", "litert"), FACES.tensors)
    reference = measure.run_onnx(same, FACES.tensors, as_written=True)
    parity = measure.step_parity(given, reference, output_steps(same), "same", FACES, "CPU")
    assert parity.passed, parity


def test_the_file_lies_so_that_weights_need_no_copy() -> None:
    import tflite

    content = variants.file("expression", "int8", "litert").read_bytes()
    model = tflite.Model.GetRootAs(content, 0)
    filled = [model.Buffers(i) for i in range(model.BuffersLength()) if model.Buffers(i).DataLength()]
    base = np.frombuffer(content, np.uint8).ctypes.data
    assert len(filled) > 20
    assert {(one.DataAsNumpy().ctypes.data - base) % 16 for one in filled} == {0}


def test_a_judged_file_may_be_either_kind(tmp_path: Path) -> None:
    faces = np.random.default_rng(5).integers(0, 256, (3, 48, 48), dtype=np.uint8)
    ferplus, fer2013 = ExpressionFile(registry.path("expression")).logits(faces)
    assert ferplus.shape == (3, 8) and fer2013.shape == (3, 7)
    (tmp_path / "none.tflite").write_bytes(b"no network")
    for file, said in ((tmp_path / "none.tflite", "no .tflite network"), (tmp_path / "absent.tflite", "no weights")):
        with pytest.raises(WeightsError, match=said):
            ExpressionFile(file)
    with pytest.raises(WeightsError, match="not an expression network"):
        ExpressionFile(registry.path("face_landmark"))


def test_the_benchmark_finds_its_accuracy_beside_its_speed() -> None:
    from wakeful.device.bench.accuracy import accuracy_of

    found = accuracy_of(registry.sha256_of(registry.path("expression")))
    assert found.parity_passed and found.task is not None and found.task.startswith("top-1")
    one = manifest.load().find("expression", "int8", "litert")
    assert one is not None and one.task[0].data.count > 3000


def test_weights_of_another_network_are_refused() -> None:
    quantized = onnx.load(variants.file("expression", "int8", "onnx"))
    with pytest.raises(WeightsApart, match="has no weights"):
        with_channel_weights(quantized, onnx.load(registry.path("face_landmark_a16w8")))


def test_what_cannot_be_written_is_named() -> None:
    unsigned = onnx.load(variants.file("expression", "int8", "onnx"))
    with pytest.raises(OnnxUnsupported, match="not a signed, quantized weight"):
        convert(unsigned)
    with pytest.raises(OnnxUnsupported, match="3 channels"):
        convert(_small("Sigmoid", channels=3))
    with pytest.raises(OnnxUnsupported, match="operator Sigmoid"):
        convert(_small("Sigmoid", channels=1))
    assert issubclass(OnnxUnsupported, ModelError)


def _small(kind: str, channels: int) -> Any:
    """One operator between quantized tensors."""
    helper = onnx.helper
    shape = [1, channels, 4, 4]
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in ("x", "y")]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["x8"]),
        helper.make_node("DequantizeLinear", ["x8", "scale", "zero"], ["x32"]),
        helper.make_node(kind, ["x32"], ["y"]),
    ]
    constants = [
        onnx.numpy_helper.from_array(np.float32(0.1), "scale"),
        onnx.numpy_helper.from_array(np.uint8(0), "zero"),
    ]
    graph = helper.make_graph(nodes, "small", ends[:1], ends[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
