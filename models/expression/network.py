"""Expression networks as files (.onnx, .tflite) and what they say of faces; needs their runtime, not torch."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import ModelError
from wakeful.models.expression.face import FER2013_CLASSES, FERPLUS_CLASSES, SIZE_PX, standardise
from wakeful.onnx_runtime import onnx_runtime

BATCH = 64
Floats = NDArray[np.float32]
Run = Callable[[Floats], tuple[Floats, Floats]]


class WeightsError(ModelError, ValueError):
    """A weights file that is no expression network."""


class ExpressionFile:
    """An exported network, float or int8.

    Raises:
        WeightsError: the file cannot be read or takes and gives something else.
    """

    def __init__(self, file: Path, threads: int = 1) -> None:
        if not file.is_file():
            raise WeightsError(f"there is no weights file {file}")
        taken, given, self._run = _opened(file, threads)
        if taken != [(1, SIZE_PX, SIZE_PX)] or given != [len(FERPLUS_CLASSES), len(FER2013_CLASSES)]:
            raise WeightsError(
                f"{file} is not an expression network: it takes {taken} and gives {given} values, "
                f"not [(1, {SIZE_PX}, {SIZE_PX})] and [{len(FERPLUS_CLASSES)}, {len(FER2013_CLASSES)}]"
            )
        self.bytes = file.stat().st_size

    def logits(self, faces: NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """Logits ([N, 8], [N, 7]) of grey faces [N, 48, 48]."""
        parts = [self._read(faces[start : start + BATCH]) for start in range(0, len(faces), BATCH)]
        ferplus, fer2013 = zip(*parts, strict=True)
        return np.concatenate(ferplus), np.concatenate(fer2013)

    def median_ms(self, runs: int = 200) -> float:
        """Median time of one face, standardised and read, in milliseconds."""
        face = np.random.default_rng(0).integers(0, 256, (1, SIZE_PX, SIZE_PX), dtype=np.uint8)
        times = []
        for _ in range(runs):
            begun = time.perf_counter()
            self._read(face)
            times.append(time.perf_counter() - begun)
        return float(np.median(times)) * 1e3

    def _read(self, faces: NDArray[np.uint8]) -> tuple[Floats, Floats]:
        return self._run(standardise(faces))


def _opened(file: Path, threads: int) -> tuple[list[tuple[int, ...]], list[int], Run]:
    """Shape of each input without the batch, width of each output, and how it is run."""
    return (_in_litert if file.suffix == ".tflite" else _in_onnxruntime)(file, threads)


def _in_onnxruntime(file: Path, threads: int) -> tuple[list[tuple[int, ...]], list[int], Run]:
    onnxruntime = onnx_runtime()

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exceptions share no base
        raise WeightsError(f"{file} is not an ONNX network: {str(error).splitlines()[0]}") from None
    inputs = session.get_inputs()

    def run(faces: Floats) -> tuple[Floats, Floats]:
        ferplus, fer2013 = session.run(None, {inputs[0].name: faces})
        return ferplus, fer2013

    return [tuple(one.shape[1:]) for one in inputs], [one.shape[-1] for one in session.get_outputs()], run


def _in_litert(file: Path, threads: int) -> tuple[list[tuple[int, ...]], list[int], Run]:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tflite_runtime.interpreter import Interpreter
    try:
        interpreter = Interpreter(model_path=str(file), num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise WeightsError(f"{file} is no .tflite network: {' '.join(str(error).split())}") from None
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()

    def run(faces: Floats) -> tuple[Floats, Floats]:
        """One by one: the file is made for one face."""
        answers = []
        for face in faces:
            interpreter.set_tensor(inputs[0]["index"], face[np.newaxis])
            interpreter.invoke()
            answers.append([interpreter.get_tensor(one["index"]) for one in outputs])
        ferplus, fer2013 = zip(*answers, strict=True)
        return np.concatenate(ferplus), np.concatenate(fer2013)

    return [tuple(one["shape"][1:].tolist()) for one in inputs], [int(one["shape"][-1]) for one in outputs], run
