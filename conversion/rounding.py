"""Rounds the weights of a convolution together, so that what it answers changes least.

Each weight rounded to its nearest step is wrong for itself; what counts is the error of the sum. Inputs of neighbouring
pixels and channels go up and down together, so that the error of one weight can be taken back by the next ones: after
Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", 2023, with the
covariance of the inputs measured on the network's own. What remains is the same in the mean over all inputs, and is
taken back by the bias: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.conversion.shapes import one_run
from wakeful.frozen import dataclass
from wakeful.onnx_runtime import onnx_runtime

Doubles = NDArray[np.float64]

LARGEST = 127
# Places of a picture that are looked at for each convolution.
PLACES = 64
# Share of the mean variance that every input varies by at least, whatever the calibration set says.
DAMPING = 0.1
# The weights of a sum of more inputs are rounded each by itself: so many errors take each other back without help, and
# their covariance would take longer than that of all others together.
MOST_INPUTS = 2048


@dataclass(frozen=True, slots=True)
class Seen:
    """What a convolution's inputs are like. One group for each set of channels that are computed apart.

    Attributes:
        mean: [group, K] of the K inputs that one output is the sum of, ordered as its weights.
        covariance: [group, K, K]; None where it was not looked at.
    """

    mean: Doubles
    covariance: Doubles | None


def round_together(weights: NDArray[np.float32], scale: Doubles, seen: Seen) -> tuple[NDArray[np.int8], Doubles]:
    """Weights [output, input, height, width] as int8, and what a bias must take back [output].

    Args:
        scale: [output], what one step of each output's weights is worth.
    """
    groups, size = seen.mean.shape
    wanted = weights.reshape(groups, -1, size).astype(np.float64)  # group, output, K
    steps = scale.reshape(groups, -1, 1)
    whole = np.empty_like(wanted)
    for group in range(groups):
        open_ = wanted[group] / steps[group]
        whole[group] = _nearest(open_) if seen.covariance is None else _round_group(open_, seen.covariance[group])
    shift = ((wanted - whole * steps) * seen.mean[:, np.newaxis]).sum(axis=-1)
    return whole.reshape(weights.shape).astype(np.int8), shift.reshape(-1)


def _nearest(weights: Doubles) -> Doubles:
    return np.clip(np.round(weights), -LARGEST, LARGEST)


def _round_group(weights: Doubles, covariance: Doubles) -> Doubles:
    """Weights [output, K] in steps to whole steps; each error is handed on to the weights that are still to come."""
    spread = np.diag(covariance).copy()
    damped = covariance + np.diag(np.full(len(spread), DAMPING * spread.mean() + 1e-12))
    order = np.argsort(-spread, kind="stable")
    # Row j of this factor says how the later weights take back an error of weight j.
    take_back = np.linalg.cholesky(np.linalg.inv(damped[np.ix_(order, order)])).T
    open_, whole = weights[:, order], np.empty_like(weights)
    for j in range(len(order)):
        nearest = _nearest(open_[:, j])
        whole[:, order[j]] = nearest
        open_[:, j + 1 :] -= ((open_[:, j] - nearest) / take_back[j, j])[:, np.newaxis] * take_back[j, j + 1 :]
    return whole


def look_at_inputs(source: Path, tensors: NDArray[np.float32]) -> dict[str, Seen]:
    """What the convolutions of the float network ``source`` are given, by their names.

    Args:
        tensors: float32 [N, ...], inputs of the network.
    """
    import onnx

    onnxruntime = onnx_runtime()

    model = onnx.load(source)
    shapes = {one.name: tuple(one.dims) for one in model.graph.initializer}
    convolutions = [one for one in model.graph.node if one.op_type == "Conv"]
    given, random = model.graph.input[0].name, np.random.default_rng(0)
    names = sorted({one.input[0] for one in convolutions} - {given})
    del model.graph.output[1:]
    known = {given, model.graph.output[0].name}
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names if name not in known)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    sums: dict[str, list[Doubles]] = {}
    for tensor in tensors:
        batch = one_run(tensor, session.get_inputs()[0].shape)
        values = dict(zip(names, session.run(names, {given: batch}), strict=True))
        values[given] = batch
        for node, i in itertools.product(convolutions, range(len(batch))):
            patches = _patches(node, values[node.input[0]][i], shapes[node.input[1]], random)
            many = patches.shape[2] > MOST_INPUTS
            once, twice = patches.sum(axis=1), np.zeros(()) if many else patches.transpose(0, 2, 1) @ patches
            count, first, second = sums.get(node.name, [np.zeros(()), np.zeros(1), np.zeros(1)])
            sums[node.name] = [count + patches.shape[1], first + once, second + twice]
    return {name: _seen(*one) for name, one in sums.items()}


def _seen(count: Doubles, once: Doubles, twice: Doubles) -> Seen:
    mean = once / count
    looked_at = twice.ndim == 3
    return Seen(mean, twice / count - mean[:, :, np.newaxis] * mean[:, np.newaxis, :] if looked_at else None)


def _patches(node: Any, image: NDArray[np.float32], kernel: tuple[int, ...], random: np.random.Generator) -> Doubles:
    """Some of the inputs that one output is the sum of: [group, place, K]."""
    attributes: dict[str, Any] = {one.name: list(one.ints) or one.i for one in node.attribute}
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    (down, across), (tall, wide) = attributes.get("strides", [1, 1]), attributes.get("dilations", [1, 1])
    padded = np.pad(image, ((0, 0), (top, bottom), (left, right)))
    reach = ((kernel[2] - 1) * tall + 1, (kernel[3] - 1) * wide + 1)
    rows, columns = (padded.shape[1] - reach[0]) // down + 1, (padded.shape[2] - reach[1]) // across + 1
    places = random.permutation(rows * columns)[:PLACES]
    y = (places // columns * down)[:, np.newaxis] + np.arange(kernel[2]) * tall
    x = (places % columns * across)[:, np.newaxis] + np.arange(kernel[3]) * wide
    found = padded[:, y[:, :, np.newaxis], x[:, np.newaxis, :]]  # channel, place, height, width
    groups = attributes.get("group", 1)
    grouped = found.reshape(groups, -1, *found.shape[1:]).transpose(0, 2, 1, 3, 4)
    return np.asarray(grouped.reshape(groups, len(places), -1), np.float64)
