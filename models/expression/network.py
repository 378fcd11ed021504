"""Expression networks as files (.onnx) and what they say of faces; needs ONNX Runtime, not torch."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.expression.face import FER2013_CLASSES, FERPLUS_CLASSES, SIZE_PX, standardise
from wakeful import ModelError

BATCH = 64


class WeightsError(ModelError, ValueError):
    """A weights file that is no expression network."""


class ExpressionFile:
    """An exported network, float or int8.

    Raises:
        WeightsError: the file cannot be read or takes and gives something else.
    """

    def __init__(self, file: Path, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        if not file.is_file():
            raise WeightsError(f"there is no weights file {file}")
        try:
            self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's own exceptions share no base
            raise WeightsError(f"{file} is no ONNX network: {str(error).splitlines()[0]}") from None
        taken = [tuple(one.shape[1:]) for one in self._session.get_inputs()]
        given = [one.shape[-1] for one in self._session.get_outputs()]
        if taken != [(1, SIZE_PX, SIZE_PX)] or given != [len(FERPLUS_CLASSES), len(FER2013_CLASSES)]:
            raise WeightsError(
                f"{file} is no expression network: it takes {taken} and gives {given} values, "
                f"not [(1, {SIZE_PX}, {SIZE_PX})] and [{len(FERPLUS_CLASSES)}, {len(FER2013_CLASSES)}]"
            )
        self._input = self._session.get_inputs()[0].name
        self.bytes = file.stat().st_size

    def logits(self, faces: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
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

    def _read(self, faces: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        ferplus, fer2013 = self._session.run(None, {self._input: standardise(faces)})
        return ferplus, fer2013
