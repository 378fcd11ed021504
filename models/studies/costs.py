"""What a study's network costs where it is to run: quantized for processors in two runtimes, and for a Hexagon."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wakeful.conversion import measure
from wakeful.conversion.count import operators
from wakeful.conversion.qdq_to_tflite import convert
from wakeful.conversion.qnn import CompileFailed, compile_context
from wakeful.conversion.quantize import Settings, quantize
from wakeful.errors import ConfigError
from wakeful.files import write_file
from wakeful.frozen import dataclass
from wakeful.models.studies.nets import SIZE_PX
from wakeful.models.training.export import write_onnx
from wakeful.models.variants import Precision, soc
from wakeful.onnx_runtime import onnx_runtime

if TYPE_CHECKING:
    from torch import nn

CHIP = "qcs8550"
TIMED = 300


@dataclass(frozen=True, slots=True)
class Costs:
    """Of one face.

    Attributes:
        operators: of the float ONNX file.
        litert_ms, onnx_ms: medians of the int8 networks, one thread.
        on_hexagon: operators that the chip takes: all, or 0 where it does not take the whole network; None where no
            compiler is.
        answers: logits [N, 8] of the int8 network in LiteRT.
    """

    operators: int
    litert_ms: float
    onnx_ms: float
    on_hexagon: int | None
    answers: NDArray[np.float32]


def costs_of(net: nn.Module, out: Path, calibration: NDArray[np.float32], judged: NDArray[np.float32]) -> Costs:
    """Converts the network into files in ``out`` and measures them on faces [N, 1, 32, 32] float32."""
    # ONNX Runtime advises steps that the export has done already.
    logging.disable(logging.WARNING)
    source, int8, wide = (out / name for name in ("float.onnx", "int8.onnx", "a16w8.onnx"))
    write_onnx(net, source, (1, 1, SIZE_PX, SIZE_PX), "face", ["expression"])
    quantize(source, int8, Settings(Precision.INT8, per_channel=True, percentile=99.99), calibration)
    lite = out / "int8.tflite"
    import onnx

    write_file(lite, convert(onnx.load(int8)), private=False)
    quantize(source, wide, Settings(Precision.A16W8, per_channel=True), calibration)
    count = operators(source).total()
    return Costs(
        count,
        _litert_ms(lite, judged[:1]),
        _onnx_ms(int8, judged[:1]),
        _on_hexagon(wide, out / f"{CHIP}.onnx", count),
        measure.run_litert(lite, judged)["expression"],
    )


def _on_hexagon(source: Path, target: Path, count: int) -> int | None:
    try:
        compile_context(source, soc(CHIP), target)
    except CompileFailed:
        return 0
    except ConfigError:
        return None
    return count


def _litert_ms(file: Path, face: NDArray[np.float32]) -> float:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(file), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], face)
    times = []
    for _ in range(TIMED):
        begun = time.perf_counter()
        interpreter.invoke()
        times.append(time.perf_counter() - begun)
    return float(np.median(times)) * 1e3


def _onnx_ms(file: Path, face: NDArray[np.float32]) -> float:
    onnxruntime = onnx_runtime()

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    times = []
    for _ in range(TIMED):
        begun = time.perf_counter()
        session.run(None, {"face": face})
        times.append(time.perf_counter() - begun)
    return float(np.median(times)) * 1e3
