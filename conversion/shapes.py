"""Shapes of all tensors of an ONNX network for one input at a time."""

from __future__ import annotations

from typing import Any


def shapes_of_one(model: Any) -> dict[str, list[int]]:
    """Shape of each input, output and computed tensor of an ``onnx.ModelProto``, which stays as it is."""
    import onnx

    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for value in [*fixed.graph.input, *fixed.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_value = 1
    del fixed.graph.value_info[:]
    graph = onnx.shape_inference.infer_shapes(fixed).graph
    return {
        one.name: [dim.dim_value or 1 for dim in one.type.tensor_type.shape.dim]
        for one in [*graph.input, *graph.output, *graph.value_info]
    }
