"""Time by operator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wakeful import ModelError, WakefulError
from wakeful.device.bench.operators import count, tflite_operators
from wakeful.device.bench.subject import candidate, named
from wakeful.models import registry


def test_multiply_accumulates_of_the_expression_network_are_the_same_quantized_or_not() -> None:
    quantized = count(registry.path("expression_int8"), "onnxruntime")
    float32 = count(registry.path("expression_float"), "onnxruntime")
    assert quantized.macs == float32.macs
    assert quantized.macs is not None and 1e7 < quantized.macs < 1e8
    assert (quantized.precision, float32.precision) == ("int8", "float")
    assert quantized.per_unit is not None and set(quantized.per_unit) == {"CPU"}


def test_a_litert_network_tells_its_macs_and_who_executes_its_operators() -> None:
    told = count(registry.path("face_landmark"), "litert")
    assert told.macs == 34_979_040
    assert told.per_unit is not None and sum(told.per_unit.values()) == 210
    assert (told.precision, told.weights) == ("float", "float16")


def tensor(index: int, shape: list[int], dtype: type = np.float32) -> tuple[int, dict[str, object]]:
    return index, {"index": index, "shape": np.array(shape), "dtype": dtype}


def node(index: int, name: str, inputs: list[int], outputs: list[int]) -> dict[str, object]:
    return {"index": index, "op_name": name, "inputs": np.array(inputs), "outputs": np.array(outputs)}


def test_macs_are_those_of_the_textbook_and_a_delegate_takes_only_what_lies_between_its_ends() -> None:
    tensors = dict(
        [
            tensor(0, [1, 8, 8, 3]),
            tensor(1, [16, 3, 3, 3], np.int8),
            tensor(2, [1, 8, 8, 16]),
            tensor(3, [1, 5, 5, 16], np.int8),
            tensor(4, [1, 8, 8, 16]),
            tensor(5, [10, 1024], np.int8),
            tensor(6, [1, 10]),
        ]
    )
    nodes = [
        node(0, "CONV_2D", [0, 1], [2]),
        node(1, "DEPTHWISE_CONV_2D", [2, 3], [4]),
        node(2, "FULLY_CONNECTED", [4, 5], [6]),
        node(3, "DELEGATE", [0, 1, 3], [4]),
    ]
    told = tflite_operators(nodes, tensors)
    assert told.macs == 8 * 8 * 16 * 27 + 8 * 8 * 16 * 25 + 10 * 1024
    assert told.per_unit == {"XNNPACK": 2, "CPU": 1}
    assert told.precision == "float activations"


def test_a_registry_entry_is_named_by_its_network_and_precision() -> None:
    assert named("expression_float") == ("expression", "float")
    assert named("expression") == ("expression", "int8")
    assert named("face_landmark") == ("face_landmark", "float")
    assert named("mine") == ("mine", None)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("nobody", "no network has this name"),
        ("nowhere.onnx", "no such file"),
        ("broken.onnx", "cannot run it"),
        ("broken.tflite", "cannot load it"),
    ],
)
def test_what_cannot_be_loaded_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("broken.onnx", "broken.tflite"):
        Path(name).write_bytes(b"no network")
    with pytest.raises(ModelError, match=said) as told:
        candidate(wanted)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("runtime", "precision", "said"),
    [("litert", "int8", "not made in int8 for litert"), ("abacus", None, "no runtime 'abacus'")],
)
def test_a_runtime_that_does_not_fit_is_one_line(runtime: str, precision: str | None, said: str) -> None:
    with pytest.raises(WakefulError, match=said):
        candidate("face_landmark", runtime, precision=precision)


def test_the_expression_network_is_measured_in_litert_too() -> None:
    found = candidate("expression", "litert")
    assert (found.subject.file, found.subject.precision) == ("expression.int8.tflite", "int8")
    assert found.operators.macs == candidate("expression", "ort").operators.macs
