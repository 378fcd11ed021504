"""One network, whichever runtime carries it: ``load("face_landmark")`` and then ``network(tensor)``.

Runtimes are found by name and imported only when a network asks for them; a new one is a file with a class that takes
``(path, threads)`` and a line in ``RUNTIMES``. Which runtime carries which network on this machine is decided in
``wakeful.device.perception.runtime_choice``; what is built of networks takes a ``Loader`` and does not ask.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import ConfigError, ModelError
from wakeful.models import registry

RUNTIMES = {
    "litert": ("wakeful.device.perception.runtime_litert", "LiteRtNetwork", ".tflite"),
    "onnxruntime": ("wakeful.device.perception.runtime_onnx", "OnnxNetwork", ".onnx"),
}


class NetworkLoadError(ModelError, ValueError):
    """A network file that its runtime refuses."""


class Network(Protocol):
    """A loaded network with one float32 input."""

    input_shape: tuple[int, ...]

    def __call__(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run once. ``tensor`` has ``input_shape``; the outputs come in the registry's order and stay valid."""
        ...


class Loader(Protocol):
    """Gives networks of the registry by name."""

    def __call__(self, name: str, threads: int = 1) -> Network:
        """Raises: ModelError: it is missing, corrupt, or refused by the runtime."""
        ...


def load(name: str, threads: int = 1) -> Network:
    """Load a network of the registry, its hash checked, with the runtime its file is made for.

    Raises:
        ModelError: it is missing, corrupt, or refused by the runtime.
    """
    return load_file(registry.path(name), threads)


def load_file(path: Path, threads: int = 1) -> Network:
    """Load a network file with the runtime that its ending names."""
    for module, cls, ending in RUNTIMES.values():
        if path.suffix == ending:
            network: Network = getattr(import_module(module), cls)(path, threads)
            return network
    known = ", ".join(ending for *_, ending in RUNTIMES.values())
    raise ConfigError(f"{path}: no runtime reads {path.suffix or 'files without an ending'}; known endings: {known}")
