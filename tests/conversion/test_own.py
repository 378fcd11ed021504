"""The networks face, lids, mouth and identity: the same in every precision and runtime, small, whole on a Hexagon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from wakeful.conversion import own_figures
from wakeful.models import manifest, registry, variants
from wakeful.models.variants import OWN, SHIPPED_SOCS, Precision

pytest.importorskip("onnx", reason="needs the extra [convert]")

import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.conversion.test_measure import Given
from wakeful.conversion import measure
from wakeful.conversion.own import processor_parity
from wakeful.conversion.qdq_to_tflite import convert
from wakeful.conversion.whole_picture import MatrixUnsupported, with_convolutions

RANDOM = np.random.default_rng(11)


def crops(network: str, count: int = 6) -> NDArray[np.float32]:
    """Smooth noise as the network takes it: about zero, with a spread of one."""
    shape = registry.network(network).inputs[0].shape
    noise = np.cumsum(np.cumsum(RANDOM.normal(size=(count, *shape)), axis=-1), axis=-2)
    noise -= noise.mean(axis=(-1, -2), keepdims=True)
    standard: NDArray[np.float32] = (noise / noise.std(axis=(-1, -2), keepdims=True)).astype(np.float32)
    return standard


def test_what_a_face_is_read_with_is_at_most_1_7_mb() -> None:
    used = [one for one in registry.networks().values() if "wakeful" in one.readers]
    assert sum(one.bytes for one in used) <= 1_700_000
    assert all(registry.path(one.name).stat().st_size == one.bytes for one in used)


@pytest.mark.parametrize("network", OWN)
def test_every_precision_and_runtime_was_made_of_the_shipped_float_network_and_passed(network: str) -> None:
    floats = registry.path(f"{network}_float")
    made = [one for one in manifest.load().variants if one.network == network]
    kinds = {(one.precision, one.runtime, one.soc) for one in made}
    chips = {("a16w8", "qnn", soc) for soc in SHIPPED_SOCS}
    processors = {("float", "litert", ""), ("int8", "litert", ""), ("int8", "onnx", ""), ("a16w8", "onnx", "")}
    assert kinds == chips | processors
    assert all(one.passed and one.file for one in made)
    hashes = {registry.sha256_of(floats), registry.sha256_of(registry.path(f"{network}_a16w8"))}
    assert {one.source_sha256 for one in made} == hashes


@pytest.mark.parametrize("network", OWN)
@pytest.mark.parametrize("precision", ["float", "int8"])
def test_a_litert_file_is_what_the_onnx_file_beside_it_gives(network: str, precision: str) -> None:
    source = onnx.load(variants.file(network, precision, "onnx"))
    written = convert(with_convolutions(source) if precision == "float" else source)
    assert written == variants.file(network, precision, "litert").read_bytes()


@pytest.mark.parametrize("network", OWN)
def test_float_litert_answers_as_onnx_runtime(network: str) -> None:
    given = crops(network)
    mine, theirs = (
        measure.run_litert(variants.file(network, "float", "litert"), given),
        measure.run_onnx(variants.file(network, "float", "onnx"), given),
    )
    assert measure.float_parity(mine, theirs, "", Given("noise", given, None), "CPU").passed


@pytest.mark.parametrize("network", OWN)
def test_int8_litert_answers_as_onnx_runtime_on_the_same_numbers(network: str) -> None:
    given = crops(network)
    floats = measure.run_onnx(variants.file(network, "float", "onnx"), given)
    mine = measure.run_litert(variants.file(network, "int8", "litert"), given)
    assert processor_parity(mine, variants.file(network, "int8", "onnx"), floats, Given("noise", given, None)).passed


@pytest.mark.parametrize("network", OWN)
def test_in_int8_all_convolutions_but_the_last_are_quantized_and_their_weights_have_a_scale_a_channel(
    network: str,
) -> None:
    graph = onnx.load(variants.file(network, "int8", "onnx")).graph
    held = {one.name: one for one in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    in_float = [node for node in convolutions if node.input[1] in held]
    assert len(in_float) == len(registry.network(network).outputs)
    for node in convolutions:
        if node not in in_float:
            whole, scale = (held[makers[node.input[1]].input[i]] for i in (0, 1))
            assert whole.data_type == TensorProto.INT8 and list(scale.dims) == [whole.dims[0]]


def test_the_numbers_that_all_points_of_a_face_are_made_of_are_not_rounded_to_steps() -> None:
    graph = onnx.load(variants.file("face", "int8", "onnx")).graph
    makers = {output: node for node in graph.node for output in node.output}
    held = {one.name for one in graph.initializer}
    ends = [node for node in graph.node if node.op_type == "Conv" and node.input[1] in held]
    assert {makers[node.input[0]].op_type for node in ends} == {"Conv"}
    assert held <= {name for node in graph.node for name in node.input}


def test_each_eye_of_a_pair_is_read_by_itself() -> None:
    pair = crops("lids", 1)
    file = registry.path("lids")
    straight, swapped = measure.run_litert(file, pair), measure.run_litert(file, pair[:, ::-1].copy())
    for name, values in straight.items():
        assert np.array_equal(values, swapped[name][::-1])


@pytest.mark.parametrize("soc", SHIPPED_SOCS)
@pytest.mark.parametrize("network", OWN)
def test_a_context_came_with_wakeful_for_each_chip(network: str, soc: str) -> None:
    from wakeful.conversion.qnn import require_target

    context = variants.shipped_context(network, soc)
    one = manifest.load().find(network, variants.NPU_PRECISION[network], "qnn", soc)
    assert context is not None and one is not None
    require_target(variants.data_of(context), variants.soc(soc))
    assert registry.sha256_of(variants.data_of(context)) == one.sha256
    assert registry.sha256_of(context) == one.wrapper_sha256
    assert one.operators["cpu"] == 0


def test_a_matrix_over_a_picture_answers_the_same_as_a_convolution(tmp_path: Path) -> None:
    model, picture = _matrices(), RANDOM.normal(size=(3, 2, 4, 5)).astype(np.float32)
    written = with_convolutions(model)
    assert {node.op_type for node in written.graph.node} == {"Conv", "Relu", "Flatten"}
    for name, one in (("matrix", model), ("convolution", written)):
        onnx.save(one, tmp_path / f"{name}.onnx")
    mine, theirs = (measure.run_onnx(tmp_path / f"{name}.onnx", picture) for name in ("convolution", "matrix"))
    assert mine["answer"] == pytest.approx(theirs["answer"], abs=1e-3)


def test_a_scaled_matrix_is_refused() -> None:
    with pytest.raises(MatrixUnsupported, match="no plain one"):
        with_convolutions(_matrices(alpha=2.0))


def test_a_float_network_is_written_for_litert_with_its_padding_groups_and_relus(tmp_path: Path) -> None:
    file, picture = tmp_path / "network.onnx", RANDOM.normal(size=(3, 1, 9, 8)).astype(np.float32)
    model = _convolutions()
    onnx.save(model, file)
    (tmp_path / "network.tflite").write_bytes(convert(model))
    mine, theirs = measure.run_litert(tmp_path / "network.tflite", picture), measure.run_onnx(file, picture)
    turned = theirs["answer"].transpose(0, 2, 3, 1)
    assert mine["answer"] == pytest.approx(turned, abs=1e-5)
    assert (turned == 0).any() and (turned > 0).any()


def test_weights_that_16_bits_hold_are_stored_so(tmp_path: Path) -> None:
    sizes = []
    for half in (True, False):
        model = _matrices(half)
        sizes.append(len(convert(with_convolutions(_grey(model)))))
    assert sizes[0] < 0.6 * sizes[1]


def test_points_are_compared_in_pixels_of_the_crop() -> None:
    floats = {"mesh": np.zeros((1, 6), np.float32), "presence": np.zeros((1, 1), np.float32)}
    mine = floats | {"mesh": np.array([[3.0, 4.0, 9.0, 0.0, 0.0, 9.0]], np.float32) / 56.0}  # depth does not count
    assert own_figures.points_off_px("face", mine, floats)[0] == pytest.approx([5.0, 0.0], abs=1e-5)
    figures = own_figures.figures("face", mine, floats, Given("one", floats["mesh"], None), "CPU")
    assert [one.passed for one in figures] == [False, False]


def test_lid_states_are_compared_by_how_often_closed_eyes_are_told_from_others() -> None:
    floats = np.zeros((8, 4), np.float32)  # pairs: lowered, narrowed, closed, closed
    floats[[4, 5, 6, 7], 3] = 2.0
    mine = floats.copy()
    mine[[6, 7], 3] = -1.0
    labels = np.array([1, 2, 3, 3])
    figures = own_figures.state_figures({"states": mine}, {"states": floats}, Given("four", floats, labels), "CPU")
    assert [(one.reference, one.value, one.passed) for one in figures] == [(1.0, 0.5, False)] * 2


def _matrices(half: bool = True, **attributes: float) -> onnx.ModelProto:
    """Pictures [1, 2, 4, 5] through two matrices with a Relu between."""
    nodes = [
        helper.make_node("Flatten", ["picture"], ["flat"], name="flat", axis=1),
        helper.make_node("Gemm", ["flat", "a", "a bias"], ["hidden"], name="a", transB=1, **attributes),
        helper.make_node("Relu", ["hidden"], ["lit"], name="relu"),
        helper.make_node("Gemm", ["lit", "b", "b bias"], ["answer"], name="b", transB=1),
    ]
    weights = {"a": (64, 40), "a bias": (64,), "b": (96, 64), "b bias": (96,)}
    values = {name: RANDOM.normal(size=shape).astype(np.float32) for name, shape in weights.items()}
    if half:
        values = {name: one.astype(np.float16).astype(np.float32) for name, one in values.items()}
    return _model(nodes, values, [1, 2, 4, 5], [1, 96])


def _grey(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same for pictures of one channel."""
    for dim, size in zip(model.graph.input[0].type.tensor_type.shape.dim, (1, 1, 8, 5), strict=True):
        dim.dim_value = size
    return model


