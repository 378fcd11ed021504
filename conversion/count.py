"""What one inference of an ONNX network costs: multiplications with addition, and operators."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

QUANTIZING = ("QuantizeLinear", "DequantizeLinear")


def macs(file: Path) -> int:
    """Multiplications with addition of all convolutions and matrix products, for one input."""
    import onnx

    model = onnx.load(file)
    for value in [*model.graph.input, *model.graph.output]:
        first = value.type.tensor_type.shape.dim[0]
        if first.dim_param:
            first.dim_value = 1
    del model.graph.value_info[:]
    graph = onnx.shape_inference.infer_shapes(model).graph
    shapes = {
        one.name: [dim.dim_value or 1 for dim in one.type.tensor_type.shape.dim]
        for one in [*graph.input, *graph.output, *graph.value_info]
    }
    weights = {one.name: list(one.dims) for one in graph.initializer}
    total = 0
    for node in graph.node:
        if node.op_type == "Conv":
            total += math.prod(shapes[node.output[0]]) * math.prod(weights[node.input[1]][1:])
        elif node.op_type == "Gemm":
            total += math.prod(weights[node.input[1]])
    return total


def operators(file: Path) -> Counter[str]:
    """Operators by kind; what only quantizes is left out."""
    import onnx

    return Counter(one.op_type for one in onnx.load(file).graph.node if one.op_type not in QUANTIZING)
