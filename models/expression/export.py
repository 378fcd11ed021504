"""Turns trained weights into what is shipped: a float and an int8 ONNX network, calibrated on the validation split.

Folded into the last layers: the temperature that makes probabilities honest (Guo et al. 2017), and, where it was found
to help, part of the class balance (logit adjustment, Menon et al. 2021). What is left is a plain chain of convolutions.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from wakeful.frozen import dataclass
from wakeful.models.expression.data import Faces, distributions, paper_labels
from wakeful.models.expression.face import FER2013_CLASSES, FERPLUS_CLASSES, SIZE_PX, standardise
from wakeful.models.expression.metrics import best_temperature
from wakeful.models.expression.net import ExpressionNet
from wakeful.models.expression.network import ExpressionFile
from wakeful.models.training.export import write_onnx
from wakeful.onnx_runtime import onnx_runtime

FLOAT = "expression_float.onnx"
INT8 = "expression.onnx"
CALIBRATION_FACES = 512
# Activations beyond it are cut off: the few largest would take steps away from all others, and cost 0.4 points.
CALIBRATION_PERCENTILE = 99.99
# How much of the logarithm of the class shares is taken off: more costs accuracy on the validation split.
BALANCE = 0.05


@dataclass(frozen=True, slots=True)
class Shipped:
    """What was folded into the last layers.

    Attributes:
        temperature: divisor of the logits of each head.
        balance: how much of the logarithm of the class shares in training was taken off the logits, 0 to 1.
    """

    ferplus_temperature: float
    fer2013_temperature: float
    balance: float


def export(net: ExpressionNet, faces: Faces, out: Path, balance: float = BALANCE, seed: int = 0) -> Shipped:
    """Writes ``expression_float.onnx`` and ``expression.onnx`` (int8) into ``out``, both complete or not at all.

    Temperatures are found on the validation split with the float network; calibration takes training faces.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as folder:
        plain, honest, small = (Path(folder) / name for name in ("plain.onnx", FLOAT, INT8))
        shares = class_shares(faces.of("train"))
        rebalanced = folded(net, 1.0, 1.0, shares, balance)
        write_faces_onnx(rebalanced, plain)
        valid = faces.of("valid")
        ferplus, fer2013 = ExpressionFile(plain).logits(valid.images)
        labels = paper_labels(valid.votes)
        clear = labels >= 0
        shipped = Shipped(
            best_temperature(ferplus[clear], labels[clear]),
            best_temperature(fer2013, valid.fer2013.astype(np.int64)),
            balance,
        )
        write_faces_onnx(folded(rebalanced, shipped.ferplus_temperature, shipped.fer2013_temperature), honest)
        quantize(honest, small, calibration_faces(faces.of("train"), seed))
        for file in (honest, small):
            _note(file, shipped)
            file.replace(out / file.name)
    return shipped


def class_shares(train: Faces) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Shares of the eight emotions (of all votes) and of the seven FER2013 labels among training faces."""
    votes, weight = distributions(train.votes)
    ferplus = (votes * weight[:, None]).sum(axis=0)
    fer2013 = np.bincount(train.fer2013, minlength=len(FER2013_CLASSES)).astype(np.float32)
    return ferplus / ferplus.sum(), fer2013 / fer2013.sum()


def folded(
    net: ExpressionNet,
    ferplus_temperature: float,
    fer2013_temperature: float,
    shares: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None,
    balance: float = 0.0,
) -> ExpressionNet:
    """A copy of ``net`` whose logits are (logits - balance * log(shares)) / temperature."""
    copy = ExpressionNet()
    copy.load_state_dict(net.state_dict())
    heads = ((copy.ferplus, ferplus_temperature, 0), (copy.fer2013, fer2013_temperature, 1))
    with torch.no_grad():
        for head, temperature, index in heads:
            if shares is not None and balance:
                head.bias -= balance * torch.from_numpy(np.log(np.maximum(shares[index], 1e-4)))
            head.weight /= temperature
            head.bias /= temperature
    return copy.eval()


def write_faces_onnx(net: nn.Module, file: Path) -> Path:
    """The network as ONNX with batch normalisation folded into the convolutions and a free batch size."""
    return write_onnx(net, file, (1, 1, SIZE_PX, SIZE_PX), "face", ["ferplus", "fer2013"], free="faces")


def calibration_faces(train: Faces, seed: int) -> NDArray[np.float32]:
    """Network input of training faces drawn at random."""
    chosen = np.random.default_rng(seed).permutation(len(train))[:CALIBRATION_FACES]
    return standardise(train.images[chosen])


def quantize(source: Path, target: Path, calibration: NDArray[np.float32]) -> None:
    """Static int8 in the QDQ form: unsigned activations, unsigned weights, one scale a tensor.

    Signed weights would saturate in the 16-bit sums of x86 processors without VNNI, and give wrong results there.
    """
    onnx_runtime()
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    with contextlib.redirect_stdout(io.StringIO()):  # it prints how it looks for the bounds
        quantize_static(
            source,
            target,
            _Calibration(calibration),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QUInt8,
            per_channel=False,
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": CALIBRATION_PERCENTILE},
        )


class _Calibration:
    """Hands faces to the calibrator, a batch at a time, in the way ONNX Runtime asks for them."""

    def __init__(self, faces: NDArray[np.float32]) -> None:
        self._batches: Iterator[NDArray[np.float32]] = iter(np.array_split(faces, max(1, len(faces) // 64)))

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"face": batch}


def _note(file: Path, shipped: Shipped) -> None:
    """Class names and what was folded in, in the file itself."""
    import onnx

    network = onnx.load(file)
    notes = {
        "ferplus": json.dumps(FERPLUS_CLASSES),
        "fer2013": json.dumps(FER2013_CLASSES),
        "folded": json.dumps(asdict(shipped)),
    }
    onnx.helper.set_model_props(network, notes)
    onnx.save(network, file)
