"""Weights are rounded for the sums they make, with scales that a Hexagon computes with exactly, on usual inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="needs the extra [convert]")

import onnx
from onnx import TensorProto, helper, numpy_helper

from wakeful.conversion.half_multipliers import half_multiple
from wakeful.conversion.quantize import Settings, quantize
from wakeful.conversion.recipes import RECIPES
from wakeful.conversion.rounding import PLACES, Seen, look_at_inputs, round_together
from wakeful.conversion.typical import typical
from wakeful.models import variants
from wakeful.models.variants import NPU_PRECISION, Precision

RANDOM = np.random.default_rng(5)


def test_errors_of_weights_take_each_other_back() -> None:
    inputs = RANDOM.normal(size=(4000, 1)) + 0.2 * RANDOM.normal(size=(4000, 9))  # up and down together
    weights = RANDOM.normal(size=(16, 1, 3, 3)).astype(np.float32)
    scale = np.full(16, 0.05)
    whole, _ = round_together(weights, scale, Seen(inputs.mean(0)[np.newaxis], np.cov(inputs.T)[np.newaxis]))
    nearest = np.round(weights / 0.05)

    def lost(rounded: NDArray[np.float64]) -> float:
        return float(((weights - 0.05 * rounded).reshape(16, 9) @ inputs.T).std())

    assert lost(whole.astype(np.float64)) < 0.5 * lost(nearest.astype(np.float64))
    assert np.abs(whole - weights / 0.05).max() < 4


def test_what_rounding_adds_in_the_mean_is_told_for_the_bias() -> None:
    seen = Seen(np.full((2, 4), 3.0), np.tile(np.eye(4), (2, 1, 1)))
    weights = RANDOM.normal(size=(6, 1, 2, 2)).astype(np.float32)
    scale = np.linspace(0.02, 0.3, 6)
    whole, shift = round_together(weights, scale, seen)
    assert whole.dtype == np.int8
    wanted = weights.sum(axis=(1, 2, 3)) * 3.0
    assert whole.sum(axis=(1, 2, 3)) * scale * 3.0 + shift == pytest.approx(wanted, abs=1e-5)


def test_weights_stay_within_eight_bits_around_zero() -> None:
    weights = np.array([[1.0, 1.0, -1.0, 0.999]], np.float32).reshape(1, 1, 2, 2)
    seen = Seen(np.ones((1, 4)), np.ones((1, 4, 4)))
    whole, _ = round_together(weights, np.array([1 / 127]), seen)
    assert np.abs(whole.astype(int)).max() == 127


@pytest.mark.parametrize(("groups", "stride"), [(1, 1), (1, 2), (4, 2), (2, 1)])
def test_what_a_convolution_is_given_is_in_the_order_of_its_weights(tmp_path: Path, groups: int, stride: int) -> None:
    weights = RANDOM.normal(size=(8, 4 // groups, 3, 2)).astype(np.float32)
    file = _network(tmp_path, weights, group=groups, strides=[stride, stride], pads=[1, 0, 1, 1])
    pictures = RANDOM.normal(size=(5, 4, 6, 7)).astype(np.float32)
    seen = look_at_inputs(file, pictures)["convolution"]
    assert PLACES >= 6 * 7  # all of each picture is looked at
    given = np.concatenate([_run(file, one) for one in pictures]).astype(np.float64)
    wanted = np.einsum("gok,gk->go", weights.reshape(groups, 8 // groups, -1), seen.mean).reshape(-1)
    assert given.mean(axis=(0, 2, 3)) == pytest.approx(wanted, abs=1e-5)
    assert seen.covariance is not None
    flat = weights.reshape(groups, 8 // groups, -1).astype(np.float64)
    spread = np.einsum("gok,gkl,gol->go", flat, seen.covariance, flat).reshape(-1)
    assert given.transpose(1, 0, 2, 3).reshape(8, -1).var(axis=1) == pytest.approx(spread, rel=1e-4)


def test_a_factor_of_eleven_bits_is_the_next_one_and_at_most_a_thousandth_larger() -> None:
    factors = 10.0 ** RANDOM.uniform(-4, 1, 1000)
    rounded = half_multiple(factors)
    assert (rounded >= factors * (1 - 1e-6)).all() and (rounded / factors).max() <= 1 + 2.0**-10
    assert np.array_equal(half_multiple(rounded), rounded)
    assert np.array_equal(rounded.astype(np.float16).astype(np.float64)[factors > 1e-3], rounded[factors > 1e-3])


@pytest.mark.parametrize("network", RECIPES)
def test_no_convolution_of_a_shipped_network_is_rounded_by_an_old_hexagon(network: str) -> None:
    file = variants.file(network, NPU_PRECISION[network], "onnx")
    factors = _factors(onnx.load(file))
    assert factors.size > 100
    assert factors == pytest.approx(half_multiple(factors), rel=2.0**-20)


def test_the_quantized_network_keeps_what_the_float_one_answers(tmp_path: Path) -> None:
    weights = RANDOM.normal(size=(8, 4, 3, 3)).astype(np.float32)
    file = _network(tmp_path, weights, pads=[1, 1, 1, 1])
    pictures = RANDOM.uniform(0, 1, size=(40, 4, 6, 7)).astype(np.float32)
    target = tmp_path / "quantized.onnx"
    quantize(file, target, Settings(Precision.A16W8, per_channel=True), pictures)
    factors = _factors(onnx.load(target))
    assert factors == pytest.approx(half_multiple(factors), rel=2.0**-20)
    wanted, given = (np.concatenate([_run(one, picture) for picture in pictures]) for one in (file, target))
    assert np.abs(given - wanted).max() < 0.01 * np.abs(wanted).max()
    assert (given - wanted).mean(axis=(0, 2, 3)) == pytest.approx(np.zeros(8), abs=1e-3)


def test_an_input_that_drives_the_network_off_is_not_calibrated_with(tmp_path: Path) -> None:
    file = _network(tmp_path, RANDOM.normal(size=(8, 4, 3, 3)).astype(np.float32))
    pictures = RANDOM.normal(size=(9, 4, 6, 7)).astype(np.float32)
    pictures[3] *= 50
    assert np.array_equal(typical(file, pictures, 10.0), np.delete(pictures, 3, axis=0))
    assert np.array_equal(typical(file, pictures, 1000.0), pictures)


def _network(folder: Path, weights: NDArray[np.float32], **attributes: object) -> Path:
    """One convolution of pictures [1, 4, 6, 7]."""
    node = helper.make_node("Conv", ["picture", "weights", "bias"], ["answer"], name="convolution", **attributes)
    graph = helper.make_graph(
        [node],
        "small",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 4, 6, 7])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(np.zeros(8, np.float32), "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), folder / "small.onnx")
    return folder / "small.onnx"


def _run(file: Path, picture: NDArray[np.float32]) -> NDArray[np.float32]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"picture": picture[np.newaxis]})[0], np.float32)


def _factors(model: onnx.ModelProto) -> NDArray[np.float64]:
    """Input scale * weight scale / output scale of each channel of each convolution."""
    makers = {output: node for node in model.graph.node for output in node.output}
    takers = {name: node for node in model.graph.node for name in node.input}
    held = {one.name: numpy_helper.to_array(one).astype(np.float64) for one in model.graph.initializer}
    factors = []
    for node in model.graph.node:
        if node.op_type == "Conv":
            after = takers[node.output[0]]
            while after.op_type != "QuantizeLinear":
                after = takers[after.output[0]]
            step, scale = (held[makers[name].input[1]] for name in node.input[:2])
            factors.append(np.atleast_1d(step * scale / held[after.input[1]]))
    return np.concatenate(factors)
