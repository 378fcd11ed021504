"""The contents of a network: multiply-accumulates, operators per unit, and the precision of its weights.

Counted in the graph as the runtime loads it, so that no further package is needed on a board.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wakeful.device.perception.network import NetworkLoadError
from wakeful.frozen import dataclass
from wakeful.onnx_runtime import onnx_runtime

Shape = Sequence[int]


@dataclass(frozen=True, slots=True)
class Operators:
    """What was counted; None where it cannot be, for the reason in ``absent``.

    Attributes:
        macs: multiply-accumulates of convolutions and dense layers, one run.
        per_unit: number of operators by the unit that executes them.
        precision: ``float``, ``int8``, or ``a16w8`` for 16-bit activations.
        weights: the type their weights are stored in.
    """

    macs: int | None
    per_unit: dict[str, int] | None
    precision: str | None
    weights: str | None
    absent: str = ""


def count(file: Path, runtime: str) -> Operators:
    """Count what is in ``file``.

    Raises:
        ModelError: the runtime refuses the file.
    """
    if runtime == "litert" or file.suffix == ".tflite":
        return _of_tflite(file)
    if file.suffix == ".onnx":
        return _of_onnx(file)
    return Operators(None, None, None, None, f"the graph of {file.suffix} files cannot be read")


def _of_tflite(file: Path) -> Operators:
    from wakeful.device.perception.native_output import silence_native_output
    from wakeful.device.perception.runtime_litert import _interpreter_class

    try:
        with silence_native_output(2):
            interpreter = _interpreter_class()(model_path=str(file), num_threads=1)
            interpreter.allocate_tensors()
        nodes = interpreter._get_ops_details()
        tensors = {one["index"]: one for one in interpreter.get_tensor_details()}
    except (ValueError, RuntimeError) as error:
        raise NetworkLoadError(f"{file}: LiteRT cannot load it ({' '.join(str(error).split())})") from error
    except AttributeError:
        return Operators(None, None, None, None, "this version of LiteRT does not list its operators")
    return tflite_operators(nodes, tensors)


def tflite_operators(nodes: Iterable[dict[str, Any]], tensors: dict[int, dict[str, Any]]) -> Operators:
    """From the lists of the interpreter; the node of a delegate comes after those it replaces."""
    nodes = list(nodes)
    own = [node for node in nodes if node["op_name"] != "DELEGATE"]
    taken = {
        index
        for node in nodes
        if node["op_name"] == "DELEGATE"
        for index in _replaced(own, node["inputs"], node["outputs"])
    }
    units = {"XNNPACK": len(taken), "CPU": len(own) - len(taken)}
    return Operators(
        sum(_tflite_macs(node, tensors) for node in own),
        {unit: n for unit, n in units.items() if n},
        *_tflite_precision(own, tensors),
    )


def _replaced(nodes: list[dict[str, Any]], inputs: Iterable[int], outputs: Iterable[int]) -> set[int]:
    """Indices of the nodes between a delegate's inputs and outputs."""
    made_by = {int(tensor): node for node in nodes for tensor in node["outputs"]}
    found: set[int] = set()
    edge = {int(one) for one in inputs}
    wanted = [int(one) for one in outputs]
    while wanted:
        tensor = wanted.pop()
        node = made_by.get(tensor)
        if node is None or tensor in edge or node["index"] in found:
            continue
        found.add(node["index"])
        wanted += [int(one) for one in node["inputs"]]
    return found


def _tflite_macs(node: dict[str, Any], tensors: dict[int, dict[str, Any]]) -> int:
    inputs = [tensors[int(one)]["shape"].tolist() for one in node["inputs"] if int(one) in tensors]
    output = tensors[int(node["outputs"][0])]["shape"].tolist()
    match node["op_name"]:
        case "CONV_2D":  # weights [out, height, width, in]
            return int(math.prod(output) * math.prod(inputs[1][1:]))
        case "DEPTHWISE_CONV_2D":  # weights [1, height, width, out]
            return int(math.prod(output) * math.prod(inputs[1][1:3]))
        case "FULLY_CONNECTED":  # weights [out, in]
            return int(math.prod(output) * inputs[1][-1])
        case "TRANSPOSE_CONV":  # inputs: shape, weights [out, height, width, in], picture
            return int(math.prod(inputs[2]) * math.prod(inputs[1][:3]))
        case _:
            return 0


