"""Trains the eye visibility network: ``wakeful train eyes``.

A sleeper whose closed eyes are taken for covered is worse than a hand that is not noticed: closed eyes that are seen
weigh several times as much, and the bound is laid where hardly any of them is lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeful.frozen import dataclass
from wakeful.models.eyes.augment import augmented, plain
from wakeful.models.eyes.data import COVERED_ABOVE, Eyes
from wakeful.models.eyes.net import EyeNet
from wakeful.models.training.epochs import EpochRun, EpochSettings
from wakeful.models.training.run import CPU, Batch, Row


@dataclass(frozen=True, slots=True)
class Settings(EpochSettings):
    """Everything that decides what comes out of training.

    Attributes:
        closed_weight: how much more a closed eye that is seen weighs than any other.
        smoothing: share of certainty that is held back, for some faces wear what nobody marked.
    """

    epochs: int = 16
    peak_rate: float = 4e-3
    averaging: float = 0.995
    bfloat16: bool = False
    closed_weight: float = 3.0
    smoothing: float = 0.02


def train(
    eyes: Eyes,
    out: Path,
    settings: Settings,
    *,
    resume: bool = False,
    device: torch.device = CPU,
    on_epoch: Callable[[Row], None] = lambda row: None,
) -> EyeNet:
    """Learns the split ``train``; leaves weights, checkpoint and curve in ``out``.

    Args:
        on_epoch: gets the figures of the split ``valid`` after each epoch.

    Raises:
        TrainingError: a split is empty, or the checkpoint is missing or belongs to other settings.
    """
    run = EpochRun(EyeTask(eyes, settings), settings, out, device)
    if resume:
        run.restore()
    net = run.go(on_epoch)
    assert isinstance(net, EyeNet)
    return net


class EyeTask:
    """Learns whether something lies before an eye."""

    name = "eyes"
    examples = "eyes"

    def __init__(self, eyes: Eyes, settings: Settings) -> None:
        known, self.valid = eyes.clear("train"), eyes.clear("valid")
        self.counts = len(known), len(self.valid)
        self.patches = torch.from_numpy(known.grey)
        covered = torch.from_numpy(known.covered >= COVERED_ABOVE)
        self.target = torch.where(covered, settings.smoothing, 1.0 - settings.smoothing)
        self.weight = torch.where(torch.from_numpy(known.closed) & ~covered, settings.closed_weight, 1.0)
        torch.manual_seed(settings.seed)
        self.net: nn.Module = EyeNet()

    def batch(self, chosen: Tensor, progress: float, calm: bool) -> Batch:
        """Varied eyes."""
        return {"crops": augmented(self.patches[chosen]), "chosen": chosen}

    def loss(self, answers: Any, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy, by weight."""
        chosen = batch["chosen"]
        return F.binary_cross_entropy_with_logits(answers[:, 0], self.target[chosen], self.weight[chosen]), {}

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Shares of seen eyes, open and closed, that are taken for covered, and of covered eyes that are found."""
        said = logits_of(net, self.valid) < 0.0
        covered, closed = self.valid.covered >= COVERED_ABOVE, self.valid.closed
        return {
            "lost_open": _share(said[~covered & ~closed]),
            "lost_closed": _share(said[~covered & closed]),
            "found": _share(said[covered]),
        }


def logits_of(net: nn.Module, eyes: Eyes) -> NDArray[np.float32]:
    """Logits [N] of patches as the monitor gives them."""
    net.eval()
    with torch.no_grad():
        parts = [net(plain(part))[:, 0] for part in torch.from_numpy(eyes.grey).split(512)]
    answers: NDArray[np.float32] = torch.cat(parts).numpy()
    return answers


def _share(said: NDArray[np.bool_]) -> float:
    return float(said.mean()) if said.size else math.nan
