"""Writes an ONNX network as .tflite, number by number: ``convert(model)``.

What a QDQ file says of each tensor (scale and zero point) is what LiteRT wants to know, so that nothing is trained,
traced or calibrated here, and both files compute the same up to the rounding of their kernels. Operators whose output
is not quantized compute in float32; a network without any quantizing becomes a float one. Inputs and outputs keep name,
shape and float32; inside, images are [batch, height, width, channel]. ONNX's unsigned steps become signed ones, 128
less. Understood is what the project's own networks are made of; anything else is named and refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.conversion.shapes import shapes_of_one
from wakeful.conversion.tflite_to_onnx import same_padding
from wakeful.conversion.tflite_writer import BESIDE_FLOATS, Writer
from wakeful.errors import ModelError

SIGNED = 128


class OnnxUnsupported(ModelError, NotImplementedError):
    """A network with something that cannot be written for LiteRT."""


def convert(model: Any) -> bytes:
    """The .tflite file of an ``onnx.ModelProto``; a free number of inputs becomes one.

    Raises:
        OnnxUnsupported: an unsupported operator, or an unsupported use of one.
    """
    graph = _Graph(model)
    writer = Writer()
    for name in graph.inputs:
        _given(writer, graph, name)
    for node in graph.computing:
        if node.op_type not in WRITERS:
            raise OnnxUnsupported(f"the operator {node.op_type} ({node.output[0]}) cannot be written for LiteRT")
        WRITERS[node.op_type](writer, graph, node)
    for name in graph.outputs:
        _declare(writer, graph, name)
    return writer.file()


class _Graph:
    """The network with its quantizing taken as a property of tensors."""

    def __init__(self, model: Any) -> None:
        import onnx

        graph = model.graph
        self.inputs = [one.name for one in graph.input]
        self.outputs = [one.name for one in graph.output]
        self.constants = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
        self.shapes = shapes_of_one(model)
        self._makers = {output: node for node in graph.node for output in node.output}
        self._steps = {one.input[0]: one for one in graph.node if one.op_type == "QuantizeLinear"}
        computing = [one for one in graph.node if one.op_type not in ("QuantizeLinear", "DequantizeLinear")]
        self._relus = self._fused(computing)
        self.computing = [one for one in computing if one.output[0] not in self._relus.values()]

    def _fused(self, computing: list[Any]) -> dict[str, str]:
        """Outputs of float operators that only a Relu takes, and what comes out of it."""
        takers: dict[str, list[Any]] = {}
        for node in computing:
            for name in node.input:
                takers.setdefault(name, []).append(node)
        only = {node.output[0]: takers.get(node.output[0], []) for node in computing if node.op_type in ("Add", "Conv")}
        return {
            name: next_ones[0].output[0]
            for name, next_ones in only.items()
            if len(next_ones) == 1 and next_ones[0].op_type == "Relu" and name not in (*self._steps, *self.outputs)
        }

    def result(self, node: Any) -> tuple[str, bool]:
        """What comes out of ``node``, behind a Relu that is computed with it, and whether there is one."""
        output = node.output[0]
        return self._relus.get(output, output), output in self._relus

    def source(self, tensor: str) -> str:
        """The computed tensor or constant that becomes ``tensor`` after quantizing and dequantizing."""
        node = self._makers.get(tensor)
        while node is not None and node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            tensor = node.input[0]
            node = self._makers.get(tensor)
        return tensor

    def quantizing(self, tensor: str) -> tuple[float, int] | None:
        """Scale and signed zero point of a computed tensor; None where it stays in float."""
        if tensor not in self._steps:
            return None
        scale, zero = (self.constants[one] for one in self._steps[tensor].input[1:])
        if zero.dtype != np.uint8:
            raise OnnxUnsupported(f"{tensor} is quantized to {zero.dtype}, not to uint8: cannot be written for LiteRT")
        return float(scale), int(zero) - SIGNED

    def constant(self, tensor: str) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """Whole signed numbers and scales of a weight or bias."""
        node = self._makers.get(tensor)
        whole = self.constants.get(self.source(tensor))
        if node is not None and whole is not None:
            zeros = self.constants[node.input[2]] if len(node.input) > 2 else np.zeros((), whole.dtype)
            if whole.dtype == np.uint8 and np.all(zeros == SIGNED):
                whole, zeros = (whole.astype(np.int16) - SIGNED).astype(np.int8), np.zeros_like(zeros)
            if whole.dtype in (np.int8, np.int32) and not np.any(zeros):
                return whole, np.atleast_1d(self.constants[node.input[1]])
        raise OnnxUnsupported(f"{tensor} is not a signed, quantized weight: cannot be written for LiteRT")

    def loose(self, tensor: str) -> tuple[NDArray[Any], NDArray[np.float32] | None]:
        """A weight or bias of an operator that computes in float: itself, or what ``constant`` gives."""
        values = self.constants.get(tensor)
        if values is None:
            return self.constant(tensor)
        if values.dtype != np.float32:
            raise OnnxUnsupported(f"{tensor} is not a float weight: cannot be written for LiteRT")
        return values, None


def _given(writer: Writer, graph: _Graph, name: str) -> None:
    """An input of the network: float32, with channels last and quantized at once."""
    batch, channels, height, width = graph.shapes[name]
    if channels != 1:
        raise OnnxUnsupported(f"the input {name} has {channels} channels: only grey images can be converted")
    floats = writer.tensor(name, [batch, channels, height, width], "FLOAT32")
    turned = writer.tensor(f"{name}:nhwc", [batch, height, width, channels], "FLOAT32")
    writer.inputs.append(floats)
    shape = writer.constant(f"{name}:shape", np.array([batch, height, width, channels], np.int32))
    options = writer.schema.ReshapeOptionsT()
    options.newShape = [batch, height, width, channels]
    writer.operator("RESHAPE", [floats, shape], turned, options)
    if graph.quantizing(name) is None:
        writer.places[name] = turned
    else:
        writer.operator("QUANTIZE", [turned], _computed(writer, graph, name), writer.schema.QuantizeOptionsT())


def _declare(writer: Writer, graph: _Graph, name: str) -> None:
    """An output of the network, back in float32."""
    place = writer.places[graph.source(name)]
    if graph.quantizing(graph.source(name)) is not None:
        floats = writer.tensor(name, graph.shapes[name], "FLOAT32")
        writer.operator("DEQUANTIZE", [place], floats, writer.schema.DequantizeOptionsT())
        place = floats
    writer.outputs.append(place)


def _computed(writer: Writer, graph: _Graph, name: str) -> int:
    """A new tensor for what the ONNX file calls ``name``, in the kind and order that LiteRT has it in."""
    shape = graph.shapes[name]
    if len(shape) == 4:
        shape = [shape[0], shape[2], shape[3], shape[1]]
    return writer.computed(name, shape, graph.quantizing(name))


def _taken(writer: Writer, graph: _Graph, tensor: str, result: str) -> int:
    """The place of an input of the operator that makes ``result``: quantized if that is."""
    place = writer.places[graph.source(tensor)]
    if graph.quantizing(result) is None:
        return writer.floating(place)
    if graph.quantizing(graph.source(tensor)) is None:
        raise OnnxUnsupported(f"{tensor} is not quantized and {result} is: cannot be written for LiteRT")
    return place


def _conv(writer: Writer, graph: _Graph, node: Any) -> None:
    import onnx

    given = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    image, (result, relu) = graph.source(node.input[0]), graph.result(node)
    groups = given.get("group", 1)
    apart = groups > 1
    if set(given.get("dilations", [1])) != {1} or (apart and groups != graph.shapes[image][1]):
        raise OnnxUnsupported(f"the convolution {node.output[0]} has groups or dilations: cannot be written for LiteRT")
    place = _taken(writer, graph, node.input[0], result)
    in_float = graph.quantizing(result) is None
    (weights, scales), (bias, bias_scales) = (
        graph.loose(one) if in_float else graph.constant(one) for one in node.input[1:]
    )
    if in_float and bias_scales is not None:
        bias, bias_scales = (bias * bias_scales).astype(np.float32), None
    pads, strides = list(given.get("pads", [0, 0, 0, 0])), given.get("strides", [1, 1])
    options = writer.schema.DepthwiseConv2DOptionsT() if apart else writer.schema.Conv2DOptionsT()
    options.strideH, options.strideW = strides
    if apart:
        options.depthMultiplier = weights.shape[0] // groups
    if relu:
        options.fusedActivationFunction = writer.schema.ActivationFunctionType.RELU
    same = [same_padding(graph.shapes[image][2 + i], weights.shape[2 + i], strides[i]) for i in (0, 1)]
    if any(pads) and pads == [same[0][0], same[1][0], same[0][1], same[1][1]]:
        options.padding = writer.schema.Padding.SAME
    else:
        options.padding = writer.schema.Padding.VALID
        place = _padded(writer, place, pads) if any(pads) else place
    turned = weights.transpose((1, 2, 3, 0) if apart else (0, 2, 3, 1))
    name = graph.source(node.input[1])
    if scales is None:
        held = writer.float_constant(name, turned)
    else:
        held = writer.constant(name, turned, scales, 3 if apart else 0)
    inputs = [place, held, writer.constant(graph.source(node.input[2]), bias, bias_scales)]
    kind = "DEPTHWISE_CONV_2D" if apart else "CONV_2D"
    if in_float and scales is not None:
        # LiteRT then brings the input to 8 bits in each run, by the range that it has there.
        writer.versions[kind] = BESIDE_FLOATS[kind]
    writer.operator(kind, inputs, _computed(writer, graph, result), options)


def _padded(writer: Writer, place: int, pads: list[int]) -> int:
    """``place`` with margins of zeros: ONNX pads as much before as after, TensorFlow an odd pixel after."""
    image = writer.tensors[place]
    top, left, bottom, right = pads
    batch, height, width, channels = image.shape
    shape = [batch, height + top + bottom, width + left + right, channels]
    margins = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
    name = f"{image.name}:margins:{len(writer.tensors)}"
    scales = image.quantization
    if scales is None:
        output = writer.tensor(f"{name}:padded", shape, "FLOAT32")
    else:
        output = writer.tensor(f"{name}:padded", shape, "INT8", scales.scale, scales.zeroPoint)
    writer.operator("PAD", [place, writer.constant(name, margins)], output, writer.schema.PadOptionsT())
    return output


def _add(writer: Writer, graph: _Graph, node: Any) -> None:
    result, relu = graph.result(node)
    inputs = [_taken(writer, graph, one, result) for one in node.input]
    if list(writer.tensors[inputs[0]].shape) != list(writer.tensors[inputs[1]].shape):
        raise OnnxUnsupported(f"{node.output[0]} adds tensors of different shapes: cannot be written for LiteRT")
    options = writer.schema.AddOptionsT()
    if relu:
        options.fusedActivationFunction = writer.schema.ActivationFunctionType.RELU
    writer.operator("ADD", inputs, _computed(writer, graph, result), options)


def _mean(writer: Writer, graph: _Graph, node: Any) -> None:
    axes = writer.constant(f"{node.output[0]}:axes", np.array([1, 2], np.int32))
    options = writer.schema.ReducerOptionsT()
    options.keepDims = True
    inputs = [_taken(writer, graph, node.input[0], node.output[0]), axes]
    writer.operator("MEAN", inputs, _computed(writer, graph, node.output[0]), options)


def _pool(writer: Writer, graph: _Graph, node: Any) -> None:
    import onnx

    given = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    image, result = graph.source(node.input[0]), node.output[0]
    kernel, strides, pads = given["kernel_shape"], given.get("strides", [1, 1]), list(given.get("pads", [0, 0, 0, 0]))
    same = [same_padding(graph.shapes[image][2 + i], kernel[i], strides[i]) for i in (0, 1)]
    options = writer.schema.Pool2DOptionsT()
    options.filterHeight, options.filterWidth = kernel
    options.strideH, options.strideW = strides
    if not any(pads):
        options.padding = writer.schema.Padding.VALID
    elif pads == [same[0][0], same[1][0], same[0][1], same[1][1]]:
        options.padding = writer.schema.Padding.SAME
    else:
        raise OnnxUnsupported(f"the pooling {result} has other margins than TensorFlow: cannot be written for LiteRT")
    place = _in_steps_of(writer, graph, _taken(writer, graph, node.input[0], result), result)
    writer.operator("MAX_POOL_2D", [place], _computed(writer, graph, result), options)


def _concat(writer: Writer, graph: _Graph, node: Any) -> None:
    import onnx

    result = node.output[0]
    (axis,) = (onnx.helper.get_attribute_value(one) for one in node.attribute if one.name == "axis")
    if axis != 1 or len(graph.shapes[result]) != 4:
        raise OnnxUnsupported(f"{result} joins other things than channels: cannot be written for LiteRT")
    places = [_in_steps_of(writer, graph, _taken(writer, graph, one, result), result) for one in node.input]
    options = writer.schema.ConcatenationOptionsT()
    options.axis = 3
    writer.operator("CONCATENATION", places, _computed(writer, graph, result), options)


def _in_steps_of(writer: Writer, graph: _Graph, place: int, result: str) -> int:
    """``place`` in the steps that ``result`` is quantized to, which LiteRT asks of what is only moved."""
    steps, one = graph.quantizing(result), writer.tensors[place]
    if steps is None or (np.float32(one.quantization.scale[0]), one.quantization.zeroPoint[0]) == (
        np.float32(steps[0]),
        steps[1],
    ):
        return place
    name = f"{one.name}:as {result}"
    turned = writer.tensor(name, list(one.shape), "INT8", [steps[0]], [steps[1]])
    writer.operator("QUANTIZE", [place], turned, writer.schema.QuantizeOptionsT())
    return turned


def _flatten(writer: Writer, graph: _Graph, node: Any) -> None:
    place = _taken(writer, graph, node.input[0], node.output[0])
    if list(writer.tensors[place].shape[1:3]) != [1, 1]:
        raise OnnxUnsupported(f"{node.output[0]} flattens an image: cannot be written for LiteRT")
    shape = graph.shapes[node.output[0]]
    options = writer.schema.ReshapeOptionsT()
    options.newShape = shape
    inputs = [place, writer.constant(f"{node.output[0]}:shape", np.array(shape, np.int32))]
    writer.operator("RESHAPE", inputs, _computed(writer, graph, node.output[0]), options)


def _gemm(writer: Writer, graph: _Graph, node: Any) -> None:
    import onnx

    given = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    if not given.get("transB") or given.get("transA") or given.get("alpha", 1) != 1 or given.get("beta", 1) != 1:
        raise OnnxUnsupported(f"the matrix product {node.output[0]} is not a plain one: cannot be written for LiteRT")
    (weights, scales), (bias, bias_scales) = (graph.constant(one) for one in node.input[1:])
    inputs = [
        _taken(writer, graph, node.input[0], node.output[0]),
        writer.constant(graph.source(node.input[1]), weights, scales),
        writer.constant(graph.source(node.input[2]), bias, bias_scales[:1]),
    ]
    options = writer.schema.FullyConnectedOptionsT()
    writer.operator("FULLY_CONNECTED", inputs, _computed(writer, graph, node.output[0]), options)


WRITERS: dict[str, Callable[[Writer, _Graph, Any], None]] = {
    "Add": _add,
    "Concat": _concat,
    "Conv": _conv,
    "Flatten": _flatten,
    "Gemm": _gemm,
    "GlobalAveragePool": _mean,
    "MaxPool": _pool,
}
