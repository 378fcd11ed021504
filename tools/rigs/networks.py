"""Networks for tests: read from their files once in a process, counted, and broken on command."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.network import Loader, Network, load

_load_once = cache(load)
LANDMARKS = ("face", "lids", "mouth", "face_landmark", "iris_landmark", "face_landmarks_detector")


def kept(name: str, threads: int = 1) -> Network:
    """As ``load``, for tests that run a network in their own thread: all of a process share it."""
    network: Network = _load_once(name, threads)
    return network


class Breakable:
    """Gives networks, as ``load`` does, that can be made to answer NaN.

    A network's own belief to see something, a single number, stays as it is.

    Attributes:
        broken: names of the networks that answer NaN from now on.
        runs: how often each has been run.
    """

    def __init__(self, load: Loader = load) -> None:
        self.broken: tuple[str, ...] = ()
        self.runs: Counter[str] = Counter()
        self._load = load

    def __call__(self, name: str, threads: int = 1) -> Network:
        return _Watched(self, name, self._load(name, threads))


class _Watched:
    """One of them."""

    def __init__(self, owner: Breakable, name: str, network: Network) -> None:
        self.input_shape = network.input_shape
        self._owner, self._name, self._network = owner, name, network

    def __call__(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self._owner.runs[self._name] += 1
        answers = self._network(tensor)
        if self._name not in self._owner.broken:
            return answers
        return [np.full_like(answer, np.nan) if answer.size > 1 else answer for answer in answers]