def _tflite_precision(nodes: list[dict[str, Any]], tensors: dict[int, dict[str, Any]]) -> tuple[str | None, str | None]:
    """Precision, and the type that the weights are stored in."""

    def kind(tensor: int) -> str:
        return str(np.dtype(tensors[int(tensor)]["dtype"]).name)

    heavy = [node for node in nodes if node["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")]
    if not heavy:
        return None, None
    weights: str = Counter(kind(node["inputs"][1]) for node in heavy).most_common(1)[0][0]
    activations = {kind(node["inputs"][0]) for node in heavy}
    if weights == "float32":
        halves = any(node["op_name"] == "DEQUANTIZE" and kind(node["inputs"][0]) == "float16" for node in nodes)
        return "float", "float16" if halves else "float32"
    if activations == {"float32"}:
        return "float activations", weights
    return "a16w8" if "int16" in activations else "int8", weights


def _of_onnx(file: Path) -> Operators:
    """From ONNX Runtime's profile of one run: not optimised for the counts, optimised for the units."""
    plain = _profile(file, "ORT_DISABLE_ALL")
    executed = _profile(file, "ORT_ENABLE_ALL")
    units = Counter(str(node["provider"]).removesuffix("ExecutionProvider") for node in executed)
    return Operators(sum(map(_onnx_macs, plain)), dict(units), *_onnx_precision(plain))


def _profile(file: Path, level: str) -> list[dict[str, Any]]:
    """The nodes of one run with their shapes, types and providers."""
    onnxruntime = onnx_runtime()

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    options.enable_profiling = True
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    # Weights that were packed for their kernel are no longer listed among its inputs.
    options.add_session_config_entry("session.disable_prepacking", "1")
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / "profile")
        try:
            session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
            given = {
                one.name: np.zeros([n if isinstance(n, int) else 1 for n in one.shape], np.float32)
                for one in session.get_inputs()
            }
            session.run(None, given)
        except Exception as error:  # its exceptions share no base but Exception
            raise NetworkLoadError(f"{file}: ONNX Runtime cannot run it ({str(error).splitlines()[0]})") from error
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return [
        event["args"]
        for event in events
        if event.get("cat") == "Node" and str(event.get("name", "")).endswith("_kernel_time")
    ]


def _shapes(node: dict[str, Any], side: str) -> list[list[int]]:
    return [next(iter(one.values())) for one in node.get(side, []) if one]


def _onnx_macs(node: dict[str, Any]) -> int:
    inputs, outputs = _shapes(node, "input_type_shape"), _shapes(node, "output_type_shape")
    weights = [shape for shape in inputs[1:] if len(shape) >= 2]
    if not weights or not outputs:
        return 0
    match node["op_name"]:
        case "Conv" | "QLinearConv" | "ConvInteger":  # weights [out, in / groups, height, width]
            return math.prod(outputs[0]) * math.prod(weights[0][1:])
        case "ConvTranspose":  # weights [in, out / groups, height, width]
            return math.prod(inputs[0]) * math.prod(weights[0][1:])
        case "Gemm" | "MatMul" | "MatMulInteger" | "QLinearMatMul":
            return math.prod(outputs[0]) * inputs[0][-1]
        case _:
            return 0


def _onnx_precision(nodes: list[dict[str, Any]]) -> tuple[str | None, str | None]:
    """Precision, and the type that the weights are stored in: by what the graph takes apart and computes."""
    quantized = Counter(_first_type(node) for node in nodes if node["op_name"] == "DequantizeLinear")
    if quantized:
        return ("a16w8" if {"uint16", "int16"} & set(quantized) else "int8"), "int8"
    heavy = ("Conv", "Gemm", "MatMul", "QLinearConv", "ConvInteger")
    types = Counter(_first_type(node) for node in nodes if node["op_name"] in heavy)
    if not types:
        return None, None
    most = types.most_common(1)[0][0]
    return ("int8", "int8") if most in ("uint8", "int8") else ("float", {"float": "float32"}.get(most, most))


def _first_type(node: dict[str, Any]) -> str:
    """Type of a node's first input, as ``float`` or ``uint8``."""
    return next((kind for one in node.get("input_type_shape", [])[:1] for kind in one), "")
