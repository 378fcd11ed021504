"""dlib's face recognition network in torch, from dlib's own file: eight times as quick as dlib without a BLAS.

Fourteen residual blocks of two 3x3 convolutions (King, High Quality Face Recognition with Deep Metric Learning, 2017).
Where a block halves the picture, what passes it by is averaged, and channels and edges that are missing are zeros.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

MEAN = (122.782, 117.001, 104.298)
BLOCKS = ((32, 3, False), (64, 4, True), (128, 3, True), (256, 3, True), (256, 1, True))
"""Channels, number of blocks, and whether the first of them halves the picture."""
AT_ONCE = 32


class DlibNetwork:
    """Chips uint8 [N, 150, 150, 3] (red-green-blue) to float32 [N, 128].

    Raises:
        ValueError: the file holds another network.
    """

    def __init__(self, file: Path) -> None:
        layers = _layers(file.read_bytes())
        self._stem = _folded(layers, 3, 32, 7)
        self._blocks: list[tuple[Any, Any, bool]] = []
        channels = 32
        for outputs, count, halves in BLOCKS:
            for number in range(count):
                first = _folded(layers, channels, outputs, 3)
                self._blocks.append((first, _folded(layers, outputs, outputs, 3), halves and number == 0))
                channels = outputs
        self._out = torch.from_numpy(_next(layers, "fc").reshape(channels, -1).copy())

    def __call__(self, chips: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        with torch.no_grad():
            parts = [self._run(np.stack(chips[i : i + AT_ONCE])) for i in range(0, len(chips), AT_ONCE)]
        found: NDArray[np.float32] = torch.cat(parts).numpy()
        return found

    def _run(self, chips: NDArray[np.uint8]) -> Tensor:
        levels = ((torch.from_numpy(chips).float() - torch.tensor(MEAN)) / 256.0).permute(0, 3, 1, 2)
        x = F.max_pool2d(F.relu(F.conv2d(levels, *self._stem, stride=2)), 3, 2)
        for first, second, halves in self._blocks:
            inner = F.conv2d(x, *first, stride=2 if halves else 1, padding=0 if halves else 1)
            inner = F.conv2d(F.relu(inner), *second, padding=1)
            past = F.avg_pool2d(x, 2, 2) if halves else x
            shape = [max(pair) for pair in zip(inner.shape, past.shape, strict=True)]
            x = F.relu(_filled(inner, shape) + _filled(past, shape))
        return x.mean(dim=(2, 3)) @ self._out


def _filled(x: Tensor, shape: list[int]) -> Tensor:
    """``x`` with zeros after its last channel, row and column."""
    return F.pad(x, (0, shape[3] - x.shape[3], 0, shape[2] - x.shape[2], 0, shape[1] - x.shape[1]))


def _folded(
    layers: Iterator[tuple[str, NDArray[np.float32]]], inputs: int, outputs: int, side: int
) -> tuple[Tensor, Tensor]:
    """Weights and bias of a convolution with the scale and shift of each channel after it."""
    numbers, affine = _next(layers, "con"), _next(layers, "affine").reshape(2, outputs)
    count = outputs * inputs * side * side
    weights, bias = numbers[:count].reshape(outputs, inputs, side, side), numbers[count:]
    folded = weights * affine[0][:, None, None, None]
    return torch.from_numpy(folded), torch.from_numpy(bias * affine[0] + affine[1])


def _next(layers: Iterator[tuple[str, NDArray[np.float32]]], kind: str) -> NDArray[np.float32]:
    name, numbers = next(layers, ("nothing", np.empty(0, np.float32)))
    if not name.startswith(kind):
        raise ValueError(f"not dlib's face recognition network: it has {name} where {kind} should be")
    return numbers


def _layers(content: bytes) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Kind and numbers of each layer, from the input on: a name, then a tensor (version, four sizes, floats)."""
    for found in re.finditer(rb"\x01(.)(con_\d?|affine_\d?|fc_\d?)", content, re.DOTALL):
        length = found[1][0]
        name, at = found[2][:length].decode(), found.start(2) + length
        for _ in range(3 if name.startswith("fc") else 1):  # outputs and inputs of a matrix, version of the tensor
            _, at = _whole(content, at)
        sizes = []
        for _ in range(4):
            size, at = _whole(content, at)
            sizes.append(size)
        yield name, np.frombuffer(content, "<f4", int(np.prod(sizes)), at)


def _whole(content: bytes, at: int) -> tuple[int, int]:
    """An integer as dlib writes it: how many bytes, then those; and where the next begins."""
    end = at + 1 + (content[at] & 0x0F)
    return int.from_bytes(content[at + 1 : end], "little"), end
