"""Leaves out of a calibration set what drives a network far beyond its usual values.

Bounds of activations that serve a few odd inputs make the steps of all others coarse. Upright videos with black bars at
their sides do that to the detector: forty times its usual values, in the bars, where no face is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.conversion.shapes import one_run
from wakeful.onnx_runtime import onnx_runtime

Floats = NDArray[np.float32]


def typical(source: Path, tensors: Floats, times: float) -> Floats:
    """Those of ``tensors`` that drive no convolution further than ``times`` its median over all of them.

    Args:
        source: a float network of one input.
        tensors: float32 [N, ...], its inputs.
        times: at least 1.
    """
    largest = _largest(source, tensors)
    usual = np.maximum(np.median(largest, axis=0), np.finfo(np.float32).tiny)
    return np.asarray(tensors[(largest / usual).max(axis=1) <= times], np.float32)


def _largest(source: Path, tensors: Floats) -> Floats:
    """The largest absolute value of each convolution for each input: [N, convolution]."""
    import onnx

    onnxruntime = onnx_runtime()

    model = onnx.load(source)
    names = [node.output[0] for node in model.graph.node if node.op_type == "Conv"]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    return np.array(
        [
            [np.abs(one).max() for one in session.run(names, {given.name: one_run(tensor, given.shape)})]
            for tensor in tensors
        ]
    )
