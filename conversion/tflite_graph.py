"""Reads a .tflite file into plain dataclasses, with the constants that it stores in 16 bits unfolded to float32.

The schema is TensorFlow Lite's (``tensorflow/compiler/mlir/lite/schema/schema.fbs``), read with its generated package
``tflite``. Only what the float networks of the registry use is understood; anything else is named and refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import ModelError
from wakeful.frozen import dataclass

Floats = NDArray[np.float32]


class TfliteUnsupported(ModelError, NotImplementedError):
    """A .tflite file with something that cannot be converted."""


class TfliteBroken(ModelError, ValueError):
    """Not a .tflite file."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of the network.

    Attributes:
        kind: its name in the schema, such as ``CONV_2D``.
        inputs: names of tensors; an input that is left out is empty.
        options: its numbers by their names in the schema, such as ``{"stride": (2, 2), "padding": "SAME"}``.
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """A network of one batch.

    Attributes:
        shapes: of every tensor, as in the file: images are [batch, height, width, channel].
        constants: weights and other numbers by name; floats are float32.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    operators: tuple[Operator, ...]
    shapes: dict[str, tuple[int, ...]]
    constants: dict[str, NDArray[Any]]


def read(file: Path) -> Graph:
    """The graph of ``file``.

    Raises:
        TfliteBroken: it is not a .tflite file.
        TfliteUnsupported: it has several subgraphs, an operator that is not known here, or a quantized tensor.
    """
    import tflite

    content = file.read_bytes()
    if content[4:8] != b"TFL3":
        raise TfliteBroken(f"{file} is not a .tflite file: give one, or run `wakeful models pull`")
    model = tflite.Model.GetRootAs(content, 0)
    if model.SubgraphsLength() != 1:
        raise TfliteUnsupported(f"{file} has {model.SubgraphsLength()} subgraphs, only one can be converted")
    graph = model.Subgraphs(0)
    tensors = [graph.Tensors(i) for i in range(graph.TensorsLength())]
    names = [_name(tensor, i) for i, tensor in enumerate(tensors)]
    constants = {}
    for name, tensor in zip(names, tensors, strict=True):
        values = _constant(model, tensor, name)
        if values is not None:
            constants[name] = values
    operators = []
    for i in range(graph.OperatorsLength()):
        operator = _operator(model, graph.Operators(i), names)
        if operator.kind == "DEQUANTIZE" and operator.inputs[0] in constants:
            constants[operator.outputs[0]] = constants[operator.inputs[0]].astype(np.float32)
        else:
            operators.append(operator)
    return Graph(
        inputs=tuple(names[i] for i in graph.InputsAsNumpy()),
        outputs=tuple(names[i] for i in graph.OutputsAsNumpy()),
        operators=tuple(operators),
        shapes={name: _shape(tensor) for name, tensor in zip(names, tensors, strict=True)},
        constants=constants,
    )


def _name(tensor: Any, index: int) -> str:
    return str(tensor.Name().decode()) or f"tensor_{index}"


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(tensor.ShapeAsNumpy().tolist()) if tensor.ShapeLength() else ()


def _constant(model: Any, tensor: Any, name: str) -> NDArray[Any] | None:
    """Values of a tensor whose buffer is filled, else None."""
    import tflite

    buffer = model.Buffers(tensor.Buffer())
    if buffer.DataLength() == 0:
        return None
    kinds = {
        tflite.TensorType.FLOAT32: np.float32,
        tflite.TensorType.FLOAT16: np.float16,
        tflite.TensorType.INT32: np.int32,
        tflite.TensorType.INT64: np.int64,
    }
    if tensor.Type() not in kinds:
        raise TfliteUnsupported(f"the tensor {name} is neither float nor an index: only float networks are converted")
    values: NDArray[Any] = buffer.DataAsNumpy().view(kinds[tensor.Type()]).reshape(_shape(tensor))
    return values


def _operator(model: Any, operator: Any, names: list[str]) -> Operator:
    import tflite

    code = model.OperatorCodes(operator.OpcodeIndex())
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    kind = {value: key for key, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}[number]
    inputs = tuple(names[i] if i >= 0 else "" for i in operator.InputsAsNumpy())
    outputs = tuple(names[i] for i in operator.OutputsAsNumpy())
    if kind not in _OPTIONS:
        raise TfliteUnsupported(f"the operator {kind} (it makes {outputs[0]}) cannot be converted")
    return Operator(kind, inputs, outputs, _OPTIONS[kind](operator.BuiltinOptions()))


def _options(schema: str, take: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    def read_options(table: Any) -> dict[str, Any]:
        import tflite

        if table is None:
            return {}
        options = getattr(tflite, schema)()
        options.Init(table.Bytes, table.Pos)
        return take(options)

    return read_options


def _enum(schema: str, number: int) -> str:
    import tflite

    return str(next(key for key, value in vars(getattr(tflite, schema)).items() if value == number))


def _conv(options: Any) -> dict[str, Any]:
    return {
        "stride": (options.StrideH(), options.StrideW()),
        "dilation": (options.DilationHFactor(), options.DilationWFactor()),
        "padding": _enum("Padding", options.Padding()),
        **_activation(options),
    }


def _pool(options: Any) -> dict[str, Any]:
    return {
        "stride": (options.StrideH(), options.StrideW()),
        "window": (options.FilterHeight(), options.FilterWidth()),
        "padding": _enum("Padding", options.Padding()),
        **_activation(options),
    }


def _activation(options: Any) -> dict[str, Any]:
    return {"activation": _enum("ActivationFunctionType", options.FusedActivationFunction())}


def _none(_: Any) -> dict[str, Any]:
    return {}


_OPTIONS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "ADD": _options("AddOptions", _activation),
    "CONCATENATION": _options("ConcatenationOptions", lambda one: {"axis": one.Axis(), **_activation(one)}),
    "CONV_2D": _options("Conv2DOptions", _conv),
    "DEPTHWISE_CONV_2D": _options("DepthwiseConv2DOptions", _conv),
    "DEQUANTIZE": _none,
    "LOGISTIC": _none,
    "MAX_POOL_2D": _options("Pool2DOptions", _pool),
    "PAD": _none,
    "PRELU": _none,
    "RELU": _none,
    "RESHAPE": _none,
}
