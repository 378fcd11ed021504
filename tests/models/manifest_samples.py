"""A variant of a network as the manifest of conversions tells it, with figures that keep their bars."""

from __future__ import annotations

from wakeful.models.manifest import Data, Parity, TaskFigure, Variant

FACES = Data("FER+ test", 512, "0" * 64)
PARITY = Parity("ONNX Runtime on the same file", 1.0, 2.0, "steps", FACES, "simulated Hexagon", 0.99)
TOP_1 = TaskFigure("top-1", 0.809, 0.811, 0.002, 0.005, "share", FACES, "simulated Hexagon")
VARIANT = Variant(
    network="expression",
    precision="int8",
    runtime="qnn",
    file="contexts/expression.int8.sm8650.onnx",
    bytes=733_184,
    sha256="a" * 64,
    source="expression.onnx",
    source_sha256="b" * 64,
    macs=70_000_000,
    operators={"npu": 61, "cpu": 0},
    tools={"onnxruntime": "1.32.0"},
    soc="sm8650",
    wrapper_sha256="c" * 64,
    calibration=FACES,
    parity=PARITY,
    task=(TOP_1,),
)
