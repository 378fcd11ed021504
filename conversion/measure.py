"""How far a converted network is from the one it was made from, and what that costs in the task it is for."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wakeful.conversion.shapes import one_run
from wakeful.errors import ConfigError
from wakeful.models.manifest import Data, Parity, TaskFigure
from wakeful.onnx_runtime import onnx_runtime

Outputs = dict[str, NDArray[np.float32]]

FLOAT_BAR = 1e-4
STEPS_BAR = 2.0
TOP1_BAR = 0.005
POINTS_BAR_PX = 0.25
# A face's box only tells the landmark networks where to look, with a margin of a quarter on each side.
BOX_BAR = 0.15


class SignedWeightsUnsupported(ConfigError, ArithmeticError):
    """8-bit results that this processor would compute wrongly."""


class Inputs(Protocol):
    """Inputs of one network: a name without any path, tensors float32 [N, ...], and what is right where it is known."""

    @property
    def name(self) -> str: ...
    @property
    def tensors(self) -> NDArray[np.float32]: ...
    @property
    def labels(self) -> NDArray[np.int64] | None: ...
    @property
    def sha256(self) -> str: ...


def data_of(inputs: Inputs) -> Data:
    """As the manifest names them."""
    return Data(inputs.name, len(inputs.tensors), inputs.sha256)


def run_onnx(file: Path, tensors: NDArray[np.float32], as_written: bool = False) -> Outputs:
    """Outputs by name of an ONNX network on this processor.

    Args:
        as_written: quantized values are taken back to float32 and computed so, as the file says, on any processor.

    Raises:
        SignedWeightsUnsupported: it has signed 8-bit weights under 8-bit activations, and the processor has no VNNI.
    """
    onnxruntime = onnx_runtime()

    options = onnxruntime.SessionOptions()
    if as_written:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    else:
        require_exact(file)
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    given, names = session.get_inputs()[0], [one.name for one in session.get_outputs()]
    answers = [session.run(names, {given.name: one_run(tensor, given.shape)}) for tensor in tensors]
    return {name: np.concatenate(one) for name, one in zip(names, zip(*answers, strict=True), strict=True)}


def run_litert(file: Path, tensors: NDArray[np.float32]) -> Outputs:
    """Outputs by name of a .tflite network on this processor."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(file), num_threads=1)
    interpreter.allocate_tensors()
    given, outputs = interpreter.get_input_details()[0], interpreter.get_output_details()
    answers: dict[str, list[NDArray[np.float32]]] = {one["name"]: [] for one in outputs}
    for tensor in tensors:
        interpreter.set_tensor(given["index"], one_run(tensor, given["shape"]))
        interpreter.invoke()
        for one in outputs:
            answers[one["name"]].append(interpreter.get_tensor(one["index"]))
    return {name: np.concatenate(one) for name, one in answers.items()}


def require_exact(file: Path, flags: str | None = None) -> None:
    """Raises ``SignedWeightsUnsupported`` if ONNX Runtime would saturate: without VNNI its sums have 16 bits."""
    if has_signed_weights(file) and not has_vnni(flags):
        raise SignedWeightsUnsupported(
            f"{file.name} has signed 8-bit weights, and this processor has no VNNI: its 16-bit sums saturate, so "
            f"that its answers say nothing about the network; evaluate it where avx512_vnni or avx_vnni is, or on ARM"
        )


def has_vnni(flags: str | None = None) -> bool:
    """Whether 8-bit sums are exact on this processor (x86 with VNNI, or any ARM)."""
    if flags is None:
        if platform.machine() not in ("x86_64", "AMD64"):
            return True
        cpuinfo = Path("/proc/cpuinfo")
        flags = cpuinfo.read_text(encoding="utf-8") if cpuinfo.is_file() else ""
    return not {"avx512_vnni", "avx_vnni"}.isdisjoint(flags.split())


def has_signed_weights(file: Path) -> bool:
    """Whether convolutions take signed 8-bit weights and 8-bit activations; wider activations are computed in float."""
    import onnx

    graph = onnx.load(file).graph
    kinds = {one.name: one.data_type for one in graph.initializer}
    narrow = any(
        node.op_type == "QuantizeLinear" and kinds.get(node.input[2]) in (onnx.TensorProto.UINT8, onnx.TensorProto.INT8)
        for node in graph.node
        if len(node.input) > 2
    )
    weights = (node.input[0] for node in graph.node if node.op_type == "DequantizeLinear")
    return narrow and any(kinds.get(name) == onnx.TensorProto.INT8 for name in weights)


