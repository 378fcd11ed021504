"""Turns trained weights into what is shipped: one float32 ONNX network for one eye, batch normalisation folded in."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from wakeful.models.eyes.net import EyeNet
from wakeful.models.eyes.patch import SIZE_PX

FILE = "eye_visibility.onnx"
OPSET = 17


def export(net: EyeNet, out: Path) -> Path:
    """Writes ``eye_visibility.onnx`` into ``out``, whole or not at all; gives its path."""
    out.mkdir(parents=True, exist_ok=True)
    file, part = out / FILE, out / (FILE + ".part")
    with warnings.catch_warnings():
        # The exporter by tracing is called legacy; the new one needs another package and keeps more nodes.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net.eval(),
            (torch.zeros(1, 1, SIZE_PX, SIZE_PX),),
            str(part),
            dynamo=False,
            opset_version=OPSET,
            input_names=["eye"],
            output_names=["seen"],
        )
    part.replace(file)
    return file
