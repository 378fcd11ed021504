"""One way of training for all networks: steps, running average, checkpoints that resume exactly, a log of figures.

A task says what a batch is, what its loss is and how the network is validated. Each step draws from a generator seeded
with (seed, step) and the rate depends on the step alone, so that a run which was interrupted and resumed equals one
that was not, and pausing the process changes nothing.
"""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from wakeful import WakefulError
from wakeful.files import replace_file

CHECKPOINT, WEIGHTS, CURVE = "checkpoint.pt", "weights.pt", "curve.csv"

Batch = dict[str, Tensor]


class TrainingError(WakefulError, ValueError):
    """Training cannot start or continue as requested."""


class Task(Protocol):
    """What is learned.

    Attributes:
        net: takes ``batch["crops"]``, float32 [N, 1, rows, columns].
        name: what a checkpoint says it is of.
    """

    net: nn.Module
    name: str

    def batch(self, rng: np.random.Generator, size: int, calm: bool) -> Batch:
        """A batch of about ``size`` crops and their targets; ``calm``: varied less."""

    def loss(self, answers: Any, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Loss of the network's answers, and its parts for the log."""

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Figures on pictures that are not learned."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides what comes out of a training run.

    Attributes:
        steps: length of the run; a resumed run may have another, and the rate still ends at 0.
        peak_rate: learning rate after ``warm_up`` steps; it falls to 0 along half a cosine.
        averaging: share of the old average that is left after a step.
        calm: share of the steps, at the end, in which pictures vary less.
        exact: share of the steps, at the end, that run in float32 where the others run in bfloat16.
    """

    steps: int
    batch: int = 128
    peak_rate: float = 2e-3
    warm_up: int = 300
    weight_decay: float = 1e-3
    averaging: float = 0.998
    calm: float = 0.1
    exact: float = 0.1
    clip: float = 2.0
    seed: int = 1
    bfloat16: bool = True
    checkpoint_every: int = 500
    validate_every: int = 2000


def rate(step: int, settings: Settings) -> float:
    """Learning rate of a step."""
    rise = min(1.0, (step + 1) / max(settings.warm_up, 1))
    return settings.peak_rate * rise * 0.5 * (1.0 + math.cos(math.pi * min(step / settings.steps, 1.0)))


class Run:
    """A training run between two steps."""

    def __init__(self, task: Task, settings: Settings, out: Path) -> None:
        self.task, self.settings, self.out = task, settings, out
        self.step = 0
        self.net = task.net.to(memory_format=torch.channels_last)
        self.average = averaged(self.net, settings.averaging)
        self.optimizer = torch.optim.AdamW(parameter_groups(self.net, settings.weight_decay), lr=settings.peak_rate)
        self.rows: list[dict[str, float]] = []

    def go(self, report: Callable[[dict[str, float]], None] = lambda row: None) -> nn.Module:
        """Runs to the last step; checkpoints on the way, leaves weights and curve in ``out``; gives the average."""
        self.out.mkdir(parents=True, exist_ok=True)
        settings, seen = self.settings, _Means()
        began = time.process_time()
        while self.step < settings.steps:
            seen.add(self.one_step())
            self.step += 1
            last = self.step == settings.steps
            if last or self.step % settings.validate_every == 0:
                cpu = time.process_time() - began
                row = {"step": float(self.step), **seen.take(), **self._validated(), "cpu_s": round(cpu, 1)}
                self.rows.append(row)
                report(row)
            if last or self.step % settings.checkpoint_every == 0:
                self.save()
        save_weights(self.out / WEIGHTS, self.task.name, self.average.module, settings)
        return self.average.module.eval()

    def one_step(self) -> dict[str, float]:
        """One batch; gives the parts of its loss."""
        settings, step = self.settings, self.step
        rng = np.random.default_rng((settings.seed, step))
        torch.manual_seed(settings.seed * 1_000_003 + step)
        batch = self.task.batch(rng, settings.batch, step >= (1.0 - settings.calm) * settings.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate(step, settings)
        crops = batch["crops"].contiguous(memory_format=torch.channels_last)
        short = settings.bfloat16 and step < (1.0 - settings.exact) * settings.steps
        self.net.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=short):
            answers = self.net(crops)
        loss, parts = self.task.loss(answers, batch)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), settings.clip)
        self.optimizer.step()
        self.average.update_parameters(self.net)
        return {"loss": float(loss.detach()), **parts}

    def _validated(self) -> dict[str, float]:
        self.average.eval()
        with torch.no_grad():
            return self.task.validate(self.average.module)

    def save(self) -> None:
        """Writes the checkpoint and the curve, whole or not at all."""
        state = {
            "task": self.task.name,
            "settings": asdict(self.settings),
            "step": self.step,
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rows": self.rows,
        }
        replace_file(self.out / CHECKPOINT, lambda part: torch.save(state, part), private=False)
        replace_file(self.out / CURVE, self._write_curve, private=False)

    def restore(self) -> None:
        """Continues where ``save`` was called. Only the number of steps and what is reported may differ.

        Raises:
            TrainingError: there is no checkpoint, or it is of another task or of other settings.
        """
        file = self.out / CHECKPOINT
        state = load_state(file, self.task.name)
        free = {"steps", "checkpoint_every", "validate_every", "calm", "exact"}
        mine = asdict(self.settings)
        other = [key for key in mine if key not in free and state["settings"].get(key, mine[key]) != mine[key]]
        if other:
            raise TrainingError(f"{file} was trained with another {other[0]}: resume it with the same settings")
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.rows = int(state["step"]), list(state["rows"])

    def _write_curve(self, part: Path) -> None:
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        with part.open("w", newline="") as opened:
            writer = csv.DictWriter(opened, names)
            writer.writeheader()
            writer.writerows(self.rows)


class _Means:
    """Running means of the parts of the loss."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def add(self, parts: dict[str, float]) -> None:
        for name, value in parts.items():
            if math.isfinite(value):
                self._sums[name] = self._sums.get(name, 0.0) + value
                self._counts[name] = self._counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """The means so far, which start again."""
        means = {name: round(self._sums[name] / self._counts[name], 6) for name in self._sums}
        self._sums, self._counts = {}, {}
        return means


def averaged(net: nn.Module, kept: float) -> torch.optim.swa_utils.AveragedModel:
    """The running average of a network, its buffers too; ``kept`` is the share that is left after a step."""
    average = torch.optim.swa_utils.get_ema_multi_avg_fn(kept)
    return torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=average, use_buffers=True)


