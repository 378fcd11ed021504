"""Evaluates what was exported as what was trained: the file that the monitor runs, in the network's place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from wakeful.device.perception.network import load_file
from wakeful.models.training.run import loaded


class Exported(nn.Module):
    """An exported network. It takes any number of inputs, and runs as many at a time as in the monitor."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._network = load_file(file)

    def forward(self, inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Its outputs in their order, or its only one, of inputs [N, channels, height, width]."""
        given, together = inputs.numpy(), self._network.input_shape[0]
        answers = []
        for start in range(0, len(given), together):
            rows = np.minimum(np.arange(start, start + together), len(given) - 1)
            answers.append([answer.copy() for answer in self._network(given[rows])])
        outputs = [torch.from_numpy(np.concatenate(part)[: len(given)]) for part in zip(*answers, strict=True)]
        return outputs[0] if len(outputs) == 1 else tuple(outputs)


def trained_or_exported(net: nn.Module, file: Path, task: str) -> nn.Module:
    """``net`` with the weights that a training wrote, or the exported network where ``file`` is a .tflite one."""
    return Exported(file) if file.suffix == ".tflite" else loaded(net, file, task)
