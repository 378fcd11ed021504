"""What a study is: a question, the trainings that answer it, and the answer that is drawn from their figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch

from wakeful.frozen import dataclass

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("curve", "people", "balance", "update", "architectures", "layers")
Stepped = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Trial:
    """One training of a study.

    Attributes:
        name: what is particular to it.
        options: the same as values, for ``Study.run``; plain values alone, since they are stored.
        after: key of the trial whose weights it begins with.
    """

    name: str
    seed: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    after: str = ""

    @property
    def key(self) -> str:
        """Name of its folder."""
        return f"{re.sub(r'[^a-z0-9.]+', '-', self.name.lower()).strip('-')}-{self.seed}"


@dataclass(frozen=True, slots=True)
class Result:
    """What a trial came to.

    Attributes:
        figures: plain values.
        cpu_s: processor time of all its pieces.
    """

    trial: Trial
    figures: Mapping[str, Any]
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page shows.

    Attributes:
        sentence: the answer.
        columns, rows: the figures behind it.
        not_tried: what somebody could ask next.
        reading: how the figure is to be read.
    """

    sentence: str
    figure: Figure
    reading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    not_tried: tuple[str, ...]


class Study(Protocol):
    """A module of this package.

    Attributes:
        FILES: what is read of the folder of the data; none: the data are one file.
    """

    QUESTION: str
    STEPS: int
    FILES: tuple[str, ...]

    def trials(self) -> tuple[Trial, ...]:
        """All trainings, in their order; those that need another one's weights come after it."""

    def load(self, data: Path, out: Path) -> Any:
        """What all trials need of the data; ``out``: the study's folder."""

    def run(
        self, trial: Trial, loaded: Any, out: Path, steps: int, device: torch.device, stepped: Stepped
    ) -> Mapping[str, Any]:
        """One training in ``out``, continued from a checkpoint there; the folder beside it holds the others."""

    def answer(self, results: Sequence[Result]) -> Answer:
        """What the trials say together."""


def study(name: str) -> Study:
    """The study of that name."""
    found: Study = import_module(f"wakeful.models.studies.{name}")
    return found


def by_name(results: Sequence[Result], figure: str, over: str = "test") -> dict[str, list[float]]:
    """One figure of each trial, the seeds of a name together."""
    found: dict[str, list[float]] = {}
    for one in results:
        found.setdefault(one.trial.name, []).append(float(one.figures[over][figure]))
    return found


def off_by(result: Result, over: str = "test") -> list[list[float]]:
    """How far, in percent, the 95 % interval of the accuracy over test faces reaches below and above it."""
    low, high = result.figures[over]["accuracy_95"]
    accuracy = result.figures[over]["accuracy"]
    return [[100.0 * (accuracy - low)], [100.0 * (high - accuracy)]]


def spread(values: Sequence[float], unit: float = 100.0, digits: int = 1) -> str:
    """Mean, and the least and greatest of several seeds."""
    mean = sum(values) / len(values) * unit
    if len(values) == 1:
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f} ({min(values) * unit:.{digits}f} to {max(values) * unit:.{digits}f})"
