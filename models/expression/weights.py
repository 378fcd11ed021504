"""Weights of the expression network as files: what training leaves, and what export, explanation and teachers load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from wakeful.files import replace_file
from wakeful.models.expression.net import ExpressionNet
from wakeful.models.training.run import TrainingError, read_state

CHECKPOINT = "checkpoint.pt"
WEIGHTS = "expression.pt"


def save_weights(file: Path, average: nn.Module, settings: dict[str, Any]) -> None:
    """The averaged weights alone, for ``load_weights``."""
    state = {"settings": settings, "weights": average.module.state_dict()}
    replace_file(file, lambda part: torch.save(state, part), private=False)


def load_weights(file: Path) -> ExpressionNet:
    """The network with the averaged weights of a weights file or of a checkpoint.

    Raises:
        TrainingError: the file is not one, or is of another network.
    """
    state = load_checkpoint(file)
    weights = state.get("weights")
    if weights is None and "average" in state:
        weights = {key.removeprefix("module."): v for key, v in state["average"].items() if key.startswith("module.")}
    net = ExpressionNet()
    try:
        net.load_state_dict(weights)
    except (RuntimeError, TypeError, AttributeError):
        raise TrainingError(f"{file} does not hold weights of this expression network") from None
    return net.eval()


def load_checkpoint(file: Path) -> dict[str, Any]:
    """What this training has written."""
    state = read_state(file)
    if "settings" not in state:
        raise TrainingError(f"{file} is not a checkpoint of this training")
    return state
