"""ONNX to an int8 .tflite file, in an environment of its own: ``python litert_child.py JOB.json``.

Google's converter (``litert-torch``) takes networks of torch and pins versions that nothing else here should be bound
to, so that this file imports nothing of wakeful. The ONNX file is played as a module of torch, operator by operator,
converted, and quantized with ``ai-edge-quantizer``: int8 activations, int8 weights for each channel.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch.nn import functional


class Played(torch.nn.Module):  # type: ignore[misc]
    """A float ONNX network of convolutions, sums and matrix products; operators that it does not know are refused."""

    def __init__(self, file: str) -> None:
        super().__init__()
        graph = onnx.load(file).graph
        self.given = [one.name for one in graph.input]
        self.outputs = [one.name for one in graph.output]
        self.steps = [
            (
                one.op_type,
                list(one.input),
                one.output[0],
                {a.name: onnx.helper.get_attribute_value(a) for a in one.attribute},
            )
            for one in graph.node
        ]
        for one in graph.initializer:
            self.register_buffer(_plain(one.name), torch.from_numpy(onnx.numpy_helper.to_array(one).copy()))
        for kind, *_ in self.steps:
            if kind not in OPERATORS:
                raise ValueError(f"the operator {kind} cannot be converted to LiteRT")

    def forward(self, face: torch.Tensor) -> tuple[torch.Tensor, ...]:
        values = {self.given[0]: face}
        for kind, inputs, output, options in self.steps:
            taken = [values[name] if name in values else getattr(self, _plain(name)) for name in inputs]
            values[output] = OPERATORS[kind](taken, options)
        return tuple(values[name] for name in self.outputs)


def _plain(name: str) -> str:
    return "w_" + "".join(letter if letter.isalnum() else "_" for letter in name)


def _conv(taken: list[torch.Tensor], options: dict[str, Any]) -> torch.Tensor:
    top, left, bottom, right = options.get("pads", [0, 0, 0, 0])
    image, weight, *bias = taken
    padding: Any = (top, left)
    if (top, left) != (bottom, right):
        image, padding = functional.pad(image, (left, right, top, bottom)), 0
    return functional.conv2d(
        image,
        weight,
        bias[0] if bias else None,
        stride=tuple(options.get("strides", (1, 1))),
        padding=padding,
        dilation=tuple(options.get("dilations", (1, 1))),
        groups=options.get("group", 1),
    )


def _gemm(taken: list[torch.Tensor], options: dict[str, Any]) -> torch.Tensor:
    weight = taken[1] if options.get("transB") else taken[1].T
    return functional.linear(taken[0], weight, taken[2])


OPERATORS: dict[str, Any] = {
    "Add": lambda taken, options: taken[0] + taken[1],
    "Conv": _conv,
    "Flatten": lambda taken, options: taken[0].flatten(1),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda taken, options: taken[0].mean((2, 3), keepdim=True),
    "Identity": lambda taken, options: taken[0],
    "Mul": lambda taken, options: taken[0] * taken[1],
    "Relu": lambda taken, options: functional.relu(taken[0]),
    "Sigmoid": lambda taken, options: torch.sigmoid(taken[0]),
}


def main() -> None:
    """Does the job: ``onnx``, ``inputs`` (.npy to calibrate with), ``float``, ``int8`` (files to write)."""
    import litert_torch
    from ai_edge_quantizer import quantizer, recipe

    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    inputs = np.load(job["inputs"])
    network = Played(job["onnx"]).eval()
    litert_torch.convert(network, (torch.from_numpy(inputs[:1]),)).export(job["float"])
    maker = quantizer.Quantizer(job["float"], recipe.static_wi8_ai8())
    given = [{"args_0": tensor[np.newaxis]} for tensor in inputs]
    found = maker.calibrate({"serving_default": given}, num_threads=1)
    maker.quantize(found).export_model(job["int8"], overwrite=True)
    # Inputs and outputs stay float32 in most recipes; wakeful wants them so.
    from importlib.metadata import version

    print(json.dumps({name: version(name) for name in ("torch", "litert-torch", "ai-edge-quantizer")}))


if __name__ == "__main__":
    main()
