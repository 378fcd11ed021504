"""Trained networks as ONNX files of a fixed number of crops, batch normalisation folded in."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from wakeful.models.training.files import write_whole

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

    def write(part: Path) -> None:
        with warnings.catch_warnings():
            # The exporter by tracing is called legacy; the new one needs another package and keeps more nodes.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                net.eval(),
                (torch.zeros(crops, 1, rows, columns),),
                str(part),
                dynamo=False,
                opset_version=OPSET,
                input_names=["crop"],
                output_names=list(outputs),
            )

    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, write)
    return file
