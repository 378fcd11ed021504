"""Writes the matrices of a float ONNX network as convolutions, so that all of its weights are treated alike.

A matrix over a flattened picture is a convolution whose kernel covers the picture; one over a vector has a kernel of a
single pixel. Quantizers, LiteRT and Hexagons know a scale for each output of a convolution everywhere, of a matrix only
in newer versions; and LiteRT keeps channels last, where a flattened picture would have its numbers in another order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wakeful.conversion.shapes import shapes_of_one
from wakeful.errors import ModelError


class MatrixUnsupported(ModelError, NotImplementedError):
    """A matrix product that is no plain one."""


def with_convolutions(model: Any) -> Any:
    """A copy of an ``onnx.ModelProto`` without ``Gemm``; inputs and outputs keep name and shape.

    Raises:
        MatrixUnsupported: a matrix product is scaled or turned.
    """
    import onnx

    written = onnx.ModelProto()
    written.CopyFrom(model)
    graph, shapes = written.graph, shapes_of_one(model)
    weights = {one.name: one for one in graph.initializer}
    ends = {one.name for one in graph.output}
    pictures: dict[str, str] = {}  # each flat tensor with the picture that it holds
    nodes = []
    for node in model.graph.node:
        if node.op_type == "Flatten" and node.output[0] not in ends:
            pictures[node.output[0]] = node.input[0]
        elif node.op_type == "Gemm":
            nodes += _as_convolution(node, pictures, shapes, weights, ends)
        elif node.op_type == "Relu" and node.input[0] in pictures:
            picture = f"{node.output[0]}:picture"
            nodes.append(onnx.helper.make_node("Relu", [pictures[node.input[0]]], [picture], name=node.name))
            pictures[node.output[0]] = picture
        else:
            nodes.append(node)
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(written, full_check=True)
    return onnx.shape_inference.infer_shapes(written)


def _as_convolution(
    node: Any, pictures: dict[str, str], shapes: dict[str, list[int]], weights: dict[str, Any], ends: set[str]
) -> list[Any]:
    import onnx

    given = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    if not given.get("transB") or given.get("transA") or given.get("alpha", 1) != 1 or given.get("beta", 1) != 1:
        raise MatrixUnsupported(f"the matrix product {node.output[0]} is no plain one: cannot be a convolution")
    picture, output = pictures[node.input[0]], node.output[0]
    values = onnx.numpy_helper.to_array(weights[node.input[1]])
    kernel = shapes.get(picture, [1, 1, 1, 1])[2:]
    turned = np.ascontiguousarray(values.reshape(len(values), -1, *kernel))
    weights[node.input[1]].CopyFrom(onnx.numpy_helper.from_array(turned, node.input[1]))
    pictures[output] = f"{output}:picture"
    convolution = onnx.helper.make_node(
        "Conv", [picture, *node.input[1:]], [pictures[output]], name=node.name, kernel_shape=kernel
    )
    if output not in ends:
        return [convolution]
    return [convolution, onnx.helper.make_node("Flatten", [pictures[output]], [output], name=f"{node.name}:flat")]
