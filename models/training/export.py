"""Trained networks as ONNX files of one crop, batch normalisation folded in."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from wakeful.models.training.files import write_whole

OPSET = 17


def export(net: nn.Module, file: Path, rows: int, columns: int, outputs: Sequence[str]) -> Path:
    """Writes ``file`` (.onnx) for crops float32 [1, 1, rows, columns], whole or not at all; gives its path."""

    def write(part: Path) -> None:
        with warnings.catch_warnings():
            # The exporter by tracing is called legacy; the new one needs another package and keeps more nodes.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                net.eval(),
                (torch.zeros(1, 1, rows, columns),),
                str(part),
                dynamo=False,
                opset_version=OPSET,
                input_names=["crop"],
                output_names=list(outputs),
            )

    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, write)
    return file