def float_parity(given: Outputs, reference: Outputs, against: str, inputs: Inputs, runs_on: str) -> Parity:
    """The largest difference over all outputs, as a share of the largest value of each (at least of 1)."""
    worst = max(
        float(np.abs(given[name] - values).max() / max(1.0, float(np.abs(values).max())))
        for name, values in reference.items()
    )
    return Parity(against, worst, FLOAT_BAR, "share of the largest value", data_of(inputs), runs_on)


def step_parity(
    given: Outputs, reference: Outputs, steps: dict[str, float], against: str, inputs: Inputs, runs_on: str
) -> Parity:
    """The largest difference in 256ths of the range of the quantized outputs, and the share within the bar."""
    away = [np.abs(given[name] - reference[name]).ravel() / step for name, step in steps.items()]
    every = np.concatenate(away)
    # Outputs are whole steps up to rounding in float32.
    within = float((every < STEPS_BAR + 0.01).mean())
    worst = round(float(every.max()), 2)
    return Parity(against, worst, STEPS_BAR, "steps", data_of(inputs), runs_on, round(within, 5))


def value_steps(floats: Outputs) -> dict[str, float]:
    """256ths of the range that each output of the float network has: the steps of outputs that are not quantized."""
    return {name: max(float(np.ptp(values)), 1e-6) / 256.0 for name, values in floats.items()}


def task_figure(network: str, given: Outputs, floats: Outputs, inputs: Inputs, runs_on: str) -> TaskFigure:
    """The figure of what ``network`` is for, beside that of the float network on the same inputs."""
    if network == "expression":
        if inputs.labels is None:
            raise ConfigError("top-1 needs labelled faces: give a folder with ferplus.npz")
        mine, theirs = (float((one["ferplus"].argmax(1) == inputs.labels).mean()) for one in (given, floats))
        return _figure("top-1", mine, theirs, theirs - mine, TOP1_BAR, "share", inputs, runs_on)
    if network == "face_detection_short_range":
        overlap = box_overlap(given, floats)
        return _figure("box overlap", overlap, 1.0, 1.0 - overlap, BOX_BAR, "share", inputs, runs_on)
    error = points_error_px(given, floats)
    return _figure("mean error of points", error, 0.0, error, POINTS_BAR_PX, "pixels of the input", inputs, runs_on)


def points_error_px(given: Outputs, floats: Outputs) -> float:
    """Mean distance in the picture between points (x, y, z) and those of the float network; the worst output counts."""
    means = []
    for name, values in floats.items():
        size = values[0].size
        if size > 3 and size % 3 == 0:
            apart = (given[name] - values).reshape(len(values), -1, 3)[..., :2]
            means.append(float(np.linalg.norm(apart, axis=-1).mean()))
    return max(means)


def box_overlap(given: Outputs, floats: Outputs) -> float:
    """Mean intersection over union of the boxes of the anchor that the float network likes best, in each picture."""
    best = floats["classificators"][..., 0].argmax(axis=1)
    chosen = np.arange(len(best)), best
    mine, theirs = (_corners(one["regressors"][chosen][:, :4]) for one in (given, floats))
    inner = np.clip(np.minimum(mine[1], theirs[1]) - np.maximum(mine[0], theirs[0]), 0.0, None).prod(axis=1)
    areas = [np.clip(high - low, 0.0, None).prod(axis=1) for low, high in (mine, theirs)]
    return float((inner / np.maximum(areas[0] + areas[1] - inner, 1e-9)).mean())


def _corners(boxes: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return boxes[:, :2] - boxes[:, 2:] / 2.0, boxes[:, :2] + boxes[:, 2:] / 2.0


def _figure(
    name: str, value: float, reference: float, loss: float, bar: float, unit: str, inputs: Inputs, runs_on: str
) -> TaskFigure:
    return TaskFigure(name, round(value, 5), round(reference, 5), round(loss, 5), bar, unit, data_of(inputs), runs_on)
