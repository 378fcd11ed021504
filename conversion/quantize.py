"""Float ONNX networks to 8 and 16 bits, in the QDQ form that ONNX Runtime and the compiler for Hexagons read.

Weights have 8 bits, activations 8 (``int8``) or 16 (``a16w8``). Points of landmarks spread over hundreds of pixels,
which 256 steps would round to a fifth of a pixel and more, so their networks take 16.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.conversion.half_multipliers import with_half_multipliers
from wakeful.conversion.rounding import look_at_inputs
from wakeful.conversion.shapes import one_run
from wakeful.frozen import dataclass
from wakeful.models.variants import Precision
from wakeful.onnx_runtime import onnx_runtime

# Operators that hand values on as they are.
MOVES = ("Concat", "Flatten", "Reshape", "Transpose")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a network is quantized.

    Attributes:
        per_channel: one scale for each channel of a convolution's weights, which are then signed, as a Hexagon wants.
        percentile: share of the values of each activation that keeps its steps, in percent; the rest is cut off. 100
            keeps all.
        ranges: smallest and largest value of outputs that are cut off there: what lies beyond means no more than the
            bound, and would cost the steps that the rest needs.
        float_ends: what makes the outputs computes in float, with float weights.
        fine_ends: what that is given is not rounded to steps either; what gives it has 8-bit weights as before.
    """

    precision: Precision
    per_channel: bool = False
    percentile: float = 100.0
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    float_ends: bool = False
    fine_ends: bool = False

    def as_text(self) -> dict[str, str]:
        """For the manifest."""
        return {
            "activations": "uint16" if self.precision is Precision.A16W8 else "uint8",
            "weights": "int8 per channel" if self.per_channel else "uint8 per tensor",
            "bounds": "smallest and largest" if self.percentile == 100.0 else f"percentile {self.percentile:g}",
            **{f"range of {name}": f"{low:g} to {high:g}" for name, (low, high) in self.ranges.items()},
            **({"outputs": "float, weights too"} if self.float_ends else {}),
            **({"into outputs": "float, not its weights"} if self.fine_ends else {}),
        }


def quantize(source: Path, target: Path, settings: Settings, tensors: NDArray[np.float32]) -> None:
    """Writes ``target``, whole or not at all.

    Args:
        source: a float network of one input.
        tensors: float32 [N, ...], what it is calibrated with, one batch each.
    """
    onnx_runtime()
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    wide = settings.precision is Precision.A16W8
    options: dict[str, Any] = {"ActivationSymmetric": False, "WeightSymmetric": settings.per_channel}
    method = CalibrationMethod.MinMax
    if settings.percentile < 100.0:
        method, options["CalibPercentile"] = CalibrationMethod.Percentile, settings.percentile
    if settings.ranges:
        steps = 65535 if wide else 255
        options["TensorQuantOverrides"] = {
            tensor: [_scale(low, high, steps)]
            for output, (low, high) in settings.ranges.items()
            for tensor in _moved_only(source, output)
        }
    ends = _ends(source) if settings.float_ends else []
    # It prints how it looks for percentiles.
    quiet = contextlib.redirect_stdout(io.StringIO())
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".quantize-") as folder, quiet:
        part = Path(folder) / target.name
        quantize_static(
            source,
            part,
            _Inputs(source, tensors),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt16 if wide else QuantType.QUInt8,
            weight_type=QuantType.QInt8 if settings.per_channel else QuantType.QUInt8,
            per_channel=settings.per_channel,
            calibrate_method=method,
            nodes_to_exclude=ends,
            extra_options=options,
        )
        _finish(part, source, tensors if settings.per_channel else None, ends if settings.fine_ends else [])
        part.replace(target)


def output_steps(file: Path) -> dict[str, float]:
    """What one of 256 steps of each quantized output is worth, in its own unit; outputs that have no steps are absent.

    Outputs of 16 bits count in the same 256 steps: theirs are so fine that any other order of sums is many of them.
    """
    import onnx

    model = onnx.load(file)
    constants = {one.name: one for one in model.graph.initializer}
    makers = {output: node for node in model.graph.node for output in node.output}
    steps = {}
    for given in model.graph.output:
        node = makers.get(given.name)
        while node is not None and node.op_type in MOVES:
            node = makers.get(node.input[0])
        if node is not None and node.op_type == "DequantizeLinear":
            wide = constants[node.input[2]].data_type == onnx.TensorProto.UINT16
            steps[given.name] = float(onnx.numpy_helper.to_array(constants[node.input[1]])) * (257 if wide else 1)
    return steps


def _moved_only(source: Path, output: str) -> list[str]:
    """``output`` and all tensors whose values reach it as they are, back to those that are computed."""
    import onnx

    makers = {one: node for node in onnx.load(source).graph.node for one in node.output}
    found, open_ends = [], [output]
    while open_ends:
        tensor = open_ends.pop()
        found.append(tensor)
        if makers[tensor].op_type in MOVES:
            open_ends += [one for one in makers[tensor].input if one in makers]
    return found


def _ends(source: Path) -> list[str]:
    """Names of the operators that compute the outputs."""
    import onnx

    graph = onnx.load(source, load_external_data=False).graph
    moved = {tensor for one in graph.output for tensor in _moved_only(source, one.name)}
    return [node.name for node in graph.node if node.output[0] in moved and node.op_type not in MOVES]


def _scale(low: float, high: float, steps: int) -> dict[str, Any]:
    step = (high - low) / steps
    kind = np.uint8 if steps == 255 else np.uint16
    return {"scale": np.array(step, np.float32), "zero_point": np.array(round(-low / step), kind)}


class _Inputs:
    """Hands inputs to the calibrator one by one, in the way ONNX Runtime asks for them."""

    def __init__(self, source: Path, tensors: NDArray[np.float32]) -> None:
        import onnx

        given = onnx.load(source, load_external_data=False).graph.input[0]
        self._name, self._shape = given.name, list(given.type.tensor_type.shape.dim)
        self._tensors: Iterator[NDArray[np.float32]] = iter(tensors)

    def get_next(self) -> dict[str, Any] | None:
        tensor = next(self._tensors, None)
        return None if tensor is None else {self._name: one_run(tensor, self._shape)}


def _finish(file: Path, source: Path, seen_with: NDArray[np.float32] | None, fine: list[str]) -> None:
    """What the quantizer notes of its own run would make each run's file another one."""
    import onnx

    model = onnx.load(file)
    del model.metadata_props[:]
    if seen_with is not None:
        model = with_half_multipliers(model, onnx.load(source), look_at_inputs(source, seen_with))
    _unround(model.graph, fine)
    onnx.save(model, file)


def _unround(graph: Any, takers: list[str]) -> None:
    """What the operators ``takers`` are given, and nobody else takes, is not rounded to steps any more."""
    makers = {output: node for node in graph.node for output in node.output}
    ends = [node for node in graph.node if node.name in takers]
    for given in {node.input[0] for node in ends}:
        back = makers[given]
        steps = makers[back.input[0]]
        for node in ends:
            node.input[0] = steps.input[0] if node.input[0] == given else node.input[0]
        for one in [one for one in graph.initializer if one.name in steps.input]:
            graph.initializer.remove(one)
        graph.node.remove(back)
        graph.node.remove(steps)
