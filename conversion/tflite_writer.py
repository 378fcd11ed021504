"""Collects the tensors and operators of a .tflite file and writes it: what ``wakeful.conversion.qdq_to_tflite`` fills.

The schema is TensorFlow Lite's, written with the classes that come with LiteRT (``ai_edge_litert``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE_MARK = b"TFL3"
SCHEMA_VERSION = 3
# LiteRT reads weights directly from the file.
ALIGNMENT = 16
# The oldest version of each operator with int8.
VERSIONS = {
    "ADD": 2,
    "CONCATENATION": 2,
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 3,
    "DEQUANTIZE": 2,
    "FULLY_CONNECTED": 4,
    "MAX_POOL_2D": 2,
    "MEAN": 2,
    "PAD": 2,
    "QUANTIZE": 1,
}
DEQUANTIZE_HALF = 3
BESIDE_FLOATS = {"CONV_2D": 5, "DEPTHWISE_CONV_2D": 6}
"""With weights in int8, scales for each channel, and everything else in float."""
# Fewer numbers are not worth an operator that unfolds them from 16 bits.
FEW = 256


class Writer:
    """One network. Computed tensors are known in ``places`` by their names in the ONNX file."""

    def __init__(self) -> None:
        from ai_edge_litert import schema_py_generated

        self.schema = schema_py_generated
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.buffers: list[Any] = [self.schema.BufferT()]
        self.kinds: list[str] = []
        self.versions = dict(VERSIONS)
        self.places: dict[str, int] = {}
        self.inputs: list[int] = []
        self.outputs: list[int] = []
        self._floats: dict[int, int] = {}

    def computed(self, name: str, shape: list[int], quantizing: tuple[float, int] | None) -> int:
        """A new tensor for what the ONNX file calls ``name``; ``quantizing``: scale and zero point, None in float."""
        if quantizing is None:
            place = self.tensor(name, shape, "FLOAT32")
        else:
            place = self.tensor(f"{name}:int8", shape, "INT8", [quantizing[0]], [quantizing[1]])
        self.places[name] = place
        return place

    def floating(self, place: int) -> int:
        """The tensor at ``place`` in float32, taken back from int8 once where it is so."""
        one = self.tensors[place]
        if one.type != self.schema.TensorType.INT8:
            return place
        if place not in self._floats:
            floats = self.tensor(f"{one.name}:float", list(one.shape), "FLOAT32")
            self.operator("DEQUANTIZE", [place], floats, self.schema.DequantizeOptionsT())
            self._floats[place] = floats
        return self._floats[place]

    def constant(
        self, name: str, values: NDArray[Any], scales: NDArray[np.float32] | None = None, axis: int = 0
    ) -> int:
        """A new constant; with several scales, one for each place of ``axis``."""
        quantized = [] if scales is None else scales.tolist()
        place = self.tensor(name, list(values.shape), values.dtype.name.upper(), quantized, [0] * len(quantized))
        if axis:
            self.tensors[place].quantization.quantizedDimension = axis
        buffer = self.schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self.tensors[place].buffer = len(self.buffers)
        self.buffers.append(buffer)
        return place

    def float_constant(self, name: str, values: NDArray[np.float32]) -> int:
        """A new float32 constant; stored in 16 bits where these hold it exactly."""
        half = values.astype(np.float16)
        if values.size < FEW or not np.array_equal(half.astype(np.float32), values):
            return self.constant(name, values)
        floats = self.tensor(name, list(values.shape), "FLOAT32")
        # LiteRT unfolds it once, when it has loaded the file.
        self.versions["DEQUANTIZE"] = max(self.versions["DEQUANTIZE"], DEQUANTIZE_HALF)
        stored = self.constant(f"{name}:half", half)
        self.operator("DEQUANTIZE", [stored], floats, self.schema.DequantizeOptionsT())
        return floats

    def tensor(
        self, name: str, shape: list[int], kind: str, scales: list[float] | None = None, zeros: list[int] | None = None
    ) -> int:
        """A new tensor; ``kind`` as the schema calls it."""
        one = self.schema.TensorT()
        one.name, one.shape, one.type = name, shape, getattr(self.schema.TensorType, kind)
        if scales:
            one.quantization = self.schema.QuantizationParametersT()
            one.quantization.scale, one.quantization.zeroPoint = scales, zeros
        self.tensors.append(one)
        return len(self.tensors) - 1

    def operator(self, kind: str, inputs: list[int], output: int, options: Any) -> None:
        """A new operator, after all before it."""
        if kind not in self.kinds:
            self.kinds.append(kind)
        one = self.schema.OperatorT()
        one.opcodeIndex, one.inputs, one.outputs = self.kinds.index(kind), inputs, [output]
        one.builtinOptions = options
        one.builtinOptionsType = getattr(self.schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        self.operators.append(one)

    def file(self) -> bytes:
        """The whole file."""
        import flatbuffers

        class Aligned(flatbuffers.Builder):  # type: ignore[misc]
            def StartVector(self, size: int, count: int, alignment: int) -> Any:
                return super().StartVector(size, count, max(alignment, ALIGNMENT))

        graph, model = self.schema.SubGraphT(), self.schema.ModelT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs, graph.name = self.inputs, self.outputs, "main"
        model.version, model.description = SCHEMA_VERSION, "wakeful"
        model.subgraphs, model.buffers = [graph], self.buffers
        model.operatorCodes = [self._code(kind) for kind in self.kinds]
        builder = Aligned(1 << 20)
        builder.Finish(model.Pack(builder), FILE_MARK)
        return bytes(builder.Output())

    def _code(self, kind: str) -> Any:
        code = self.schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(self.schema.BuiltinOperator, kind)
        code.version = self.versions.get(kind, 1)
        return code
