"""Trains the expression network: ``wakeful train expression``.

The target of a face is how ten people voted (FER+), softly; a second head learns the FER2013 label of the same face.
Stochastic gradient descent with one rise and one long fall of the learning rate; what is kept is the running average of
the weights.
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
from wakeful.models.expression.augment import Augmentation, augmented
from wakeful.models.expression.curve import CURVE_PNG, draw_curve
from wakeful.models.expression.data import Faces, paper_labels
from wakeful.models.expression.face import standardise
from wakeful.models.expression.net import NAME, ExpressionNet
from wakeful.models.expression.network import ExpressionFile
from wakeful.models.expression.targets import Reader, Targets
from wakeful.models.expression.weights import load_weights
from wakeful.models.training.bfloat16 import in_bfloat16
from wakeful.models.training.epochs import EpochRun, EpochSettings
from wakeful.models.training.run import CPU, Batch, Row


@dataclass(frozen=True, slots=True)
class Settings(EpochSettings):
    """Everything that decides what comes out of training; in the last tenth nothing is hidden.

    Attributes:
        fer2013_share: weight of the FER2013 loss beside the loss of the votes.
        smoothing: share of the FER2013 label that is spread over all seven, for one label in three is disputed.
        teacher_share: how much of the targets is what a teacher says of the face, where there is one.
        sizes_px: size of the pictures in equal parts of the training; small ones are cheap, and teach the rough things.
    """

    epochs: int = 70
    peak_rate: float = 0.12
    rise: float = 0.15
    fall_from_peak: bool = True
    momentum: float = 0.9
    weight_decay: float = 5e-4
    averaging: float = 0.9985
    exact: float = 0.0
    clip: float = math.inf
    dropout: float = 0.2
    fer2013_share: float = 0.6
    smoothing: float = 0.05
    teacher_share: float = 0.5
    sizes_px: tuple[int, ...] = (32, 40, 48)


def train(
    faces: Faces,
    out: Path,
    settings: Settings,
    *,
    teacher: Path | None = None,
    resume: bool = False,
    device: torch.device = CPU,
    stepped: Callable[[int], None] = lambda step: None,
    on_epoch: Callable[[Row], None] = lambda row: None,
) -> list[Row]:
    """Trains on the split ``train``, evaluates on ``valid``, and leaves weights, checkpoint and curve in ``out``.

    Args:
        teacher: weights of an earlier training, or a network exported from one (``.onnx``, needs not be of the same
            shape); what it says of a face, read both ways, is mixed into the targets.
        resume: go on from the checkpoint in ``out``.
        stepped: called after each step, with the number of steps done.
        on_epoch: called after each epoch.

    Raises:
        TrainingError: a split is empty, or the checkpoint is missing or belongs to other settings.
    """
    task = ExpressionTask(faces, settings, load_teacher(teacher) if teacher else None)
    run = EpochRun(task, settings, out, device)
    if resume:
        run.restore()
    run.go(on_epoch, stepped)
    draw_curve(out / CURVE_PNG, run.rows)
    return run.rows


class ExpressionTask:
    """Learns votes and labels of the split ``train``."""

    name = NAME
    examples = "faces"

    def __init__(self, faces: Faces, settings: Settings, teacher: Reader | None = None) -> None:
        self.settings = settings
        self.train_set, self.valid = Targets.of(faces.of("train")), faces.of("valid")
        self.counts = len(self.train_set.images), len(self.valid)
        if teacher is not None:
            self.train_set = self.train_set.taught_by(teacher, settings.teacher_share)
        torch.manual_seed(settings.seed)
        self.net: nn.Module = ExpressionNet(dropout=settings.dropout)

    def batch(self, chosen: Tensor, progress: float, calm: bool) -> Batch:
        """Varied faces, small at first."""
        sizes = self.settings.sizes_px
        how = Augmentation().calmer() if calm else Augmentation()
        crops = augmented(self.train_set.images[chosen], how, sizes[int(progress * len(sizes))])
        return {"crops": crops, "chosen": chosen}

    def loss(self, answers: Any, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy with votes and labels."""
        ferplus, fer2013 = answers
        share, smoothing = self.settings.fer2013_share, self.settings.smoothing
        loss = self.train_set.loss(
            batch["chosen"], ferplus.float(), fer2013.float(), fer2013_share=share, smoothing=smoothing
        )
        return loss, {}

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Loss against the votes, accuracy of the paper's protocol and accuracy on the FER2013 labels."""
        ferplus, fer2013 = said(net, standardise(self.valid.images), self.settings.bfloat16)
        targets = Targets.of(self.valid)
        loss = (F.cross_entropy(ferplus, targets.votes, reduction="none") * targets.weight).mean()
        labels = paper_labels(self.valid.votes)
        clear = labels >= 0
        right = ferplus.argmax(dim=1).numpy()[clear] == labels[clear]
        return {
            "valid_loss": float(loss),
            "valid_ferplus": float(np.mean(right)) if clear.any() else math.nan,
            "valid_fer2013": float(np.mean(fer2013.argmax(dim=1).numpy() == self.valid.fer2013)),
        }


@torch.no_grad()
def said(net: nn.Module, given: NDArray[np.float32], bfloat16: bool = False) -> tuple[Tensor, Tensor]:
    """Logits ([N, 8], [N, 7]) of network input [N, 1, 48, 48]."""
    net.eval()
    faces = torch.from_numpy(np.ascontiguousarray(given)).contiguous(memory_format=torch.channels_last)
    with in_bfloat16(bfloat16):
        parts = [net(part) for part in faces.split(256)]
    ferplus, fer2013 = (torch.cat(logits).float() for logits in zip(*parts, strict=True))
    return ferplus, fer2013


def load_teacher(file: Path) -> Reader:
    """A trained network that says what it thinks of faces: weights, a checkpoint, or an exported ``.onnx``.

    Raises:
        TrainingError, WeightsError: the file is no expression network.
    """
    if file.suffix == ".onnx":
        return ExpressionFile(file, torch.get_num_threads()).logits
    return reader(load_weights(file))


def reader(net: nn.Module) -> Reader:
    """``net`` as something that reads grey faces."""

    def read(images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        ferplus, fer2013 = said(net, standardise(images))
        return ferplus.numpy(), fer2013.numpy()

    return read
