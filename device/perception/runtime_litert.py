"""LiteRT with XNNPACK: the quickest runtime for the shipped float networks on ARM and x86 processors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.amx import refused_amx
from wakeful.device.perception.native_output import silence_native_output
from wakeful.device.perception.network import NetworkLoadError


class LiteRtNetwork:
    """A .tflite file in a LiteRT interpreter.

    Old boards that have only ``tflite-runtime`` are served by the same class: the interpreters are alike.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        try:
            # Its native part tells that it made a delegate, and knows no switch against it.
            with silence_native_output(2), refused_amx():
                self._interpreter = _interpreter_class()(model_path=str(path), num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise NetworkLoadError(f"{path}: LiteRT cannot load it ({error}); run `wakeful models verify`") from error
        given = self._interpreter.get_input_details()[0]
        self._input = given["index"]
        self._outputs = [output["index"] for output in self._interpreter.get_output_details()]
        self.input_shape: tuple[int, ...] = tuple(int(n) for n in given["shape"])

    def __call__(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self._interpreter.set_tensor(self._input, tensor)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]


def _interpreter_class() -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tflite_runtime.interpreter import Interpreter
    return Interpreter
