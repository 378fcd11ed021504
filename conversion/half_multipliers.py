"""Gives the weights of convolutions scales that old Hexagons compute with exactly.

A convolution of 16-bit activations sums whole numbers, and multiplies each channel's sum by ``input scale * weight
scale / output scale``. The simulated v68 keeps that factor as a half-precision number, of 11 significant bits, and
rounds it before the output's zero point is taken away: each channel was up to 30 of 65,536 steps off everywhere, which
added up to several of 256 over the layers of a network. A weight scale can be made larger by a thousandth at no cost,
so that its factor has 11 bits to begin with and nothing is left to round. Found by regressing the errors of single
operators on the simulated chip, in the whole network, on what each of these factors loses in 11 bits: they agree with
a correlation of 0.99.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.conversion.channel_weights import WeightsApart, put
from wakeful.conversion.rounding import Seen, round_together

SIGNIFICANT_BITS = 11
# Of 32 bits, with room for what rounding adds.
LARGEST_BIAS = 2.0**30
# Operators that are computed together with the convolution before them.
FUSED = ("Clip", "Relu")


def with_half_multipliers(quantized: Any, floats: Any, seen: dict[str, Seen]) -> Any:
    """A copy of the QDQ network ``quantized`` whose signed weights are rounded again from ``floats``.

    Args:
        quantized, floats: ``onnx.ModelProto`` of the same network; weights have one scale for each output channel.
        seen: what the convolutions are given, by their names.

    Raises:
        WeightsApart: a convolution of the one is not found in the other.
    """
    import onnx

    model = onnx.ModelProto()
    model.CopyFrom(quantized)
    makers = {output: node for node in model.graph.node for output in node.output}
    takers = {name: node for node in model.graph.node for name in node.input}
    held = {one.name: one for one in model.graph.initializer}
    truth = {one.name: onnx.numpy_helper.to_array(one) for one in floats.graph.initializer}
    twins = {node.name: node for node in floats.graph.node}

    def scale_of(node: Any) -> NDArray[np.float64]:
        return np.asarray(onnx.numpy_helper.to_array(held[node.input[1]]), np.float64)

    for node in model.graph.node:
        if node.op_type != "Conv" or node.input[1] not in makers:
            continue  # what computes in float has its weights as they are
        if node.name not in twins:
            raise WeightsApart(f"the float network has no {node.name}: it is not the one that was quantized")
        wanted = [truth[name] for name in twins[node.name].input[1:]]
        activation, weight, *bias = (makers[name] for name in node.input)
        exit_ = takers[node.output[0]]
        while exit_.op_type in FUSED:
            exit_ = takers[exit_.output[0]]
        step = scale_of(activation)
        scale = _without_ones(scale_of(weight), wanted, step)
        larger = half_multiple(scale * step / scale_of(exit_)) * scale_of(exit_) / step
        whole, shift = round_together(wanted[0], larger, seen[node.name])
        put(held, weight, whole, larger)
        for one, values in zip(bias, wanted[1:], strict=True):
            put(held, one, np.round((values + shift) / (step * larger)).astype(np.int32), step * larger)
    return model


def _without_ones(
    scale: NDArray[np.float64], wanted: list[NDArray[np.float32]], step: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The scale of a channel without weights is arbitrary; 1, which the quantizer gives, makes the factor large.

    Hexagons drop the last 8 bits of each sum, which the factor then multiplies, even where the sum is zero.
    """
    filled = np.abs(wanted[0]).reshape(len(wanted[0]), -1).max(axis=1) > 0
    if filled.all() or not filled.any():
        return scale
    fits = [np.abs(bias) / (step * LARGEST_BIAS) for bias in wanted[1:]]
    return np.where(filled, scale, np.max([np.full(len(scale), scale[filled].min()), *fits], axis=0))


def half_multiple(factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smallest numbers of 11 significant bits that are not below ``factor`` (positive)."""
    fraction, exponent = np.frexp(factor)
    # What is one already but for the last bits of float32 stays.
    whole = np.ceil(fraction * 2.0**SIGNIFICANT_BITS * (1 - 2.0**-22))
    return np.asarray(np.ldexp(whole / 2.0**SIGNIFICANT_BITS, exponent), np.float64)
