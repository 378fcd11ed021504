"""A .tflite network written as ONNX answers as LiteRT does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wakeful.models import registry

pytest.importorskip("onnx", reason="needs the extra [convert]")
pytest.importorskip("tflite", reason="needs the extra [convert]")

import onnx

from wakeful.conversion.measure import run_litert, run_onnx
from wakeful.conversion.tflite_graph import Graph, Operator, TfliteBroken, TfliteUnsupported, read
from wakeful.conversion.tflite_to_onnx import convert, same_padding


@pytest.mark.parametrize(
    "name", ["face_detection_short_range", "face_landmark", "iris_landmark", "face_landmarks_detector"]
)
def test_the_networks_answer_as_in_litert(name: str, tmp_path: Path) -> None:
    if not registry.available(name):
        pytest.skip(registry.how_to_get(registry.network(name)))
    source, target = registry.path(name), tmp_path / "network.onnx"
    onnx.save(convert(read(source), name), target)
    given = np.random.default_rng(0).uniform(0, 1, (2, *registry.network(name).inputs[0].shape[1:])).astype(np.float32)
    expected, answered = run_litert(source, given), run_onnx(target, given)
    assert list(answered) == [one.name for one in registry.network(name).outputs]
    for key, values in expected.items():
        assert answered[key].shape == values.shape
        assert np.abs(answered[key] - values).max() <= 1e-4 * max(1.0, np.abs(values).max())


def test_slopes_above_one_and_below_zero_are_kept(tmp_path: Path) -> None:
    graph = Graph(
        inputs=("x",),
        outputs=("y",),
        operators=(Operator("PRELU", ("x", "a"), ("y",)),),
        shapes={"x": (1, 1, 2, 3), "y": (1, 1, 2, 3), "a": (1, 1, 3)},
        constants={"a": np.array([[[0.25, 2.0, -0.5]]], np.float32)},
    )
    onnx.save(convert(graph, "prelu"), tmp_path / "prelu.onnx")
    x = np.array([[[[-1.0, -1.0, -1.0], [2.0, 3.0, 4.0]]]], np.float32)
    assert run_onnx(tmp_path / "prelu.onnx", x)["y"].tolist() == [[[[-0.25, -2.0, 0.5], [2.0, 3.0, 4.0]]]]


@pytest.mark.parametrize(("activation", "written"), [("NONE", "Conv"), ("RELU", "Pad")])
def test_channels_of_zeros_are_added_by_a_convolution_where_a_v68_would_pad_with_something_else(
    activation: str, written: str, tmp_path: Path
) -> None:
    graph = Graph(
        inputs=("x",),
        outputs=("y",),
        operators=(
            Operator("ADD", ("x", "x"), ("twice",), {"activation": activation}),
            Operator("PAD", ("twice", "margins"), ("y",)),
        ),
        shapes={"x": (1, 2, 2, 3), "twice": (1, 2, 2, 3), "y": (1, 2, 2, 5)},
        constants={"margins": np.array([[0, 0], [0, 0], [0, 0], [0, 2]], np.int32)},
    )
    model = convert(graph, "more")
    onnx.save(model, tmp_path / "more.onnx")
    assert written in {node.op_type for node in model.graph.node}
    x = np.random.default_rng(1).normal(size=(1, 2, 2, 3)).astype(np.float32)
    twice = np.maximum(2 * x, 0) if activation == "RELU" else 2 * x
    assert np.array_equal(run_onnx(tmp_path / "more.onnx", x)["y"], np.pad(twice, [(0, 0)] * 3 + [(0, 2)]))


@pytest.mark.parametrize(
    ("size", "window", "stride", "expected"),
    [(128, 5, 2, (1, 2)), (64, 3, 1, (1, 1)), (65, 3, 2, (1, 1)), (8, 2, 2, (0, 0))],
)
def test_the_odd_pixel_of_same_padding_comes_after(
    size: int, window: int, stride: int, expected: tuple[int, int]
) -> None:
    assert same_padding(size, window, stride) == expected


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"nothing like it")
    with pytest.raises(TfliteBroken, match="wakeful models pull"):
        read(tmp_path / "x.tflite")


def test_an_activation_that_is_not_known_is_named() -> None:
    graph = Graph(
        inputs=("x", "y"),
        outputs=("z",),
        operators=(Operator("ADD", ("x", "y"), ("z",), {"activation": "TANH"}),),
        shapes=dict.fromkeys("xyz", (1, 2, 2, 1)),
        constants={},
    )
    with pytest.raises(TfliteUnsupported, match="TANH of z"):
        convert(graph, "sum")
