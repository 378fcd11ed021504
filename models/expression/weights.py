"""Weights of the expression network as files: what training leaves, and what export, explanation and teachers load."""

from __future__ import annotations

from pathlib import Path

from wakeful.models.expression.net import NAME, ExpressionNet
from wakeful.models.training import run
from wakeful.models.training.run import TrainingError

WEIGHTS = f"{NAME}.pt"


def load_weights(file: Path) -> ExpressionNet:
    """The network with the averaged weights of a weights file or of a checkpoint.

    Raises:
        TrainingError: the file is not one, or is of another network.
    """
    net = ExpressionNet()
    weights = run.load_weights(file, NAME)
    try:
        net.load_state_dict(weights)
    except RuntimeError:
        raise TrainingError(f"{file} does not hold weights of this expression network") from None
    return net.eval()
