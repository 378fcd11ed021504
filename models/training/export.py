"""Trained networks as ONNX files of a fixed number of crops, batch normalisation folded in.

Weights are rounded to what 16 bits hold, so that a file that stores them so answers the same.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from wakeful.files import replace_file

OPSET = 17


class Chosen(nn.Module):
    """The first ``count`` of a network's outputs: what is learned beside them is not shipped."""

    def __init__(self, net: nn.Module, count: int) -> None:
        super().__init__()
        self.net, self.count = net, count

    def forward(self, crop: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.net(crop)[: self.count])


def parser(description: str | None) -> argparse.ArgumentParser:
    """Options of an export."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--weights", type=Path, required=True, help="weights.pt of a training")
    options.add_argument("--out", type=Path, required=True, help="the .onnx file to write")
    return options


def export(net: nn.Module, file: Path, rows: int, columns: int, outputs: Sequence[str], crops: int = 1) -> Path:
    """Writes ``file`` (.onnx) for float32 [crops, 1, rows, columns], whole or not at all; gives its path."""
    return write_onnx(net, file, (crops, 1, rows, columns), "crop", outputs, half=True)


def write_onnx(
    net: nn.Module,
    file: Path,
    shape: Sequence[int],
    given: str,
    outputs: Sequence[str],
    *,
    free: str | None = None,
    half: bool = False,
) -> Path:
    """Writes ``file`` (.onnx) for one float32 input, whole or not at all; gives its path.

    Args:
        free: name of the first dimension, if any number of inputs may come at a time.
        half: weights are rounded to what 16 bits hold, so that a file that stores them so answers the same.
    """

    def write(part: Path) -> None:
        with warnings.catch_warnings():
            # The exporter by tracing is called legacy; the new one needs another package and keeps more nodes.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                net.eval(),
                (torch.zeros(*shape),),
                str(part),
                dynamo=False,
                opset_version=OPSET,
                input_names=[given],
                output_names=list(outputs),
                dynamic_axes={name: {0: free} for name in (given, *outputs)} if free else None,
            )
        if half:
            _round_to_half(part)

    file.parent.mkdir(parents=True, exist_ok=True)
    replace_file(file, write, private=False)
    return file


def _round_to_half(file: Path) -> None:
    import onnx

    model = onnx.load(file)
    for one in model.graph.initializer:
        values = onnx.numpy_helper.to_array(one)
        if values.ndim > 1:  # biases are few and stay whole
            one.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16).astype(np.float32), one.name))
    onnx.save(model, file)
