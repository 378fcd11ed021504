"""Shapes of all tensors of an ONNX network; a free number of inputs counts as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def shapes_of_one(model: Any) -> dict[str, list[int]]:
    """Shape of each input, output and computed tensor of an ``onnx.ModelProto``, which stays as it is."""
    import onnx

    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for value in [*fixed.graph.input, *fixed.graph.output]:
        if not value.type.tensor_type.shape.dim[0].dim_value:
            value.type.tensor_type.shape.dim[0].dim_value = 1
    del fixed.graph.value_info[:]
    graph = onnx.shape_inference.infer_shapes(fixed).graph
    return {
        one.name: [dim.dim_value or 1 for dim in one.type.tensor_type.shape.dim]
        for one in [*graph.input, *graph.output, *graph.value_info]
    }


def one_run(tensor: NDArray[np.float32], shape: Sequence[object]) -> NDArray[np.float32]:
    """One of a set of inputs as a network of the input ``shape`` takes it: a single one becomes a batch of itself."""
    return tensor if tensor.ndim == len(shape) else tensor[np.newaxis]
