"""Runs that see each of a fixed set of examples once an epoch, and count in epochs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from wakeful.frozen import dataclass
from wakeful.models.training.run import CPU, Batch, Learned, Loop, Row, Settings, TrainingError


@dataclass(frozen=True, slots=True)
class EpochSettings(Settings):
    """Settings of such a run, which sets all counts of steps itself.

    Attributes:
        epochs: length of the run; a resumed run may have another.
        rise: share of the steps in which the rate rises.
    """

    MAY_DIFFER: ClassVar[frozenset[str]] = Settings.MAY_DIFFER | {"epochs", "warm_up"}

    steps: int = 0
    epochs: int = 1
    rise: float = 0.1


class EpochTask(Learned, Protocol):
    """What is learned, from examples that are counted.

    Attributes:
        counts: number of training and of validation examples.
        examples: what they are called.
    """

    counts: tuple[int, int]
    examples: str

    def batch(self, chosen: Tensor, progress: float, calm: bool) -> Batch:
        """The chosen examples, varied.

        Args:
            progress: 0 to 1, share of the epochs that are done.
            calm: varied less.
        """


class EpochRun(Loop):
    """A run over all examples, each epoch in another order, without the last incomplete batch.

    Raises:
        TrainingError: there are too few examples.
    """

    task: EpochTask

    def __init__(self, task: EpochTask, settings: EpochSettings, out: Path, device: torch.device = CPU) -> None:
        train, valid = task.counts
        self.length = train // settings.batch
        if not self.length or not valid:
            raise TrainingError(f"training needs at least {settings.batch} {task.examples} in train and one in valid")
        steps = settings.epochs * self.length
        settings = replace(settings, steps=steps, warm_up=int(settings.rise * steps) + 1)
        settings = replace(settings, checkpoint_every=self.length, validate_every=self.length)
        super().__init__(task, settings, out, device)
        self.weights = f"{task.name}.pt"

    def batch(self, rng: np.random.Generator) -> Batch:
        """The next examples of this epoch."""
        epoch, place = divmod(self.step, self.length)
        size = self.settings.batch
        order = np.random.default_rng((self.settings.seed, epoch, 1)).permutation(self.task.counts[0])
        chosen = torch.from_numpy(order[place * size : (place + 1) * size])
        return self.task.batch(chosen, epoch * self.length / self.settings.steps, self.calm)

    def _counted(self) -> Row:
        return {"epoch": self.step // self.length}
