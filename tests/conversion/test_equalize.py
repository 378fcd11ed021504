"""Channels between two convolutions are made alike, and the network still computes the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="needs the extra [convert]")

import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from wakeful.conversion.equalize import equalize

RANDOM = np.random.default_rng(11)
PICTURES = RANDOM.normal(size=(8, 3, 6, 6)).astype(np.float32)


def test_a_prelu_between_lets_factors_through_and_nothing_changes(tmp_path: Path) -> None:
    source, target = _network(tmp_path), tmp_path / "equal.onnx"
    assert equalize(source, target, PICTURES, 0.5) == 2
    before, after = _run(source), _run(target)
    assert after["answer"] == pytest.approx(before["answer"], rel=1e-4, abs=1e-4)
    assert _unlike(before["first"]) > 100
    assert _unlike(after["first"]) < 3  # a depthwise convolution takes factors back at no loss
    assert _unlike(after["second"]) == pytest.approx(_unlike(before["second"]) ** 0.5, rel=0.3)


def test_biases_that_others_use_too_are_left_as_they_are(tmp_path: Path) -> None:
    source, target = _network(tmp_path, shared=1.0), tmp_path / "equal.onnx"
    assert equalize(source, target, PICTURES, 0.5) == 0
    assert _run(target)["answer"] == pytest.approx(_run(source)["answer"])


def test_a_bias_of_zero_that_others_use_too_is_no_obstacle(tmp_path: Path) -> None:
    source, target = _network(tmp_path, shared=0.0), tmp_path / "equal.onnx"
    assert equalize(source, target, PICTURES, 0.5) == 2
    assert _run(target)["answer"] == pytest.approx(_run(source)["answer"], rel=1e-4, abs=1e-4)


def _network(folder: Path, shared: float | None = None) -> Path:
    """A convolution, PRelu, a depthwise one, another; channels of the first are a thousandfold apart."""
    spread = np.array([1.0, 0.05, 30.0, 0.01], np.float32).reshape(-1, 1, 1, 1)
    held = {
        "w1": RANDOM.normal(size=(4, 3, 1, 1)).astype(np.float32) * spread,
        "w2": RANDOM.normal(size=(4, 1, 3, 3)).astype(np.float32) / spread**0.5,
        "w3": RANDOM.normal(size=(4, 4, 1, 1)).astype(np.float32),
        "slope": np.array([0.2, 1.5, -0.3, 0.1], np.float32).reshape(4, 1, 1),
    }
    biases = ["b", "b", "b"]
    if shared is None:
        biases = ["b1", "b2", "b3"]
        held |= {name: RANDOM.normal(size=4).astype(np.float32) for name in biases}
    else:
        held["b"] = np.full(4, shared, np.float32)
    nodes: list[Any] = [
        helper.make_node("Conv", ["picture", "w1", biases[0]], ["first"], "c1"),
        helper.make_node("Relu", ["first"], ["positive"]),
        helper.make_node("Neg", ["first"], ["turned"]),
        helper.make_node("Relu", ["turned"], ["negative"]),
        helper.make_node("Mul", ["negative", "slope"], ["scaled"]),
        helper.make_node("Sub", ["positive", "scaled"], ["prelu"]),
        helper.make_node("Conv", ["prelu", "w2", biases[1]], ["second"], "c2", group=4, pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["second", "w3", biases[2]], ["answer"], "c3"),
    ]
    values = [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 6, 6])]
    outputs = [helper.make_tensor_value_info("answer", TensorProto.FLOAT, [1, 4, 6, 6])]
    initializers = [numpy_helper.from_array(array, name) for name, array in held.items()]
    graph = helper.make_graph(nodes, "small", values, outputs, initializers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "s.onnx")
    return folder / "s.onnx"


def _run(file: Path) -> dict[str, NDArray[np.float32]]:
    model = onnx.load(file)
    names = ["answer", "first", "second"]
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names[1:])
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    answers = [session.run(names, {"picture": one[np.newaxis]}) for one in PICTURES]
    return {name: np.concatenate(one) for name, one in zip(names, zip(*answers, strict=True), strict=True)}


def _unlike(values: NDArray[np.float32]) -> float:
    """The largest channel beside the smallest."""
    size = np.abs(values).max(axis=(0, 2, 3))
    return float(size.max() / size.min())
