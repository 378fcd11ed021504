"""Makes the channels between two convolutions, one of them depthwise, equally large, so that 8 bits serve them all.

There is nothing or a PRelu between the two in MediaPipe's networks, so a factor on a channel of the first can be taken
back by the weights of the second without changing what the network computes. Without it one channel of a thousand
leaves the others a handful of the steps: boxes of faces are then wrong by a pixel, instead of a quarter of one. After
Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019, with the ranges measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.conversion.shapes import one_run
from wakeful.onnx_runtime import onnx_runtime

# Inputs that the ranges of the channels are measured on.
MEASURED_INPUTS = 48
# 1 makes all channels equally large; less leaves the weights of the second convolution more alike. A depthwise one has
# a scale for each, so that it loses nothing.
STRENGTH = 1.0
SMALLEST = 1e-4


def equalize(source: Path, target: Path, tensors: NDArray[np.float32], strength: float = STRENGTH) -> int:
    """Writes ``source`` with its channels equalized to ``target``; gives the number of pairs of convolutions.

    Args:
        tensors: float32 [N, ...], inputs of the network; some of them are looked at.
    """
    import onnx

    model = onnx.load(source)
    pairs = _pairs(model.graph)
    if not pairs:
        onnx.save(model, target)
        return 0
    largest = _largest(model, sorted({name for first, second in pairs for name in _between(first, second)}), tensors)
    weights = {one.name: one for one in model.graph.initializer}
    for first, second in pairs:
        size = np.max([largest[name] for name in _between(first, second)], axis=0)
        size = np.maximum(size, size.max() * SMALLEST)
        apart = _groups(second) > 1
        factor = (size / size.max()) ** -(STRENGTH if apart else strength)
        for name in first.input[1:]:
            values = onnx.numpy_helper.to_array(weights[name])
            _set(weights[name], values * factor.reshape(-1, *[1] * (values.ndim - 1)))
        values = onnx.numpy_helper.to_array(weights[second.input[1]])
        _set(weights[second.input[1]], values / factor.reshape((-1, 1, 1, 1) if apart else (1, -1, 1, 1)))
    onnx.save(model, target)
    return len(pairs)


def _pairs(graph: Any) -> list[tuple[Any, Any]]:
    """Each convolution with the only one that takes its output, of which one or the other is depthwise.

    Those that share weights or biases with another one are left as they are, but for biases of zero.
    """
    import onnx

    takers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            takers.setdefault(name, []).append(node)
    filled = {one.name for one in graph.initializer if np.any(onnx.numpy_helper.to_array(one))}
    shared = {name for name in filled if len(takers.get(name, [])) > 1}
    pairs = []
    for first in graph.node:
        next_ones = takers.get(_behind_prelu(first.output[0], takers), [])
        if len(next_ones) == 1 and first.op_type == next_ones[0].op_type == "Conv":
            second = next_ones[0]
            alone = shared.isdisjoint([*first.input[1:], second.input[1]])
            if alone and (_groups(first) == 1) != (_groups(second) == 1):
                pairs.append((first, second))
    return pairs


def _behind_prelu(tensor: str, takers: dict[str, list[Any]]) -> str:
    """The output of the ``Relu(x) - a * Relu(-x)`` that alone takes ``tensor``, else ``tensor``."""
    found = {one.op_type: one for one in takers.get(tensor, [])}
    if len(takers.get(tensor, [])) != 2 or set(found) != {"Relu", "Neg"}:
        return tensor
    (difference,) = takers[found["Relu"].output[0]]
    return str(difference.output[0])


def _between(first: Any, second: Any) -> set[str]:
    return {first.output[0], second.input[0]}


def _groups(node: Any) -> int:
    return next((int(one.i) for one in node.attribute if one.name == "group"), 1)


def _largest(model: Any, names: list[str], tensors: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Largest absolute value of each channel of ``names`` over some of the inputs."""
    import onnx

    onnxruntime = onnx_runtime()

    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    largest: dict[str, NDArray[np.float32]] = {}
    for tensor in tensors[:: max(1, len(tensors) // MEASURED_INPUTS)]:
        for name, values in zip(names, session.run(names, {given.name: one_run(tensor, given.shape)}), strict=True):
            size = np.abs(values).max(axis=(0, 2, 3))
            largest[name] = np.maximum(largest.get(name, size), size)
    return largest


def _set(initializer: Any, values: NDArray[np.float32]) -> None:
    import onnx

    initializer.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float32), initializer.name))
