"""The worker that runs one network: ``python -m wakeful.device.bench.network_worker JSON``, with the fields of ``Job``.

Times are of one call of the network as perception calls it, from the input array to the output arrays.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.bench.serve import answers, serve
from wakeful.device.perception.network import Network
from wakeful.frozen import dataclass
from wakeful.models import registry
from wakeful.onnx_runtime import onnx_runtime

WARM_RUNS = 3
"""Warm-up runs before each turn: the other workers have replaced its data in the caches."""
INPUTS = 4


@dataclass(frozen=True, slots=True)
class Job:
    """What to run.

    Attributes:
        runtime: ``litert``, ``ort`` or ``qnn``.
        low, high: range of the numbers of an input.
        entry: of the registry, whose input and output names a converted file gets; None leaves them unchanged.
        soc_model: of a simulated Hexagon.
    """

    file: str
    runtime: str
    threads: int
    low: float
    high: float
    entry: str | None = None
    soc_model: int | None = None

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def main() -> None:
    """Loads the network and runs it on request."""
    began_s = time.perf_counter()
    with answers() as out:
        job = Job(**json.loads(sys.argv[1]))
        imported_ms = _import_runtime(job.runtime)
        loading_s = time.perf_counter()
        network = _load(job)
        loaded_s = time.perf_counter()
        tensors = _inputs(network.input_shape, job.low, job.high)
        first_ms = _time_ms(network, tensors[0])
        second_ms = _time_ms(network, tensors[1])
        hello = {
            "import_ms": imported_ms,
            "load_ms": 1000.0 * (loaded_s - loading_s),
            "first_ms": first_ms,
            "second_ms": second_ms,
            "ready_ms": 1000.0 * (time.perf_counter() - began_s),
            "input_shape": network.input_shape,
        }
        serve(out, hello, lambda runs, fps=0.0: _turn(network, tensors, runs, fps))


def _load(job: Job) -> Network:
    entry = registry.network(job.entry) if job.entry else None
    if job.runtime == "litert":
        from wakeful.device.perception.runtime_litert import LiteRtNetwork

        return LiteRtNetwork(Path(job.file), job.threads)
    if job.runtime == "ort":
        from wakeful.device.perception.runtime_onnx import OnnxNetwork

        return OnnxNetwork(Path(job.file), job.threads, entry)
    from wakeful.device.perception.runtime_qnn import QnnNetwork

    assert entry is not None
    return QnnNetwork(Path(job.file), entry, job.soc_model)


def _turn(network: Network, tensors: list[NDArray[np.float32]], runs: int, fps: float) -> dict[str, Any]:
    """``runs`` runs, one after the other; with ``fps`` one per frame of a camera."""
    for tensor in tensors[:WARM_RUNS]:
        network(tensor)
    return _paced(network, tensors, runs, fps) if fps else _at_once(network, tensors, runs)


def _at_once(network: Network, tensors: list[NDArray[np.float32]], runs: int) -> dict[str, Any]:
    times_ms = []
    began_cpu_s = time.process_time()
    for run in range(runs):
        times_ms.append(_time_ms(network, tensors[run % INPUTS]))
    return {"times_ms": times_ms, "cpu_s": time.process_time() - began_cpu_s}


def _paced(network: Network, tensors: list[NDArray[np.float32]], runs: int, fps: float) -> dict[str, Any]:
    """Frames are due at a steady rate; the newest is used, and those skipped are missed, as with a camera."""
    period_s = 1.0 / fps
    times_ms, ages_ms = [], []
    missed = late = 0
    began_cpu_s = time.process_time()
    origin_s = time.perf_counter()
    frame = 0
    while frame < runs:
        due_s = origin_s + frame * period_s
        time.sleep(max(due_s - time.perf_counter(), 0.0))
        times_ms.append(_time_ms(network, tensors[frame % INPUTS]))
        done_s = time.perf_counter()
        ages_ms.append(1000.0 * (done_s - due_s))
        late += done_s - due_s > period_s
        newest = int((done_s - origin_s) / period_s)
        missed += max(min(newest, runs) - frame - 1, 0)
        frame = max(frame + 1, newest)
    cpu_s = time.process_time() - began_cpu_s
    return {"times_ms": times_ms, "cpu_s": cpu_s, "ages_ms": ages_ms, "missed": missed, "late": late}


def _time_ms(network: Network, tensor: NDArray[np.float32]) -> float:
    began_s = time.perf_counter()
    network(tensor)
    return 1000.0 * (time.perf_counter() - began_s)


def _inputs(shape: tuple[int, ...], low: float, high: float) -> list[NDArray[np.float32]]:
    dice = np.random.default_rng(1)
    return [dice.uniform(low, high, shape).astype(np.float32) for _ in range(INPUTS)]


def _import_runtime(runtime: str) -> float:
    began_s = time.perf_counter()
    if runtime != "litert":
        onnx_runtime()
    else:
        try:
            import_module("ai_edge_litert.interpreter")
        except ImportError:
            import_module("tflite_runtime.interpreter")
    return 1000.0 * (time.perf_counter() - began_s)


if __name__ == "__main__":
    main()
