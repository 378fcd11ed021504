"""What one inference of an ONNX network costs: multiplications with addition, and operators."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

from wakeful.conversion.shapes import shapes_of_one

QUANTIZING = ("QuantizeLinear", "DequantizeLinear")


def macs(file: Path) -> int:
    """Multiplications with addition of all convolutions and matrix products, for one input or fixed batch."""
    import onnx

    model = onnx.load(file)
    graph, shapes = model.graph, shapes_of_one(model)
    weights = {one.name: list(one.dims) for one in graph.initializer}
    total = 0
    for node in graph.node:
        if node.op_type == "Conv":
            total += math.prod(shapes[node.output[0]]) * math.prod(weights[node.input[1]][1:])
        elif node.op_type == "Gemm":
            total += math.prod(weights[node.input[1]]) * shapes[node.output[0]][0]
    return total


def operators(file: Path) -> Counter[str]:
    """Operators by kind; what only quantizes is left out."""
    import onnx

    return Counter(one.op_type for one in onnx.load(file).graph.node if one.op_type not in QUANTIZING)
