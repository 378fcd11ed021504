"""Looks into an expression network: what it attended to in one face, and what it is made of.

Since the last features are averaged over the picture and then multiplied by one matrix, Grad-CAM (Selvaraju et al.
2017) needs no gradients here: the derivative of an answer by a feature is the matrix entry itself.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.explain.network import Explanation, constants_of, examine, open_network
from wakeful.models.expression.face import FERPLUS_CLASSES, SIZE_PX, standardise
from wakeful.models.expression.metrics import softmax

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from onnx import ModelProto

OUTPUTS = ("ferplus", "fer2013")


@dataclass(frozen=True, slots=True)
class ExpressionExplanation(Explanation):
    """What was found.

    Attributes:
        face: the face that was read, [48, 48] uint8.
        heat: [48, 48], 0 to 1: evidence for the answer.
    """

    picture: ClassVar[str] = "heat"
    heading: ClassVar[str] = "What it looked at"
    note: ClassVar[str] = "Grad-CAM: bright places raised the answer."

    face: NDArray[np.uint8]
    answer: str
    probabilities: dict[str, float]
    heat: NDArray[np.float32]

    @property
    def title(self) -> str:
        """The expression and its probability."""
        return f"{self.answer} ({self.probabilities[self.answer]:.0%})"

    def draw(self) -> Figure:
        """The face, the heat map over it, and all probabilities."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9, 3.2), layout="constrained")
        face, heat, bars = figure.subplots(1, 3)
        for axes in (face, heat):
            axes.imshow(self.face, cmap="gray", vmin=0, vmax=255)
            axes.set_axis_off()
        heat.imshow(self.heat, cmap="inferno", alpha=0.55, vmin=0.0, vmax=1.0)
        face.set_title("the face as it is read")
        heat.set_title(f"evidence for {self.answer}")
        bars.barh(list(self.probabilities), [100 * p for p in self.probabilities.values()])
        bars.invert_yaxis()
        bars.set_xlabel("%")
        return figure


def explain(weights: Path, face: NDArray[np.uint8], more: NDArray[np.uint8] | None = None) -> ExpressionExplanation:
    """Explains the answer for a grey ``face`` [48, 48].

    Args:
        weights: a float .onnx file, or a .pt file of training.
        more: faces [N, 48, 48] in which silent channels are looked for; else the face and its mirror image.

    Raises:
        WeightsError: the weights are no float expression network.
    """
    network = _exported(weights) if weights.suffix == ".pt" else open_network(weights, "expression", OUTPUTS)
    tried = np.stack([face, face[:, ::-1]]) if more is None else np.concatenate([face[None], more])
    anatomy, answers = examine(weights, network, standardise(tried))
    p = softmax(answers["ferplus"][0])
    answer = int(p.argmax())
    head = next(node for node in network.graph.node if node.op_type == "Gemm")
    return ExpressionExplanation(
        anatomy,
        face=face,
        answer=FERPLUS_CLASSES[answer],
        probabilities=dict(zip(FERPLUS_CLASSES, p.tolist(), strict=True)),
        heat=heat_map(list(anatomy.stages.values())[-1], constants_of(network)[head.input[1]][answer]),
    )


def heat_map(features: NDArray[np.float32], row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Grad-CAM [48, 48], 0 to 1, from the last features [C, H, W] and the head's matrix row [C] of the answer."""
    from wakeful.sensors.opencv import cv2

    heat = np.maximum(np.tensordot(row, features, axes=1), 0.0).astype(np.float32)
    heat /= max(float(heat.max()), 1e-6)
    return np.clip(np.asarray(cv2.resize(heat, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_CUBIC), np.float32), 0, 1)


def _exported(weights: Path) -> ModelProto:
    import onnx

    from wakeful.models.expression.export import write_faces_onnx
    from wakeful.models.expression.weights import load_weights

    with tempfile.TemporaryDirectory(prefix="wakeful-explain-") as folder:
        file = Path(folder) / "network.onnx"
        write_faces_onnx(load_weights(weights), file)
        return onnx.load(file)
