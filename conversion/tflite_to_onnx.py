"""Writes a float .tflite network as ONNX (opset 17): ``convert(read(file))``.

Inputs and outputs keep the names, shapes and order of the .tflite file, images [batch, height, width, channel]; inside,
images are [batch, channel, height, width], as ONNX wants them. SAME padding becomes explicit, with the odd pixel at the
end as TensorFlow has it. A PRelu becomes ``Relu(x) - a * Relu(-x)``, which holds for every slope and runs on a Hexagon
in 16 bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.conversion.tflite_graph import Graph, Operator, TfliteUnsupported

OPSET = 17
IR_VERSION = 8
# A Hexagon keeps channels in vectors of so many.
FULL_VECTOR = 32
TO_CHANNELS_FIRST = (0, 3, 1, 2)
TO_CHANNELS_LAST = (0, 2, 3, 1)


def convert(graph: Graph, name: str) -> Any:
    """The network as an ``onnx.ModelProto``.

    Raises:
        TfliteUnsupported: an operator is used in a way that is not known here.
    """
    import onnx

    writer = _Writer(graph)
    for operator in graph.operators:
        WRITERS[operator.kind](writer, operator)
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            [*writer.entrance, *writer.nodes, *writer.exits()],
            name,
            [_value(graph, one) for one in graph.inputs],
            [_value(graph, one) for one in graph.outputs],
            [onnx.numpy_helper.from_array(values, key) for key, values in writer.weights.items()],
        ),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="wakeful",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


class _Writer:
    """Collects nodes and weights. Tensors stored with channels first have a name of their own."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[Any] = []
        self.entrance: list[Any] = []
        self.weights: dict[str, NDArray[Any]] = {}
        for one in graph.inputs:
            if self.is_image(one):
                self.entrance.append(_node("Transpose", [one], inner(one), perm=TO_CHANNELS_FIRST))

    def is_image(self, tensor: str) -> bool:
        return len(self.graph.shapes[tensor]) == 4

    def named(self, tensor: str) -> str:
        """Name of a computed tensor in the layout it is computed in."""
        return inner(tensor) if self.is_image(tensor) else tensor

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(_node(kind, inputs, output, **attributes))
        return output

    def weight(self, name: str, values: NDArray[Any]) -> str:
        self.weights[name] = np.ascontiguousarray(values)
        return name

    def finish(self, raw: str, operator: Operator) -> None:
        """The activation that is fused into an operator; ``raw`` is the output without it."""
        output = self.named(operator.outputs[0])
        activation = operator.options.get("activation", "NONE")
        if activation == "NONE":
            self.nodes[-1].output[0] = output
        elif activation == "RELU":
            self.add("Relu", [raw], output)
        elif activation == "RELU6":
            low, high = self.weight("zero", np.zeros((), np.float32)), self.weight("six", np.full((), 6, np.float32))
            self.add("Clip", [raw, low, high], output)
        else:
            raise TfliteUnsupported(f"the activation {activation} of {operator.outputs[0]} cannot be converted")

    def exits(self) -> list[Any]:
        """Output images are stored with channels last, as in the .tflite file."""
        images = [one for one in self.graph.outputs if self.is_image(one)]
        return [_node("Transpose", [inner(one)], one, perm=TO_CHANNELS_LAST) for one in images]


def inner(tensor: str) -> str:
    """Name of an image with channels first."""
    return f"{tensor}:nchw"


