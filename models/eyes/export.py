"""Turns trained weights into what is shipped: one float32 ONNX network for one eye, batch normalisation folded in."""

from __future__ import annotations

from pathlib import Path

from wakeful.models.eyes.net import EyeNet
from wakeful.models.eyes.patch import SIZE_PX
from wakeful.models.training.export import write_onnx

FILE = "eye_visibility.onnx"


def export(net: EyeNet, out: Path) -> Path:
    """Write ``eye_visibility.onnx`` into ``out`` in one step; gives its path."""
    return write_onnx(net, out / FILE, (1, 1, SIZE_PX, SIZE_PX), "eye", ["seen"])
