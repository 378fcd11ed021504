"""The Hexagon NPU of a Snapdragon, through ONNX Runtime's QNN provider (package onnxruntime-qnn).

The provider is a library that is registered with ONNX Runtime once in a process. A library that does not fit the board
or a context made for another chip can end the process without a word: what is opened here must have been tried before,
by ``wakeful.device.perception.qnn_probe``.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.hexagon import PROVIDER
from wakeful.device.perception.native_output import silence_native_output
from wakeful.device.perception.network import NetworkLoadError
from wakeful.device.perception.runtime_onnx import Driven, open_session, session_options
from wakeful.models.registry import Network as Entry
from wakeful.onnx_runtime import onnx_runtime

# Clocks stay up between the few short runs of a frame, without the heat of ``burst``.
PERFORMANCE = "sustained_high_performance"


class QnnNetwork:
    """A context, or a QDQ network to be compiled now, wholly on the NPU.

    Args:
        entry: what the registry says the network takes and gives.
        soc_model: the provider's number of the chip, for the simulator; None on a board, which knows its own.

    Raises:
        NetworkLoadError: the provider lists no Hexagon, refuses the file, or cannot run all of it on the NPU.
    """

    def __init__(self, path: Path, entry: Entry, soc_model: int | None = None) -> None:
        self._driven = Driven(open_npu_session(path, soc_model), entry)
        self.input_shape = self._driven.input_shape

    def __call__(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return self._driven(tensor)


def open_npu_session(path: Path, soc_model: int | None = None, compile_to: Path | None = None) -> Any:
    """A session of ``path`` on the NPU alone; ``compile_to`` keeps what was compiled, in one file.

    Raises:
        NetworkLoadError: see ``QnnNetwork``.
    """
    devices = npu_devices(simulated=soc_model is not None)
    if not devices:
        raise NetworkLoadError("the QNN provider lists no Hexagon on this machine: see `wakeful doctor`")
    options = session_options(threads=1)
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    options.add_free_dimension_override_by_name("faces", 1)
    if compile_to is not None:
        options.add_session_config_entry("ep.context_enable", "1")
        options.add_session_config_entry("ep.context_file_path", str(compile_to))
        options.add_session_config_entry("ep.context_embed_mode", "1")
    how = {"backend_path": _backend(), "htp_performance_mode": PERFORMANCE}
    if soc_model is not None:
        how["soc_model"] = str(soc_model)
    options.add_provider_for_devices(devices, how)
    with silence_native_output(1, 2):
        return open_session(path, options)


@functools.cache
def npu_devices(simulated: bool = False) -> tuple[Any, ...]:
    """The Hexagons that the provider lists. On x86-64 it lists the processor, on which its simulator runs.

    Raises:
        NetworkLoadError: the package is missing or its library does not load.
    """
    onnxruntime = onnx_runtime()

    try:
        import onnxruntime_qnn

        onnxruntime.register_execution_provider_library(PROVIDER, onnxruntime_qnn.get_library_path())
    except Exception as error:  # what a vendor's library raises has no common base
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise NetworkLoadError(f"the QNN provider cannot be loaded ({reason}): see `wakeful doctor`") from error
    wanted = onnxruntime.OrtHardwareDeviceType.CPU if simulated else onnxruntime.OrtHardwareDeviceType.NPU
    return tuple(one for one in onnxruntime.get_ep_devices() if one.ep_name == PROVIDER and one.device.type == wanted)


def _backend() -> str:
    import onnxruntime_qnn

    return str(onnxruntime_qnn.get_qnn_htp_path())
