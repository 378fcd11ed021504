"""How much more data would buy: accuracy and macro F1 over the number of training faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wakeful.models.studies import faces
from wakeful.models.studies.nets import Shape, within
from wakeful.models.studies.study import Answer, Result, Stepped, Trial, spread

QUESTION = "How do accuracy and macro F1 grow with the number of training faces, and what would twice as many buy?"
STEPS = faces.STEPS
FILES: tuple[str, ...] = ()
COUNTS = (100, 300, 1000, 3000, 10_000, 0)
"""Faces in all, each class by its share; 0: all there are."""
ENDS = (100, 0)
TRAINED = 2000
"""Training faces that the training error is taken of, drawn once."""


def trials() -> tuple[Trial, ...]:
    """Three seeds at the ends, one between."""
    return tuple(
        Trial("all" if not count else str(count), seed, {"count": count})
        for count in COUNTS
        for seed in ((1, 2, 3) if count in ENDS else (1,))
    )


def load(data: Path, out: Path) -> faces.Splits:
    """The faces of a packed file."""
    return faces.read(data)


def run(
    trial: Trial, splits: faces.Splits, out: Path, steps: int, device: torch.device, stepped: Stepped
) -> Mapping[str, Any]:
    """One training on some of the faces."""
    count = int(trial.options["count"])
    train = faces.subset(splits.train, count, trial.seed) if count else splits.train
    settings = faces.shaped(faces.FaceSettings(steps=steps, seed=trial.seed), within(Shape()))
    net, rows = faces.train_faces(train, splits.valid, out, settings, device=device, stepped=stepped)
    some = np.random.default_rng(0).permutation(len(train))[:TRAINED]
    return {
        "faces": len(train),
        "per_class": np.bincount(train.labels, minlength=8).tolist(),
        "train": faces.judged(net, train.where(some)),
        "test": faces.judged(net, splits.test),
        "curve": rows,
    }


def answer(results: Sequence[Result]) -> Answer:
    """A power law through the test errors, and what it says of twice as many faces."""
    groups = _grouped(results)
    counts = np.array([count for count, _ in groups], float)
    error = np.array([np.mean([1.0 - one.figures["test"]["accuracy"] for one in some]) for _, some in groups])
    law = fit(counts, error)
    most = counts.max()
    gain = law(np.array([most]))[0] - law(np.array([2.0 * most]))[0]
    sentence = (
        f"With all {most:,.0f} faces {100 * (1 - error[-1]):.1f} % of the test faces are right; by the power law "
        f"twice as many would bring {100 * gain:.1f} points more, "
        f"and half as many cost {100 * (law(np.array([most / 2]))[0] - law(np.array([most]))[0]):.1f}."
    )
    return Answer(
        sentence,
        _figure(groups, law),
        "Both axes are logarithmic. Bars: 95 % interval over test faces of the first seed. The gap between training "
        "and test error is what more data can close; where they meet, the network or the length of training is the "
        "limit. None wrong is drawn at 0.001.",
        ("training faces", "test accuracy, %", "macro F1, %", "training accuracy, %"),
        tuple(
            (
                f"{count:,}",
                spread([one.figures["test"]["accuracy"] for one in some]),
                spread([one.figures["test"]["macro_f1"] for one in some]),
                spread([one.figures["train"]["accuracy"] for one in some]),
            )
            for count, some in groups
        ),
        (
            "larger networks, which gain more from more data",
            "longer trainings of the large sets: each trial sees the same number of faces",
            "cleaner labels in place of more faces",
        ),
    )


def _grouped(results: Sequence[Result]) -> list[tuple[int, list[Result]]]:
    found: dict[int, list[Result]] = {}
    for one in results:
        found.setdefault(int(one.trial.options["count"]), []).append(one)
    return sorted((round(np.mean([one.figures["faces"] for one in some])), some) for some in found.values())


class Law:
    """error = floor + scale * count ** -power, as learning curves go (Hestness et al. 2017)."""

    def __init__(self, floor: float, scale: float, power: float) -> None:
        self.floor, self.scale, self.power = floor, scale, power

    def __call__(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.floor + self.scale * counts**-self.power


def fit(counts: NDArray[np.float64], error: NDArray[np.float64]) -> Law:
    """The law with the least squares of logarithms; its floor is tried in steps of a fiftieth of the least error."""

    def misfit(law: Law) -> float:
        return float(np.sum((np.log(law(counts)) - np.log(error)) ** 2))

    laws = []
    for floor in np.linspace(0.0, 0.98 * error.min(), 50):
        power, intercept = np.polyfit(np.log(counts), np.log(error - floor), 1)
        laws.append(Law(float(floor), float(np.exp(intercept)), float(-power)))
    return min(laws, key=misfit)


def _figure(groups: Sequence[tuple[int, Sequence[Result]]], law: Law) -> Figure:
    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
    axes = figure.subplots()
    counts = np.array([count for count, _ in groups], float)
    for over, label in (("test", "test error"), ("train", "training error")):
        mean = [np.mean([1.0 - one.figures[over]["accuracy"] for one in some]) for _, some in groups]
        bounds = np.array([some[0].figures[over]["accuracy_95"] for _, some in groups])
        off = np.abs(1.0 - bounds[:, ::-1].T - np.array(mean))
        axes.errorbar(counts, np.maximum(mean, 1e-3), yerr=off, marker="o", capsize=3, label=label)
    f1 = [np.mean([1.0 - one.figures["test"]["macro_f1"] for one in some]) for _, some in groups]
    axes.plot(counts, f1, "s--", color="tab:green", label="1 - macro F1, test")
    line = np.geomspace(counts.min(), 4 * counts.max(), 60)
    axes.plot(line, law(line), ":", color="0.4", label=f"{law.floor:.2f} + {law.scale:.2g} n^-{law.power:.2f}")
    axes.set(xscale="log", yscale="log", xlabel="training faces", ylabel="share of faces that are wrong")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    return figure
