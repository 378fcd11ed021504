"""Looks into an expression network: what it attended to in one face, and what it is made of.

Works on the float ONNX file, whose inner values ONNX Runtime hands out when asked. Since the last features are averaged
over the picture and then multiplied by one matrix, Grad-CAM (Selvaraju et al. 2017) needs no gradients here: the
derivative of an answer by a feature is the matrix entry itself.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wakeful.models.expression.face import FERPLUS_CLASSES, SIZE_PX, standardise
from wakeful.models.expression.metrics import softmax
from wakeful.models.expression.network import ExpressionFile, WeightsError
from wakeful.onnx_runtime import onnx_runtime

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto


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
class Explanation:
    """What was found.

    Attributes:
        face: the face that was read, [48, 48] uint8.
        heat: [48, 48], 0 to 1: evidence for the answer.
        filters: first-layer kernels [C, 3, 3].
        stages: feature maps [C, H, W] behind the stem and each stage.
        silent: share of channels of each ReLU that are zero everywhere, in all ``faces`` faces that were tried.
    """

    weights: str
    face: NDArray[np.uint8]
    answer: str
    probabilities: dict[str, float]
    heat: NDArray[np.float32]
    filters: NDArray[np.float32]
    stages: dict[str, NDArray[np.float32]]
    silent: dict[str, float]
    faces: int
    layers: tuple[Layer, ...]


def explain(weights: Path, face: NDArray[np.uint8], more: NDArray[np.uint8] | None = None) -> Explanation:
    """Explains the answer for a grey ``face`` [48, 48].

    Args:
        weights: a float .onnx file, or a .pt file of training.
        more: faces [N, 48, 48] in which silent channels are looked for; else the face and its mirror image.

    Raises:
        WeightsError: the weights are no float expression network.
    """
    network = _network(weights)
    values, folded = _shapes(network)
    relus = [node.output[0] for node in network.graph.node if node.op_type == "Relu"]
    heads = [node for node in network.graph.node if node.op_type == "Gemm"]
    convolutions = [node for node in network.graph.node if node.op_type == "Conv"]
    if not relus or len(heads) != 2:
        raise WeightsError(f"{weights} is not a float expression network; an int8 one cannot be explained")
    tried = np.stack([face, face[:, ::-1]]) if more is None else np.concatenate([face[None], more])
    inner = _inner_values(network, relus, tried)
    logits = inner.pop("ferplus")[0]
    p = softmax(logits)
    answer = int(p.argmax())
    stages = {"stem": inner[relus[0]][0]}
    stages |= {f"stage {i}": inner[name][0] for i, name in enumerate(_ends_of_stages(network, values), start=1)}
    last = stages[f"stage {len(stages) - 1}"]
    return Explanation(
        weights=str(weights),
        face=face,
        answer=FERPLUS_CLASSES[answer],
        probabilities=dict(zip(FERPLUS_CLASSES, p.tolist(), strict=True)),
        heat=heat_map(last, folded[heads[0].input[1]][answer]),
        filters=folded[convolutions[0].input[1]][:, 0],
        stages=stages,
        silent={f"ReLU {i + 1}": _silent(inner[name]) for i, name in enumerate(relus)},
        faces=len(tried),
        layers=tuple(_layer(node, values, folded) for node in network.graph.node),
    )


def heat_map(features: NDArray[np.float32], row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Grad-CAM [48, 48], 0 to 1, from the last features [C, H, W] and the head's matrix row [C] of the answer."""
    from wakeful.sensors.opencv import cv2

    heat = np.maximum(np.tensordot(row, features, axes=1), 0.0).astype(np.float32)
    heat /= max(float(heat.max()), 1e-6)
    return np.clip(np.asarray(cv2.resize(heat, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_CUBIC), np.float32), 0, 1)


def _network(weights: Path) -> ModelProto:
    import onnx

    if weights.suffix == ".pt":
        return _exported(weights)
    ExpressionFile(weights)  # refuses what is no expression network
    return onnx.load(weights)


def _exported(weights: Path) -> ModelProto:
    import onnx

    from wakeful.models.expression.export import write_faces_onnx
    from wakeful.models.expression.weights import load_weights

    with tempfile.TemporaryDirectory(prefix="wakeful-explain-") as folder:
        file = Path(folder) / "network.onnx"
        write_faces_onnx(load_weights(weights), file)
        return onnx.load(file)


def _shapes(network: ModelProto) -> tuple[dict[str, list[int]], dict[str, NDArray[Any]]]:
    """Shapes of all values of one face (without the batch), and the arrays of all constants."""
    from onnx import numpy_helper, shape_inference

    constants = {one.name: numpy_helper.to_array(one) for one in network.graph.initializer}
    graph = shape_inference.infer_shapes(network).graph
    values = {
        one.name: [size.dim_value for size in one.type.tensor_type.shape.dim][1:]
        for one in (*graph.value_info, *graph.output)
    }
    return values, constants


def _inner_values(network: ModelProto, names: list[str], faces: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """What the network computes at ``names`` and at its first output."""
    import onnx

    onnxruntime = onnx_runtime()

    opened = onnx.ModelProto()
    opened.CopyFrom(network)
    opened.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = onnxruntime.InferenceSession(opened.SerializeToString(), providers=["CPUExecutionProvider"])
    wanted = ["ferplus", *names]
    found = session.run(wanted, {session.get_inputs()[0].name: standardise(faces)})
    return dict(zip(wanted, found, strict=True))


def _ends_of_stages(network: ModelProto, values: dict[str, list[int]]) -> list[str]:
    """Names of the values behind each stage: of the ReLUs that follow an addition, the last at each size of picture."""
    sums = {node.output[0] for node in network.graph.node if node.op_type == "Add"}
    ends = [node.output[0] for node in network.graph.node if node.op_type == "Relu" and node.input[0] in sums]
    return list({values[name][-1]: name for name in ends}.values())


def _silent(values: NDArray[np.float32]) -> float:
    return float((values.max(axis=(0, 2, 3)) <= 0.0).mean())


def _layer(node: NodeProto, values: dict[str, list[int]], constants: dict[str, NDArray[Any]]) -> Layer:
    attributes = {one.name: list(one.ints) for one in node.attribute if one.ints}
    held = [constants[name] for name in node.input if name in constants]
    shape = values.get(node.output[0], [])
    places = int(np.prod(shape[1:])) if len(shape) == 3 else 1
    weighted = node.op_type in ("Conv", "Gemm")
    return Layer(
        name=node.name or node.output[0],
        kind=node.op_type,
        kernel="x".join(map(str, attributes.get("kernel_shape", []))),
        stride="x".join(map(str, attributes.get("strides", []))),
        padding=str(attributes["pads"][0]) if "pads" in attributes else "",
        output="x".join(map(str, shape)),
        parameters=sum(int(one.size) for one in held),
        macs=int(held[0].size) * places if weighted and held else 0,
    )
