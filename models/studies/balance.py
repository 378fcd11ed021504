"""What balancing the classes gains for rare expressions, and what it costs the frequent ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from matplotlib.figure import Figure

from wakeful.models.expression.face import FERPLUS_CLASSES
from wakeful.models.studies import faces
from wakeful.models.studies.nets import Shape, within
from wakeful.models.studies.study import Answer, Result, Stepped, Trial, by_name, spread

QUESTION = "Does balancing the classes help the rare expressions more than it hurts the frequent ones?"
STEPS = faces.STEPS
FILES: tuple[str, ...] = ()
WAYS: tuple[faces.Balance, ...] = get_args(faces.Balance)


def trials() -> tuple[Trial, ...]:
    """Three seeds of the plain training and of logit adjustment, one of the others."""
    return tuple(
        Trial(way, seed, {"balance": way})
        for way in WAYS
        for seed in ((1, 2, 3) if way in ("as they come", "logit adjustment") else (1,))
    )


def load(data: Path, out: Path) -> faces.Splits:
    """The faces of a packed file."""
    return faces.read(data)


def run(
    trial: Trial, splits: faces.Splits, out: Path, steps: int, device: torch.device, stepped: Stepped
) -> Mapping[str, Any]:
    """One training with the classes drawn one way."""
    settings = faces.shaped(
        faces.FaceSettings(steps=steps, seed=trial.seed, balance=trial.options["balance"]), within(Shape())
    )
    net, rows = faces.train_faces(splits.train, splits.valid, out, settings, device=device, stepped=stepped)
    counts = np.bincount(splits.test.labels, minlength=len(FERPLUS_CLASSES))
    return {"test": faces.judged(net, splits.test), "counts": counts.tolist(), "curve": rows}


def answer(results: Sequence[Result]) -> Answer:
    """Plain accuracy beside the mean over classes."""
    accuracy, f1 = by_name(results, "accuracy"), by_name(results, "macro_f1")
    error = by_name(results, "calibration_error")
    mean = {name: [_mean_recall(one) for one in results if one.trial.name == name] for name in accuracy}
    base = WAYS[0]
    best = max(mean, key=lambda name: float(np.mean(mean[name])))
    gained = 100 * (np.mean(mean[best]) - np.mean(mean[base]))
    lost = 100 * (np.mean(accuracy[base]) - np.mean(accuracy[best]))
    sentence = (
        f"The mean recall over classes gains most by {best} ({gained:+.1f} points), at {lost:.1f} points of accuracy."
        if best != base
        else "No way of balancing raises the mean recall over classes."
    )
    return Answer(
        sentence,
        _figure(results),
        "Each group is a class, the most frequent first; its share of the test faces stands below it. Bars are recall, "
        "mean of the seeds, with 95 % intervals over test faces.",
        ("way", "accuracy, %", "mean recall, %", "macro F1, %", "calibration error, %"),
        tuple(
            (name, spread(accuracy[name]), spread(mean[name]), spread(f1[name]), spread(error[name]))
            for name in accuracy
        ),
        ("focal loss and other losses by difficulty", "new faces of the rare classes", "mixtures of two faces"),
    )


def _recalls(result: Result) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([result.figures["test"]["recall"][name] for name in FERPLUS_CLASSES], np.float64)


def _mean_recall(result: Result) -> float:
    return float(np.nanmean(_recalls(result)))


def _figure(results: Sequence[Result]) -> Figure:
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    axes = figure.subplots()
    counts = np.array(results[0].figures["counts"])
    shares = counts / counts.sum()
    order = np.argsort(-shares)
    names = list(dict.fromkeys(one.trial.name for one in results))
    for place, name in enumerate(names):
        recall = np.nanmean([_recalls(one) for one in results if one.trial.name == name], axis=0)[order]
        off = 196.0 * np.sqrt(np.maximum(recall * (1.0 - recall), 0.0) / np.maximum(counts[order], 1))
        where = np.arange(len(order)) + (place - len(names) / 2 + 0.5) * 0.16
        axes.bar(where, 100 * recall, 0.15, yerr=off, error_kw={"lw": 0.8, "alpha": 0.6}, label=name)
    labels = [f"{FERPLUS_CLASSES[i]}\n{100 * shares[i]:.1f} %" for i in order]
    axes.set_xticks(np.arange(len(order)), labels, fontsize=8)
    axes.set(ylabel="recall, %", ylim=(0, 100))
    axes.grid(alpha=0.3, axis="y")
    axes.legend(fontsize=8)
    return figure
