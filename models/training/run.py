"""One way of training for all networks: steps, running average, checkpoints that resume exactly, a log of figures.

A task says what a batch is, what its loss is and how the network is validated. Each step draws from a generator seeded
with (seed, step) and the rate depends on the step alone, so that a run which was interrupted and resumed equals one
that was not, and pausing the process changes nothing.
"""

from __future__ import annotations

import copy
import csv
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from wakeful import WakefulError
from wakeful.files import replace_file
from wakeful.frozen import dataclass
from wakeful.models.training.bfloat16 import in_bfloat16
from wakeful.models.training.means import Means

CHECKPOINT, WEIGHTS, CURVE = "checkpoint.pt", "weights.pt", "curve.csv"

Batch = dict[str, Tensor]
Net = TypeVar("Net", bound=nn.Module)
Row = dict[str, float]
"""Figures of one validation: what the curve is made of."""

DEVICES = ("cpu", "cuda", "auto")
CPU = torch.device("cpu")


class TrainingError(WakefulError, ValueError):
    """Training cannot start or continue as requested."""


class Learned(Protocol):
    """A network, what it loses and how it is validated.

    Attributes:
        net: takes ``batch["crops"]``, float32 [N, 1, rows, columns].
        name: what a checkpoint says it is of.
    """

    net: nn.Module
    name: str

    def loss(self, answers: Any, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Loss of the network's answers, and its parts for the log."""

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Figures on pictures that are not learned."""


class Task(Learned, Protocol):
    """What is learned, from batches drawn at random."""

    def batch(self, rng: np.random.Generator, size: int, calm: bool) -> Batch:
        """A batch of about ``size`` crops and their targets; ``calm``: varied less."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides what comes out of a training run.

    Attributes:
        steps: length of the run; a resumed run may have another, and the rate still ends at 0.
        peak_rate: learning rate after ``warm_up`` steps; it falls to 0 along half a cosine.
        averaging: share of the old average that is left after a step.
        calm: share of the steps, at the end, in which pictures vary less.
        exact: share of the steps, at the end, that run in float32 where the others run in bfloat16.
        momentum: above 0, stochastic gradient descent with Nesterov's momentum in place of AdamW.
        fall_from_peak: the rate falls from the end of the warm-up on, not from the first step.
        bfloat16: convolutions in 16 bits on a processor that has instructions for them; others, and a graphics card,
            compute in float32.
    """

    MAY_DIFFER: ClassVar[frozenset[str]] = frozenset({"steps", "checkpoint_every", "validate_every", "calm", "exact"})
    """What a resumed run may have otherwise."""

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
    momentum: float = 0.0
    fall_from_peak: bool = False


def rate(step: int, settings: Settings) -> float:
    """Learning rate of a step."""
    rise = min(1.0, (step + 1) / max(settings.warm_up, 1))
    level = max(settings.warm_up - 1, 0) if settings.fall_from_peak else 0
    fallen = min(max(step - level, 0) / max(settings.steps - level, 1), 1.0)
    return settings.peak_rate * rise * 0.5 * (1.0 + math.cos(math.pi * fallen))


class Loop(ABC):
    """A training run between two steps."""

    task: Learned
    weights = WEIGHTS

    def __init__(self, task: Learned, settings: Settings, out: Path, device: torch.device = CPU) -> None:
        self.task, self.settings, self.out, self.device = task, settings, out, device
        self.step = 0
        self.net = task.net.to(device, memory_format=torch.channels_last)
        self.average = averaged(self.net, settings.averaging)
        self.optimizer = _optimizer(self.net, settings)
        self.rows: list[Row] = []
        self.seen = Means()

    @abstractmethod
    def batch(self, rng: np.random.Generator) -> Batch:
        """What is learned in this step."""

    @property
    def calm(self) -> bool:
        """Whether pictures vary less in this step."""
        return self.step >= (1.0 - self.settings.calm) * self.settings.steps

    def go(
        self, report: Callable[[Row], None] = lambda row: None, stepped: Callable[[int], None] = lambda step: None
    ) -> nn.Module:
        """Runs to the last step; checkpoints on the way, leaves weights and curve in ``out``; gives the average.

        Args:
            report: called with the figures of each validation.
            stepped: called with the number of steps done, after each.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        settings = self.settings
        began = time.process_time()
        while self.step < settings.steps:
            self.seen.add(self.one_step())
            self.step += 1
            stepped(self.step)
            last = self.step == settings.steps
            if last or self.step % settings.validate_every == 0:
                cpu = time.process_time() - began
                row = {**self._counted(), **self.seen.take(), **self._validated(), "cpu_s": round(cpu, 1)}
                self.rows.append(row)
                report(row)
            if last or self.step % settings.checkpoint_every == 0:
                self.save()
        net = self._average()
        save_weights(self.out / self.weights, self.task.name, net, settings)
        return net

    def one_step(self) -> dict[str, float]:
        """One batch; gives the parts of its loss."""
        settings, step = self.settings, self.step
        rng = np.random.default_rng((settings.seed, step))
        torch.manual_seed(settings.seed * 1_000_003 + step)
        batch = self.batch(rng)
        for group in self.optimizer.param_groups:
            group["lr"] = rate(step, settings)
        crops = batch["crops"].to(self.device).contiguous(memory_format=torch.channels_last)
        # The networks keep 16 bits from their last layers on the processor alone.
        short = settings.bfloat16 and self.device == CPU and step < (1.0 - settings.exact) * settings.steps
        self.net.train()
        with in_bfloat16(short):
            answers = self.net(crops)
        # Tasks hold their targets and weights in main memory.
        loss, parts = self.task.loss(_in_main_memory(answers), batch)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), settings.clip)
        self.optimizer.step()
        self.average.update_parameters(self.net)
        return {"loss": float(loss.detach()), **parts}

    def _counted(self) -> Row:
        """How far the run is, for the curve."""
        return {"step": float(self.step)}

    def _validated(self) -> dict[str, float]:
        with torch.no_grad():
            return self.task.validate(self._average())

    def _average(self) -> nn.Module:
        """The averaged network, in main memory."""
        net: nn.Module = self.average.module if self.device == CPU else copy.deepcopy(self.average.module).to(CPU)
        return net.eval()

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
            "seen": self.seen.state,
        }
        replace_file(self.out / CHECKPOINT, lambda part: torch.save(state, part), private=False)
        replace_file(self.out / CURVE, self._write_curve, private=False)

    def restore(self) -> None:
        """Continues where ``save`` was called. Only the number of steps and what is reported may differ.

        Raises:
            TrainingError: there is no checkpoint, or it is of another task or of other settings.
        """
        file = self.out / CHECKPOINT
        if not file.is_file():
            raise TrainingError(f"there is no {file} to resume from: leave out --resume")
        state = load_state(file, self.task.name)
        if "step" not in state:
            raise TrainingError(f"{file} is of an earlier version: start again, without --resume")
        mine, free = asdict(self.settings), self.settings.MAY_DIFFER
        other = [key for key in mine if key not in free and state["settings"].get(key, mine[key]) != mine[key]]
        if other:
            raise TrainingError(f"{file} was trained with another {other[0]}: resume it with the same settings")
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.rows = int(state["step"]), list(state["rows"])
        self.seen = Means(state.get("seen"))

    def _write_curve(self, part: Path) -> None:
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        with part.open("w", newline="") as opened:
            writer = csv.DictWriter(opened, names)
            writer.writeheader()
            writer.writerows(self.rows)


