"""What may die in compiling for a Hexagon: ``python -m wakeful.conversion.qnn_child JOB`` has a process of its own.

Qualcomm's libraries end the process on some broken contexts instead of raising, and keep the first chip they were set
up for. Jobs: ``compile`` a QDQ network into a context, ``run`` a context or a QDQ network on given inputs. Where there
is no Hexagon, the libraries for x86-64 simulate one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from wakeful.conversion.shapes import one_run
from wakeful.onnx_runtime import onnx_runtime

PROVIDER = "QNNExecutionProvider"


def main() -> None:
    """Does the job that the file says; the last line of stdout is its result as JSON, or an error."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        result = {"compile": _compile, "run": _run}[job["do"]](job)
    except Exception as error:  # ONNX Runtime's own exceptions share no base
        result = {"error": str(error).strip().splitlines()[0]}
    print(json.dumps(result), flush=True)


def session(file: str, options: Any, provider: dict[str, str]) -> Any:
    """A session with the plugin provider alone; nothing may fall back to the processor."""
    onnxruntime = onnx_runtime()
    import onnxruntime_qnn

    onnxruntime.register_execution_provider_library(PROVIDER, onnxruntime_qnn.get_library_path())
    devices = [one for one in onnxruntime.get_ep_devices() if one.ep_name == PROVIDER]
    options.log_severity_level = 3
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    # Networks with a free batch size are run with one picture at a time; a Hexagon wants every size fixed.
    options.add_free_dimension_override_by_name("faces", 1)
    settings = {"backend_path": onnxruntime_qnn.get_qnn_htp_path(), **provider}
    options.add_provider_for_devices(devices[:1], settings)
    return onnxruntime.InferenceSession(file, options)


def _compile(job: dict[str, Any]) -> dict[str, Any]:
    onnxruntime = onnx_runtime()

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("ep.context_enable", "1")
    options.add_session_config_entry("ep.context_file_path", job["target"])
    options.add_session_config_entry("ep.context_embed_mode", "0")
    provider = {"soc_model": str(job["soc_model"]), "htp_graph_finalization_optimization_mode": "3"}
    session(job["file"], options, provider)
    return {}


def _run(job: dict[str, Any]) -> dict[str, Any]:
    onnxruntime = onnx_runtime()

    network = session(job["file"], onnxruntime.SessionOptions(), {})
    if "inputs" not in job:
        return {}
    tensors = np.load(job["inputs"])
    given = network.get_inputs()[0]
    answers = [network.run(None, {given.name: one_run(tensor, given.shape)}) for tensor in tensors]
    outputs = [one.name for one in network.get_outputs()]
    together: dict[str, Any] = {name: np.concatenate([one[i] for one in answers]) for i, name in enumerate(outputs)}
    np.savez(job["outputs"], **together)
    return {}


if __name__ == "__main__":
    main()