def same_padding(size: int, window: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Pixels before and after, as in TensorFlow: the output has ceil(size / stride) cells, an odd pixel comes after."""
    reach = (window - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def _pads(writer: _Writer, operator: Operator, window: tuple[int, int]) -> list[int]:
    """ONNX pads: top, left, bottom, right."""
    if operator.options["padding"] == "VALID":
        return [0, 0, 0, 0]
    _, height, width, _ = writer.graph.shapes[operator.inputs[0]]
    stride, dilation = operator.options["stride"], operator.options.get("dilation", (1, 1))
    top, bottom = same_padding(height, window[0], stride[0], dilation[0])
    left, right = same_padding(width, window[1], stride[1], dilation[1])
    return [top, left, bottom, right]


def _conv(writer: _Writer, operator: Operator, weights: NDArray[np.float32], groups: int) -> None:
    image, kernel, *rest = operator.inputs
    raw = f"{operator.outputs[0]}:raw"
    inputs = [writer.named(image), writer.weight(kernel, weights)]
    if rest and rest[0]:
        inputs.append(writer.weight(rest[0], writer.graph.constants[rest[0]]))
    writer.add(
        "Conv",
        inputs,
        raw,
        kernel_shape=weights.shape[2:],
        strides=operator.options["stride"],
        dilations=operator.options["dilation"],
        pads=_pads(writer, operator, weights.shape[2:]),
        group=groups,
    )
    writer.finish(raw, operator)


def _conv_2d(writer: _Writer, operator: Operator) -> None:
    weights = writer.graph.constants[operator.inputs[1]].transpose(0, 3, 1, 2)  # from output, height, width, input
    _conv(writer, operator, weights, 1)


def _depthwise(writer: _Writer, operator: Operator) -> None:
    weights = writer.graph.constants[operator.inputs[1]].transpose(3, 0, 1, 2)  # from 1, height, width, channel
    _conv(writer, operator, weights, writer.graph.shapes[operator.inputs[0]][3])


def _prelu(writer: _Writer, operator: Operator) -> None:
    image, slope = operator.inputs
    value, output = writer.named(image), operator.outputs[0]
    alpha = writer.graph.constants[slope].reshape(-1, 1, 1)
    positive = writer.add("Relu", [value], f"{output}:positive")
    turned = writer.add("Neg", [value], f"{output}:turned")
    negative = writer.add("Relu", [turned], f"{output}:negative")
    scaled = writer.add("Mul", [negative, writer.weight(slope, alpha)], f"{output}:scaled")
    writer.add("Sub", [positive, scaled], writer.named(output))


def _add(writer: _Writer, operator: Operator) -> None:
    for tensor in operator.inputs:
        if tensor in writer.graph.constants or writer.graph.shapes[tensor] != writer.graph.shapes[operator.outputs[0]]:
            raise TfliteUnsupported(f"{operator.outputs[0]} adds what has not its own shape: cannot be converted")
    raw = writer.add("Add", [writer.named(one) for one in operator.inputs], f"{operator.outputs[0]}:raw")
    writer.finish(raw, operator)


def _max_pool(writer: _Writer, operator: Operator) -> None:
    window = operator.options["window"]
    raw = writer.add(
        "MaxPool",
        [writer.named(operator.inputs[0])],
        f"{operator.outputs[0]}:raw",
        kernel_shape=window,
        strides=operator.options["stride"],
        pads=_pads(writer, operator, window),
    )
    writer.finish(raw, operator)


def _pad(writer: _Writer, operator: Operator) -> None:
    image, amounts = operator.inputs
    margins = writer.graph.constants[amounts]
    if writer.is_image(image):
        margins = margins[list(TO_CHANNELS_FIRST)]
        channels = writer.graph.shapes[image][3]
        more = int(margins[1, 1])
        if more == margins.sum() and channels % FULL_VECTOR and not _never_negative(writer.graph, image):
            _more_channels(writer, operator, channels, more)
            return
    pads = writer.weight(amounts, margins.T.reshape(-1).astype(np.int64))  # all before, then all after
    writer.add("Pad", [writer.named(image), pads], writer.named(operator.outputs[0]), mode="constant")


def _more_channels(writer: _Writer, operator: Operator, channels: int, more: int) -> None:
    """Channels of zeros behind those of an image, as a convolution with ones on the diagonal.

    In 16 bits the simulated v68 pads half a vector with twice the zero point; a zero point of zero hides that.
    """
    image, amounts = operator.inputs
    ones = writer.weight(f"{amounts}:ones", np.eye(channels + more, channels, dtype=np.float32)[..., None, None])
    writer.add("Conv", [writer.named(image), ones], writer.named(operator.outputs[0]), kernel_shape=(1, 1))


def _never_negative(graph: Graph, tensor: str) -> bool:
    """Whether the network cuts ``tensor`` off at zero, so that its zero point in any number of bits is zero."""
    makers = {operator.outputs[0]: operator for operator in graph.operators}
    maker = makers.get(tensor)
    while maker is not None and maker.kind == "MAX_POOL_2D":
        maker = makers.get(maker.inputs[0])
    return maker is not None and "RELU" in (maker.kind, maker.options.get("activation"))


def _reshape(writer: _Writer, operator: Operator) -> None:
    source, output = operator.inputs[0], operator.outputs[0]
    value = source
    if writer.is_image(source):
        value = writer.add("Transpose", [inner(source)], f"{output}:nhwc", perm=TO_CHANNELS_LAST)
    shape = writer.weight(f"{output}:shape", np.array(writer.graph.shapes[output], np.int64))
    if writer.is_image(output):
        last = writer.add("Reshape", [value, shape], f"{output}:last")
        writer.add("Transpose", [last], inner(output), perm=TO_CHANNELS_FIRST)
    else:
        writer.add("Reshape", [value, shape], output)


def _concatenation(writer: _Writer, operator: Operator) -> None:
    output = operator.outputs[0]
    axis = operator.options["axis"]
    if writer.is_image(output):
        axis = TO_CHANNELS_FIRST.index(axis % 4)
    raw = writer.add("Concat", [writer.named(one) for one in operator.inputs], f"{output}:raw", axis=axis)
    writer.finish(raw, operator)


def _elementwise(kind: str) -> Callable[[_Writer, Operator], None]:
    def write(writer: _Writer, operator: Operator) -> None:
        writer.add(kind, [writer.named(operator.inputs[0])], writer.named(operator.outputs[0]))

    return write


WRITERS: dict[str, Callable[[_Writer, Operator], None]] = {
    "ADD": _add,
    "CONCATENATION": _concatenation,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "LOGISTIC": _elementwise("Sigmoid"),
    "MAX_POOL_2D": _max_pool,
    "PAD": _pad,
    "PRELU": _prelu,
    "RELU": _elementwise("Relu"),
    "RESHAPE": _reshape,
}


def _node(kind: str, inputs: list[str], output: str, **attributes: Any) -> Any:
    import onnx

    return onnx.helper.make_node(kind, inputs, [output], name=f"{output}:{kind}", **attributes)


def _value(graph: Graph, name: str) -> Any:
    import onnx

    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, graph.shapes[name])
