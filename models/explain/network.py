"""Looks into a float ONNX network: its layers, its first filters, and what it computes inside for given crops.

ONNX Runtime hands out inner values when asked; integer networks have no activations of their own to show.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.expression.network import WeightsError
from wakeful.onnx_runtime import onnx_runtime

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from onnx import ModelProto, NodeProto

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Layer:
    """One row of the layer table; sizes are channels x height x width."""

    name: str
    kind: str
    kernel: str
    stride: str
    padding: str
    output: str
    parameters: int
    macs: int


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What a network is made of, and what it computes inside.

    Attributes:
        filters: first-layer kernels [C, 3, 3].
        stages: feature maps [C, H, W] of the first crop behind the stem and each stage, the last at each size.
        silent: share of channels of each ReLU that are zero everywhere, in all ``crops`` crops that were tried.
    """

    weights: str
    filters: Floats
    stages: dict[str, Floats]
    silent: dict[str, float]
    crops: int
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Explanation(ABC):
    """What a page shows.

    Attributes:
        picture, heading, note: name of the first picture, and the words above it.
    """

    picture: ClassVar[str]
    heading: ClassVar[str]
    note: ClassVar[str]

    anatomy: Anatomy

    @property
    @abstractmethod
    def title(self) -> str:
        """What the network answers."""

    @abstractmethod
    def draw(self) -> Figure:
        """The first picture: what is particular to this network."""


def open_network(weights: Path, name: str, outputs: tuple[str, ...]) -> ModelProto:
    """A float network with these outputs.

    Raises:
        WeightsError: the file holds something else.
    """
    import onnx

    try:
        model = onnx.load(weights)
    except OSError:
        raise WeightsError(f"there is no weights file {weights}") from None
    except Exception:  # protobuf's own exceptions share no base
        raise WeightsError(f"{weights} is not an ONNX network") from None
    has_relu = any(node.op_type == "Relu" for node in model.graph.node)
    if not has_relu or tuple(one.name for one in model.graph.output) != outputs:
        raise WeightsError(f"{weights} is not a float {name} network; an int8 one cannot be explained")
    return model


def examine(weights: Path, model: ModelProto, crops: Floats) -> tuple[Anatomy, dict[str, Floats]]:
    """The anatomy of a network, and its answers by name, for crops [N, 1, rows, columns]."""
    sizes, constants = _sizes(model), constants_of(model)
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    relus = [node.output[0] for node in model.graph.node if node.op_type == "Relu"]
    answers = [one.name for one in model.graph.output]
    inner = _inner_values(model, [*answers, *relus], crops)
    ends = {sizes[name][-1]: name for name in relus if len(sizes[name]) == 3}
    anatomy = Anatomy(
        weights=str(weights),
        filters=constants[convolutions[0].input[1]][:, 0],
        stages={f"stage {i}" if i else "stem": inner[name][0] for i, name in enumerate(ends.values())},
        silent={f"ReLU {i + 1}": _silent(inner[name]) for i, name in enumerate(relus)},
        crops=len(crops),
        layers=tuple(_layer(node, sizes, constants) for node in model.graph.node),
    )
    return anatomy, {name: inner[name] for name in answers}


def constants_of(model: ModelProto) -> dict[str, NDArray[Any]]:
    """The arrays of all constants by name."""
    from onnx import numpy_helper

    return {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}


def _sizes(model: ModelProto) -> dict[str, list[int]]:
    """Shapes of all values of one crop, without the batch."""
    from onnx import shape_inference

    graph = shape_inference.infer_shapes(model).graph
    return {
        one.name: [size.dim_value for size in one.type.tensor_type.shape.dim][1:]
        for one in (*graph.value_info, *graph.output)
    }


def _inner_values(model: ModelProto, names: list[str], crops: Floats) -> dict[str, Floats]:
    """What the network computes at ``names``; where it takes a fixed number of crops, so many at a time."""
    import onnx

    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    answers = {one.name for one in model.graph.output}
    opened.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in answers)
    session = onnx_runtime().InferenceSession(opened.SerializeToString(), providers=["CPUExecutionProvider"])
    taken = session.get_inputs()[0]
    count = taken.shape[0] if isinstance(taken.shape[0], int) else len(crops)
    parts = [session.run(names, {taken.name: part}) for part in np.split(crops, len(crops) // count)]
    return dict(zip(names, map(np.concatenate, zip(*parts, strict=True)), strict=True))


def _silent(values: Floats) -> float:
    return float((np.moveaxis(values, 1, 0).reshape(values.shape[1], -1).max(axis=1) <= 0.0).mean())


def _layer(node: NodeProto, sizes: dict[str, list[int]], constants: dict[str, NDArray[Any]]) -> Layer:
    attributes = {one.name: list(one.ints) or [one.i] for one in node.attribute}
    held = [constants[name] for name in node.input if name in constants]
    size = sizes.get(node.output[0], [])
    places = int(np.prod(size[1:])) if len(size) == 3 else 1
    groups = attributes.get("group", [1])[0]
    weighted = node.op_type in ("Conv", "Gemm")
    return Layer(
        name=node.name or node.output[0],
        kind=node.op_type if groups == 1 else f"{node.op_type}, {groups} groups",
        kernel="x".join(map(str, attributes.get("kernel_shape", []))),
        stride="x".join(map(str, attributes.get("strides", []))),
        padding=str(attributes["pads"][0]) if "pads" in attributes else "",
        output="x".join(map(str, size)),
        parameters=sum(int(one.size) for one in held),
        macs=int(held[0].size) * places if weighted and held else 0,
    )
