"""ONNX Runtime: for networks that come as .onnx files, on the processor or behind a provider.

Converted networks take channels first (NCHW) where perception hands pictures over with channels last (NHWC), as the
registry describes them. The difference is undone here, so that nobody else has to know which file is in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.network import NetworkLoadError
from wakeful.models.registry import Network as Entry
from wakeful.onnx_runtime import onnx_runtime


class OnnxNetwork:
    """An .onnx file in an ONNX Runtime session on the processor.

    Args:
        entry: what the registry says the network takes and gives; a file that was converted from it is then driven as
            if it were the original. None takes the file as it is.
    """

    def __init__(self, path: Path, threads: int = 1, entry: Entry | None = None) -> None:
        options = session_options(threads)
        self._driven = Driven(open_session(path, options, providers=["CPUExecutionProvider"]), entry)
        self.input_shape = self._driven.input_shape

    def __call__(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return self._driven(tensor)


class Driven:
    """A session with the input layout, the order and the shapes of outputs that the registry describes."""

    def __init__(self, session: Any, entry: Entry | None) -> None:
        self._session = session
        given = session.get_inputs()[0]
        self._input = given.name
        # Symbolic dimensions (a free batch size) come as text or None; wakeful runs one picture at a time.
        taken = tuple(n if isinstance(n, int) else 1 for n in given.shape)
        self.input_shape: tuple[int, ...] = entry.inputs[0].shape if entry else taken
        self._axes = to_channels_first(self.input_shape, taken)
        self._outputs, self._shapes = _outputs_of(session, entry)

    def __call__(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        given = tensor if self._axes is None else np.ascontiguousarray(tensor.transpose(self._axes))
        outputs: list[NDArray[np.float32]] = self._session.run(self._outputs, {self._input: given})
        return [one if shape is None else one.reshape(shape) for one, shape in zip(outputs, self._shapes, strict=True)]


def session_options(threads: int) -> Any:
    """Options that every session of wakeful shares."""
    onnxruntime = onnx_runtime()

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options


def open_session(path: Path, options: Any, **how: Any) -> Any:
    """A session of the file; ``NetworkLoadError`` if ONNX Runtime refuses it."""
    onnxruntime = onnx_runtime()

    try:
        return onnxruntime.InferenceSession(str(path), options, **how)
    except Exception as error:  # its exceptions share no base but Exception
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise NetworkLoadError(
            f"{path}: ONNX Runtime cannot load it ({reason}); run `wakeful models verify`"
        ) from error


def to_channels_first(described: Sequence[int], taken: Sequence[int]) -> tuple[int, ...] | None:
    """The axes that turn a described input [1, H, W, C] into the taken one [1, C, H, W]; None if nothing is to be done.

    Raises:
        NetworkLoadError: the file takes something else altogether.
    """
    if tuple(described) == tuple(taken):
        return None
    if len(described) == 4 and tuple(taken) == tuple(described[axis] for axis in (0, 3, 1, 2)):
        return (0, 3, 1, 2)
    raise NetworkLoadError(
        f"the converted network takes {tuple(taken)}, and {tuple(described)} was expected: convert it again"
    )


def _outputs_of(session: Any, entry: Entry | None) -> tuple[list[str] | None, list[tuple[int, ...] | None]]:
    """Names of the outputs in the registry's order, and the shapes to give them."""
    names = [one.name for one in session.get_outputs()]
    if entry is None:
        return None, [None] * len(names)
    described = [one.name for one in entry.outputs]
    ordered = described if set(described) <= set(names) else names[: len(described)]
    return ordered, [one.shape for one in entry.outputs]
