"""Turns trained weights into what is shipped: one float32 ONNX network for one eye, batch normalisation folded in."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from wakeful.files import replace_file
from wakeful.models.eyes.net import EyeNet
from wakeful.models.eyes.patch import SIZE_PX

FILE = "eye_visibility.onnx"
OPSET = 17


def export(net: EyeNet, out: Path) -> Path:
    """Write ``eye_visibility.onnx`` into ``out`` in one step; gives its path."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / FILE

    def write(part: Path) -> None:
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

    replace_file(file, write, private=False)
    return file
