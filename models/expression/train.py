"""Trains the expression network: ``wakeful train expression``.

The target of a face is how ten people voted (FER+), softly; a second head learns the FER2013 label of the same face.
Stochastic gradient descent with one rise and one long fall of the learning rate; what is kept is the running average of
the weights. Each epoch draws from a generator seeded with (seed, epoch), so a run that was interrupted and resumed
equals one that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeful.files import replace_file
from wakeful.models.expression.augment import Augmentation, augmented
from wakeful.models.expression.curve import CURVE_CSV, CURVE_PNG, Epoch, draw_curve, write_curve
from wakeful.models.expression.data import Faces, paper_labels
from wakeful.models.expression.face import standardise
from wakeful.models.expression.net import ExpressionNet
from wakeful.models.expression.network import ExpressionFile
from wakeful.models.expression.targets import Reader, Targets
from wakeful.models.expression.weights import CHECKPOINT, WEIGHTS, load_checkpoint, load_weights, save_weights
from wakeful.models.training.run import TrainingError, averaged, parameter_groups


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides what comes out of training.

    Attributes:
        peak_rate: learning rate after the first ``rise`` of all steps; it falls to 0 along half a cosine.
        fer2013_share: weight of the FER2013 loss beside the loss of the votes.
        smoothing: share of the FER2013 label that is spread over all seven, for one label in three is disputed.
        averaging: share of the old average that is left after a step.
        teacher_share: how much of the targets is what a teacher says of the face, where there is one.
        calm: share of the training, at its end, in which faces vary half as far and none is hidden, as the faces that
            the network will read.
        sizes_px: size of the pictures in equal parts of the training; small ones are cheap, and teach the rough things.
        bfloat16: convolutions in 16 bits, two to three times as fast where the processor has them.
    """

    epochs: int = 70
    batch: int = 128
    peak_rate: float = 0.12
    rise: float = 0.15
    momentum: float = 0.9
    weight_decay: float = 5e-4
    dropout: float = 0.2
    fer2013_share: float = 0.6
    smoothing: float = 0.05
    averaging: float = 0.9985
    teacher_share: float = 0.5
    calm: float = 0.1
    sizes_px: tuple[int, ...] = (32, 40, 48)
    seed: int = 1
    bfloat16: bool = True


