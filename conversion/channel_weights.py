"""Gives a QDQ network signed weights with a scale for each channel, as LiteRT wants them; its activations stay.

The shipped QDQ file has unsigned weights, for x86 processors without VNNI. LiteRT's convolutions take signed weights
around zero alone. They are rounded again from the float network; the bounds of the activations, which took calibration,
are those that are shipped.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import ModelError

LARGEST = 127


class WeightsApart(ModelError, LookupError):
    """A QDQ network that was not made from the float network beside it."""


def with_channel_weights(quantized: Any, floats: Any) -> Any:
    """A copy of the QDQ network ``quantized`` with int8 weights and int32 biases rounded from those of ``floats``.

    Convolutions get a scale for each output channel; matrices one for all, for older versions of LiteRT have no other.

    Args:
        quantized, floats: ``onnx.ModelProto`` of the same network.

    Raises:
        WeightsApart: a weight of the one is not found in the other.
    """
    import onnx

    model = onnx.ModelProto()
    model.CopyFrom(quantized)
    makers = {output: node for node in model.graph.node for output in node.output}
    held = {one.name: one for one in model.graph.initializer}
    truth = {one.name: onnx.numpy_helper.to_array(one) for one in floats.graph.initializer}
    for node in model.graph.node:
        if node.op_type not in ("Conv", "Gemm"):
            continue
        activation, weight, bias = (makers[name] for name in node.input)
        values = _truth(truth, weight.input[0])
        channels = node.op_type == "Conv"
        scale = _scales(values) if channels else np.full(len(values), np.abs(values).max() / LARGEST, np.float32)
        step = float(onnx.numpy_helper.to_array(held[activation.input[1]])) * scale
        across = scale.reshape(-1, *[1] * (values.ndim - 1))
        whole = np.round(values / across).astype(np.int8)
        put(held, weight, whole, scale if channels else scale[0])
        put(held, bias, np.round(_truth(truth, bias.input[0]) / step).astype(np.int32), step)
    return model


def _scales(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """What one step of each output channel [0] is worth; a channel of zeros gets any."""
    largest = np.abs(values).reshape(len(values), -1).max(axis=1)
    return np.asarray(np.where(largest > 0, largest, 1.0) / LARGEST, np.float32)


def _truth(truth: dict[str, NDArray[np.float32]], quantized: str) -> NDArray[np.float32]:
    name = quantized.removesuffix("_quantized")
    if name not in truth:
        raise WeightsApart(f"the float network has no weights {name}: it is not the one that was quantized")
    return truth[name]


def put(held: dict[str, Any], node: Any, whole: NDArray[Any], scale: NDArray[Any] | np.float32) -> None:
    """Gives a DequantizeLinear other numbers: around zero, with one scale or one for each of its first axis."""
    import onnx

    scales = np.asarray(scale, np.float32)
    for name, values in zip(node.input, (whole, scales, np.zeros(scales.shape, whole.dtype)), strict=True):
        held[name].CopyFrom(onnx.numpy_helper.from_array(values, name))
    del node.attribute[:]
    node.attribute.append(onnx.helper.make_attribute("axis", 0))
