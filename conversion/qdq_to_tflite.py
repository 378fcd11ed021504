"""Writes an int8 QDQ ONNX network as .tflite, number by number: ``convert(model)``.

What the QDQ file says of each tensor (scale and zero point) is what LiteRT wants to know, so that nothing is trained,
traced or calibrated here, and both files compute the same up to the rounding of their kernels. Inputs and outputs keep
name, shape and float32; inside, images are [batch, height, width, channel] of int8. ONNX's unsigned steps become signed
ones, 128 less. Understood is what the expression network is made of; anything else is named and refused.

The schema is TensorFlow Lite's, written with the classes that come with LiteRT (``ai_edge_litert``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.conversion.shapes import shapes_of_one
from wakeful.conversion.tflite_to_onnx import same_padding
from wakeful.errors import ModelError

FILE_MARK = b"TFL3"
SCHEMA_VERSION = 3
SIGNED = 128
# LiteRT reads weights where they lie in the file.
ALIGNMENT = 16
# The oldest version of each operator that knows int8.
VERSIONS = {"ADD": 2, "CONV_2D": 3, "DEQUANTIZE": 2, "FULLY_CONNECTED": 4, "MEAN": 2, "PAD": 2}


class OnnxUnsupported(ModelError, NotImplementedError):
    """A QDQ network with something that cannot be written for LiteRT."""


def convert(model: Any) -> bytes:
    """The .tflite file of an ``onnx.ModelProto`` for one input at a time.

    Raises:
        OnnxUnsupported: an operator, or a way to use it, that is not known here.
    """
    graph = _Graph(model)
    writer = _Writer()
    for name in graph.inputs:
        writer.given(name, graph)
    for node in graph.computing:
        if node.op_type not in WRITERS:
            raise OnnxUnsupported(f"the operator {node.op_type} ({node.output[0]}) cannot be written for LiteRT")
        WRITERS[node.op_type](writer, graph, node)
    for name in graph.outputs:
        writer.declare(name, graph)
    return writer.file()


class _Graph:
    """The QDQ network with its quantizing taken as a property of tensors."""

    def __init__(self, model: Any) -> None:
        import onnx

        graph = model.graph
        self.inputs = [one.name for one in graph.input]
        self.outputs = [one.name for one in graph.output]
        self.computing = [one for one in graph.node if one.op_type not in ("QuantizeLinear", "DequantizeLinear")]
        self.constants = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
        self.shapes = shapes_of_one(model)
        self._makers = {output: node for node in graph.node for output in node.output}
        self._steps = {one.input[0]: one for one in graph.node if one.op_type == "QuantizeLinear"}

    def source(self, tensor: str) -> str:
        """The computed tensor or constant that comes out as ``tensor`` after quantizing and back."""
        node = self._makers.get(tensor)
        while node is not None and node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            tensor = node.input[0]
            node = self._makers.get(tensor)
        return tensor

    def quantizing(self, tensor: str) -> tuple[float, int]:
        """Scale and signed zero point of a computed tensor."""
        if tensor not in self._steps:
            raise OnnxUnsupported(f"{tensor} is not quantized: only whole int8 networks can be written for LiteRT")
        scale, zero = (self.constants[one] for one in self._steps[tensor].input[1:])
        if zero.dtype != np.uint8:
            raise OnnxUnsupported(f"{tensor} is quantized to {zero.dtype}, not to uint8: cannot be written for LiteRT")
        return float(scale), int(zero) - SIGNED

    def constant(self, tensor: str) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """Whole numbers and scales of a weight or bias."""
        node = self._makers.get(tensor)
        whole = self.constants.get(self.source(tensor))
        if node is None or whole is None or whole.dtype not in (np.int8, np.int32):
            raise OnnxUnsupported(f"{tensor} is not a signed, quantized weight: cannot be written for LiteRT")
        return whole, np.atleast_1d(self.constants[node.input[1]])


class _Writer:
    """Collects operators and tensors; tensors are known by their names in the ONNX file."""

    def __init__(self) -> None:
        from ai_edge_litert import schema_py_generated

        self.schema = schema_py_generated
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.buffers: list[Any] = [self.schema.BufferT()]
        self.kinds: list[str] = []
        self.places: dict[str, int] = {}
        self.inputs: list[int] = []
        self.outputs: list[int] = []

    def given(self, name: str, graph: _Graph) -> None:
        """An input of the network: float32, with channels last and quantized at once."""
        batch, channels, height, width = graph.shapes[name]
        if channels != 1:
            raise OnnxUnsupported(f"the input {name} has {channels} channels: only grey pictures can be turned")
        floats = self.tensor(name, [batch, channels, height, width], "FLOAT32")
        turned = self.tensor(f"{name}:nhwc", [batch, height, width, channels], "FLOAT32")
        self.inputs.append(floats)
        shape = self.constant(f"{name}:shape", np.array([batch, height, width, channels], np.int32))
        options = self.schema.ReshapeOptionsT()
        options.newShape = [batch, height, width, channels]
        self.operator("RESHAPE", [floats, shape], turned, options)
        self.operator("QUANTIZE", [turned], self.computed(name, graph), self.schema.QuantizeOptionsT())

    def declare(self, name: str, graph: _Graph) -> None:
        """An output of the network, back in float32."""
        floats = self.tensor(name, graph.shapes[name], "FLOAT32")
        self.outputs.append(floats)
        self.operator("DEQUANTIZE", [self.places[graph.source(name)]], floats, self.schema.DequantizeOptionsT())

    def computed(self, name: str, graph: _Graph) -> int:
        """A new int8 tensor for what the ONNX file calls ``name``."""
        shape = graph.shapes[name]
        if len(shape) == 4:
            shape = [shape[0], shape[2], shape[3], shape[1]]
        scale, zero = graph.quantizing(name)
        place = self.tensor(f"{name}:int8", shape, "INT8", [scale], [zero])
        self.places[name] = place
        return place

    def constant(self, name: str, values: NDArray[Any], scales: NDArray[np.float32] | None = None) -> int:
        """A new constant; with several scales, one for each of its first axis."""
        quantized = [] if scales is None else scales.tolist()
        place = self.tensor(name, list(values.shape), values.dtype.name.upper(), quantized, [0] * len(quantized))
        buffer = self.schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self.tensors[place].buffer = len(self.buffers)
        self.buffers.append(buffer)
        return place

    def tensor(
        self, name: str, shape: list[int], kind: str, scales: list[float] | None = None, zeros: list[int] | None = None
    ) -> int:
        one = self.schema.TensorT()
        one.name, one.shape, one.type = name, shape, getattr(self.schema.TensorType, kind)
        if scales:
            one.quantization = self.schema.QuantizationParametersT()
            one.quantization.scale, one.quantization.zeroPoint = scales, zeros
        self.tensors.append(one)
        return len(self.tensors) - 1

    def operator(self, kind: str, inputs: list[int], output: int, options: Any) -> None:
        if kind not in self.kinds:
            self.kinds.append(kind)
        one = self.schema.OperatorT()
        one.opcodeIndex, one.inputs, one.outputs = self.kinds.index(kind), inputs, [output]
        one.builtinOptions = options
        one.builtinOptionsType = getattr(self.schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        self.operators.append(one)

    def file(self) -> bytes:
        import flatbuffers

        class Aligned(flatbuffers.Builder):  # type: ignore[misc]
            def StartVector(self, size: int, count: int, alignment: int) -> Any:
                return super().StartVector(size, count, max(alignment, ALIGNMENT))

        graph, model = self.schema.SubGraphT(), self.schema.ModelT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs, graph.name = self.inputs, self.outputs, "main"
        model.version, model.description = SCHEMA_VERSION, "wakeful"
        model.subgraphs, model.buffers = [graph], self.buffers
        model.operatorCodes = [self._code(kind) for kind in self.kinds]
        builder = Aligned(1 << 20)
        builder.Finish(model.Pack(builder), FILE_MARK)
        return bytes(builder.Output())

    def _code(self, kind: str) -> Any:
        code = self.schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(self.schema.BuiltinOperator, kind)
        code.version = VERSIONS.get(kind, 1)
        return code


def _conv(writer: _Writer, graph: _Graph, node: Any) -> None:
    import onnx

    given = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    if given.get("group", 1) != 1 or set(given.get("dilations", [1])) != {1}:
        raise OnnxUnsupported(f"the convolution {node.output[0]} has groups or dilations: cannot be written for LiteRT")
    image = graph.source(node.input[0])
    (weights, scales), (bias, bias_scales) = (graph.constant(one) for one in node.input[1:])
    pads, strides = list(given.get("pads", [0, 0, 0, 0])), given.get("strides", [1, 1])
    options = writer.schema.Conv2DOptionsT()
    options.strideH, options.strideW = strides
    place = writer.places[image]
    same = [same_padding(graph.shapes[image][2 + i], weights.shape[2 + i], strides[i]) for i in (0, 1)]
    if any(pads) and pads == [same[0][0], same[1][0], same[0][1], same[1][1]]:
        options.padding = writer.schema.Padding.SAME
    else:
        options.padding = writer.schema.Padding.VALID
        place = _padded(writer, place, pads) if any(pads) else place
    inputs = [
        place,
        writer.constant(graph.source(node.input[1]), weights.transpose(0, 2, 3, 1), scales),
        writer.constant(graph.source(node.input[2]), bias, bias_scales),
    ]
    writer.operator("CONV_2D", inputs, writer.computed(node.output[0], graph), options)


def _padded(writer: _Writer, place: int, pads: list[int]) -> int:
    """``place`` with margins of zeros: ONNX pads as much before as after, TensorFlow an odd pixel after."""
    image = writer.tensors[place]
    top, left, bottom, right = pads
    batch, height, width, channels = image.shape
    shape = [batch, height + top + bottom, width + left + right, channels]
    margins = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
    name = f"{image.name}:margins:{len(writer.tensors)}"
    scales = image.quantization
    output = writer.tensor(f"{name}:padded", shape, "INT8", scales.scale, scales.zeroPoint)
    writer.operator("PAD", [place, writer.constant(name, margins)], output, writer.schema.PadOptionsT())
    return output


def _add(writer: _Writer, graph: _Graph, node: Any) -> None:
    inputs = [writer.places[graph.source(one)] for one in node.input]
    if writer.tensors[inputs[0]].shape != writer.tensors[inputs[1]].shape:
        raise OnnxUnsupported(f"{node.output[0]} adds tensors of different shapes: cannot be written for LiteRT")
    writer.operator("ADD", inputs, writer.computed(node.output[0], graph), writer.schema.AddOptionsT())


def _mean(writer: _Writer, graph: _Graph, node: Any) -> None:
    axes = writer.constant(f"{node.output[0]}:axes", np.array([1, 2], np.int32))
    options = writer.schema.ReducerOptionsT()
    options.keepDims = True
    inputs = [writer.places[graph.source(node.input[0])], axes]
    writer.operator("MEAN", inputs, writer.computed(node.output[0], graph), options)


def _flatten(writer: _Writer, graph: _Graph, node: Any) -> None:
    place = writer.places[graph.source(node.input[0])]
    if writer.tensors[place].shape[1:3] != [1, 1]:
        raise OnnxUnsupported(f"{node.output[0]} flattens a picture: cannot be written for LiteRT")
    shape = graph.shapes[node.output[0]]
    options = writer.schema.ReshapeOptionsT()
    options.newShape = shape
    inputs = [place, writer.constant(f"{node.output[0]}:shape", np.array(shape, np.int32))]
    writer.operator("RESHAPE", inputs, writer.computed(node.output[0], graph), options)


def _gemm(writer: _Writer, graph: _Graph, node: Any) -> None:
    import onnx

    given = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    if not given.get("transB") or given.get("transA") or given.get("alpha", 1) != 1 or given.get("beta", 1) != 1:
        raise OnnxUnsupported(f"the matrix product {node.output[0]} is not a plain one: cannot be written for LiteRT")
    (weights, scales), (bias, bias_scales) = (graph.constant(one) for one in node.input[1:])
    inputs = [
        writer.places[graph.source(node.input[0])],
        writer.constant(graph.source(node.input[1]), weights, scales),
        writer.constant(graph.source(node.input[2]), bias, bias_scales[:1]),
    ]
    options = writer.schema.FullyConnectedOptionsT()
    writer.operator("FULLY_CONNECTED", inputs, writer.computed(node.output[0], graph), options)


WRITERS: dict[str, Callable[[_Writer, _Graph, Any], None]] = {
    "Add": _add,
    "Conv": _conv,
    "Flatten": _flatten,
    "Gemm": _gemm,
    "GlobalAveragePool": _mean,
}