def train(
    faces: Faces,
    out: Path,
    settings: Settings,
    *,
    teacher: Path | None = None,
    resume: bool = False,
    steps: Callable[[int, int], Iterator[int]] | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> list[Epoch]:
    """Trains on the split ``train``, evaluates on ``valid``, and leaves weights, checkpoint and curve in ``out``.

    Args:
        teacher: weights of an earlier training, or a network exported from one (``.onnx``, needs not be of the same
            shape); what it says of a face, read both ways, is mixed into the targets.
        resume: go on from the checkpoint in ``out``.
        steps: wraps the steps of an epoch, given its number and their count; for a progress bar.
        on_epoch: called after each epoch.

    Raises:
        TrainingError: a split is empty, or the checkpoint is missing or belongs to other settings.
    """
    run = Run(faces, settings, load_teacher(teacher) if teacher else None)
    out.mkdir(parents=True, exist_ok=True)
    if resume:
        run.restore(out / CHECKPOINT)
    while run.epoch < settings.epochs:
        row = run.one_epoch(steps or (lambda _, count: iter(range(count))))
        run.save(out / CHECKPOINT)
        write_curve(out / CURVE_CSV, run.curve)
        if on_epoch:
            on_epoch(row)
    save_weights(out / WEIGHTS, run.average, asdict(settings))
    draw_curve(out / CURVE_PNG, run.curve)
    return run.curve


class Run:
    """A training run between two epochs: network, average, optimizer and curve."""

    def __init__(self, faces: Faces, settings: Settings, teacher: Reader | None = None) -> None:
        self.settings = settings
        torch.manual_seed(settings.seed)
        self.train_set = Targets.of(faces.of("train"))
        self.valid = faces.of("valid")
        if len(self.train_set.images) < settings.batch or len(self.valid) == 0:
            raise TrainingError(f"training needs at least {settings.batch} faces in train and one in valid")
        if teacher is not None:
            self.train_set = self.train_set.taught_by(teacher, settings.teacher_share)
        self.net = ExpressionNet(dropout=settings.dropout).to(memory_format=torch.channels_last)
        self.average = averaged(self.net, settings.averaging)
        self.optimizer = torch.optim.SGD(
            parameter_groups(self.net, settings.weight_decay),
            lr=settings.peak_rate,
            momentum=settings.momentum,
            nesterov=True,
        )
        self.curve: list[Epoch] = []

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return len(self.curve)

    def one_epoch(self, steps: Callable[[int, int], Iterator[int]]) -> Epoch:
        """Sees every training face once, but for the last incomplete batch."""
        began = time.monotonic()
        batch = self.settings.batch
        torch.manual_seed(self.settings.seed * 100_003 + self.epoch)
        order = torch.randperm(len(self.train_set.images))
        count = len(order) // batch
        self.net.train()
        losses = []
        sizes = self.settings.sizes_px
        size = sizes[min(self.epoch * len(sizes) // self.settings.epochs, len(sizes) - 1)]
        how = (
            Augmentation().calmer()
            if self.epoch >= (1.0 - self.settings.calm) * self.settings.epochs
            else Augmentation()
        )
        for step in steps(self.epoch, count):
            self._set_rate((self.epoch + step / count) / self.settings.epochs)
            losses.append(self._one_step(order[step * batch : (step + 1) * batch], size, how))
        valid_loss, ferplus, fer2013 = validate(self.average.module, self.valid, self.settings.bfloat16)
        row = Epoch(
            epoch=self.epoch + 1,
            rate=self.optimizer.param_groups[0]["lr"],
            loss=float(np.mean(losses)),
            valid_loss=valid_loss,
            valid_ferplus=ferplus,
            valid_fer2013=fer2013,
            seconds=time.monotonic() - began,
        )
        self.curve.append(row)
        return row

    def _one_step(self, chosen: Tensor, size: int, how: Augmentation) -> float:
        given = augmented(self.train_set.images[chosen], how, size)
        given = given.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bfloat16):
            ferplus, fer2013 = self.net(given)
        loss = self.train_set.loss(
            chosen,
            ferplus.float(),
            fer2013.float(),
            fer2013_share=self.settings.fer2013_share,
            smoothing=self.settings.smoothing,
        )
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.average.update_parameters(self.net)
        return float(loss.detach())

    def _set_rate(self, progress: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate(progress, self.settings)

    def save(self, file: Path) -> None:
        """Writes everything that ``restore`` needs; the old file stays until the new one is whole."""
        state = {
            "settings": asdict(self.settings),
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "curve": [asdict(row) for row in self.curve],
        }
        replace_file(file, lambda part: torch.save(state, part), private=False)

    def restore(self, file: Path) -> None:
        """Goes on where ``save`` was called. The number of epochs may differ; other settings may not."""
        if not file.is_file():
            raise TrainingError(f"there is no {file} to resume from: leave out --resume")
        state = load_checkpoint(file)
        mine = asdict(self.settings)
        other = [key for key in mine if key != "epochs" and state["settings"].get(key, mine[key]) != mine[key]]
        if other:
            raise TrainingError(f"{file} was trained with another {other[0]}: resume it with the same settings")
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.curve = [Epoch(**row) for row in state["curve"]]


def use_threads(threads: int) -> None:
    """Let torch use so many processor threads from now on."""
    torch.set_num_threads(threads)


def rate(progress: float, settings: Settings) -> float:
    """Learning rate at ``progress``, 0 to 1 of all steps."""
    if progress < settings.rise:
        return settings.peak_rate * (0.04 + 0.96 * progress / settings.rise)
    return settings.peak_rate * 0.5 * (1.0 + math.cos(math.pi * (progress - settings.rise) / (1.0 - settings.rise)))


@torch.no_grad()
def said(net: nn.Module, given: NDArray[np.float32], bfloat16: bool = False) -> tuple[Tensor, Tensor]:
    """Logits ([N, 8], [N, 7]) of network input [N, 1, 48, 48]."""
    net.eval()
    faces = torch.from_numpy(np.ascontiguousarray(given)).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
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


def validate(net: nn.Module, faces: Faces, bfloat16: bool = False) -> tuple[float, float, float]:
    """Loss against the votes, accuracy of the paper's protocol and accuracy on the FER2013 labels."""
    ferplus, fer2013 = said(net, standardise(faces.images), bfloat16)
    targets = Targets.of(faces)
    loss = (F.cross_entropy(ferplus, targets.votes, reduction="none") * targets.weight).mean()
    labels = paper_labels(faces.votes)
    clear = labels >= 0
    right = ferplus.argmax(dim=1).numpy()[clear] == labels[clear]
    right_fer2013 = fer2013.argmax(dim=1).numpy() == faces.fer2013
    return float(loss), float(np.mean(right)) if clear.any() else math.nan, float(np.mean(right_fer2013))