def _convolutions() -> onnx.ModelProto:
    """A plain convolution at stride 2, one of each channel, one across them, and a sum, each with a Relu."""
    nodes = [
        helper.make_node("Conv", ["picture", "a", "a bias"], ["b0"], name="a", strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["b0"], ["b1"], name="relu a"),
        helper.make_node("Conv", ["b1", "b", "b bias"], ["c0"], name="b", group=6, pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c0"], ["c1"], name="relu b"),
        helper.make_node("Conv", ["c1", "c", "c bias"], ["d0"], name="c"),
        helper.make_node("Add", ["d0", "b1"], ["d1"], name="sum"),
        helper.make_node("Relu", ["d1"], ["answer"], name="relu c"),
    ]
    shapes: dict[str, tuple[int, ...]] = {"a": (6, 1, 3, 3), "b": (6, 1, 3, 3), "c": (6, 6, 1, 1)}
    shapes |= {f"{name} bias": (6,) for name in "abc"}
    values = {name: RANDOM.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return _model(nodes, values, [1, 1, 9, 8], [1, 6, 5, 4])


def _model(nodes: list[Any], values: dict[str, Any], taken: list[int], given: list[int]) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, taken)],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, given)],
        [numpy_helper.from_array(one, name) for name, one in values.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_precisions_of_the_networks_have_files_of_their_own() -> None:
    for network in OWN:
        files = [variants.file(network, kind, "onnx") for kind in Precision]
        files += [variants.file(network, kind, "litert") for kind in (Precision.FLOAT, Precision.INT8)]
        assert len(set(files)) == len(files) == 5
        assert variants.file(network, "int8", "litert") == registry.path(network)