class Run(Loop):
    """A run over batches that the task draws."""

    task: Task

    def __init__(self, task: Task, settings: Settings, out: Path, device: torch.device = CPU) -> None:
        super().__init__(task, settings, out, device)

    def batch(self, rng: np.random.Generator) -> Batch:
        """Drawn by the task."""
        return self.task.batch(rng, self.settings.batch, self.calm)


def averaged(net: nn.Module, kept: float) -> torch.optim.swa_utils.AveragedModel:
    """The running average of a network, its buffers too; ``kept`` is the share that is left after a step."""
    average = torch.optim.swa_utils.get_ema_multi_avg_fn(kept)
    return torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=average, use_buffers=True)


def prepared(name: str, threads: int) -> torch.device:
    """The device that ``name`` (cpu, cuda, auto) stands for; torch takes so many ``threads``, 0: all.

    Raises:
        TrainingError: there is no such device here.
    """
    usable = torch.cuda.is_available()
    if name == "cuda" and not usable:
        raise TrainingError("no CUDA device can be used here: train with --device cpu")
    if threads:
        torch.set_num_threads(threads)
    return torch.device("cuda" if usable and name != "cpu" else "cpu")


def _in_main_memory(answers: Any) -> Any:
    return answers.to(CPU) if isinstance(answers, Tensor) else tuple(one.to(CPU) for one in answers)


def _optimizer(net: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    groups = parameter_groups(net, settings.weight_decay)
    if settings.momentum > 0.0:
        return torch.optim.SGD(groups, lr=settings.peak_rate, momentum=settings.momentum, nesterov=True)
    return torch.optim.AdamW(groups, lr=settings.peak_rate)


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
    if "average" not in state:
        raise TrainingError(f"{file} is not a checkpoint of a training")
    return {key.removeprefix("module."): v for key, v in state["average"].items() if key.startswith("module.")}


def loaded(net: Net, file: Path, task: str) -> Net:
    """``net`` with the averaged weights of a training, ready to answer."""
    net.load_state_dict(load_weights(file, task))
    net.eval()
    return net


def load_state(file: Path, task: str) -> dict[str, Any]:
    """What a training of ``task`` wrote.

    Raises:
        TrainingError: the file is missing, or holds something else.
    """
    state = read_state(file)
    if state.get("task", task) != task:  # expression networks of earlier versions do not name themselves
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