def parameter_groups(net: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Weights decay; biases and batch normalisation do not."""
    weights = [p for p in net.parameters() if p.dim() > 1 and p.requires_grad]
    others = [p for p in net.parameters() if p.dim() <= 1 and p.requires_grad]
    return [{"params": weights, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def save_weights(file: Path, task: str, net: nn.Module, settings: Settings) -> None:
    """The averaged weights alone."""
    state = {"task": task, "settings": asdict(settings), "weights": net.state_dict()}
    replace_file(file, lambda part: torch.save(state, part), private=False)


def load_weights(file: Path, task: str) -> dict[str, Tensor]:
    """The averaged weights of a weights file or of a checkpoint."""
    state = load_state(file, task)
    if "weights" in state:
        return dict(state["weights"])
    return {key.removeprefix("module."): v for key, v in state["average"].items() if key.startswith("module.")}


def load_state(file: Path, task: str) -> dict[str, Any]:
    """What a training of ``task`` wrote.

    Raises:
        TrainingError: the file is missing, or holds something else.
    """
    state = read_state(file)
    if state.get("task") != task:
        raise TrainingError(f"{file} is not of the training of {task}")
    return state


def read_state(file: Path) -> dict[str, Any]:
    """What ``torch.save`` wrote; only tensors and plain values are accepted. Raises TrainingError."""
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise TrainingError(f"{file} cannot be read: {error.strerror or error}") from None
    except Exception:
        raise TrainingError(f"{file} is not a checkpoint of a training") from None
    if not isinstance(state, dict):
        raise TrainingError(f"{file} is not a checkpoint of a training")
    return state
