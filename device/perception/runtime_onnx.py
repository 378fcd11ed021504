"""ONNX Runtime: for networks that come as .onnx files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.perception.network import NetworkLoadError


class OnnxNetwork:
    """An .onnx file in an ONNX Runtime session on the processor."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions share no base but Exception
            raise NetworkLoadError(
                f"{path}: ONNX Runtime cannot load it ({str(error).splitlines()[0]}); run `wakeful models verify`"
            ) from error
        given = self._session.get_inputs()[0]
        self._input = given.name
        # Symbolic dimensions (a free batch size) come as text or None; wakeful runs one picture at a time.
        self.input_shape: tuple[int, ...] = tuple(n if isinstance(n, int) else 1 for n in given.shape)

    def __call__(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        outputs: list[NDArray[np.float32]] = self._session.run(None, {self._input: tensor})
        return outputs
