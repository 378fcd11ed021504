"""How a trained network should learn from a new camera: what it gains there, what it forgets, what it costs.

The new data are faces that were not in the first training, as a poor camera at night would show them: darker, veiled,
noisy and blurred. They are drawn, since no set of expressions comes with two cameras.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from wakeful.models.studies import faces
from wakeful.models.studies.nets import Shape, within
from wakeful.models.studies.study import Answer, Result, Stepped, Trial, off_by, spread
from wakeful.models.training.run import TrainingError
from wakeful.sensors.opencv import cv2

QUESTION = "A new camera brings new faces: train on them alone, with the old ones, from scratch or from the weights?"
STEPS = faces.STEPS
FILES: tuple[str, ...] = ()
NEW_EVERY = 5
"""Every fifth training face is new."""
SHORT = 0.5
"""Share of the steps of a first training that an update gets."""
FIRST = "before the update"
FROZEN = 3


def trials() -> tuple[Trial, ...]:
    """The first training, then the updates; three seeds of those that are usually weighed against each other."""
    ways: dict[str, dict[str, Any]] = {
        "new alone, from scratch": {"old": False, "start": False},
        "new alone, from the weights": {"old": False, "start": True},
        "new alone, first layers frozen": {"old": False, "start": True, "frozen": FROZEN},
        "old and new, from scratch": {"old": True, "start": False},
        "old and new, from the weights": {"old": True, "start": True},
    }
    usual = ("old and new, from scratch", "old and new, from the weights")
    return (
        *(Trial(FIRST, seed) for seed in (1, 2, 3)),
        *(
            Trial(name, seed, how, Trial(FIRST, seed).key if how["start"] else "")
            for name, how in ways.items()
            for seed in ((1, 2, 3) if name in usual else (1,))
        ),
    )


def load(data: Path, out: Path) -> faces.Splits:
    """The faces of a packed file."""
    return faces.read(data)


def run(
    trial: Trial, splits: faces.Splits, out: Path, steps: int, device: torch.device, stepped: Stepped
) -> Mapping[str, Any]:
    """One training, judged by faces of both cameras.

    Raises:
        TrainingError: the first training is not done.
    """
    is_new = np.arange(len(splits.train)) % NEW_EVERY == 0
    old, new = splits.train.where(~is_new), seen_badly(splits.train.where(is_new), 1)
    first = trial.name == FIRST
    start = None
    if trial.after:
        start = out.parent / trial.after / "weights.pt"
        if not start.is_file():
            raise TrainingError(f"there is no {start}: run the study's first trials before its others")
    train = old if first else old.joined(new) if trial.options["old"] else new
    # Weights that are there need a smaller rate and fewer steps.
    settings = faces.FaceSettings(
        steps=round(steps * SHORT) if start else steps, seed=trial.seed, peak_rate=0.02 if start else 0.08
    )
    begun = time.process_time()
    net, rows = faces.train_faces(
        train,
        splits.valid,
        out,
        faces.shaped(settings, within(Shape())),
        start=start,
        frozen=int(trial.options.get("frozen", 0)),
        device=device,
        stepped=stepped,
    )
    return {
        "test": faces.judged(net, splits.test),
        "new": faces.judged(net, seen_badly(splits.test, 2)),
        "faces": len(train),
        "training_s": round(time.process_time() - begun, 1),
        "curve": rows,
    }


def seen_badly(some: faces.Labelled, seed: int) -> faces.Labelled:
    """The faces as a poor camera at night shows them."""
    rng = np.random.default_rng(seed)
    images = np.empty_like(some.images)
    for place, face in enumerate(some.images):
        soft = cv2.GaussianBlur(face.astype(np.float32), (0, 0), rng.uniform(0.8, 1.6))
        veiled = 20.0 + soft * rng.uniform(0.12, 0.3)
        noisy = veiled + rng.normal(0.0, rng.uniform(2.0, 6.0), face.shape)
        images[place] = np.clip(noisy, 0, 255).astype(np.uint8)
    return faces.Labelled(images, some.labels)


def answer(results: Sequence[Result]) -> Answer:
    """Accuracy on both cameras, and what was forgotten."""
    names = list(dict.fromkeys(one.trial.name for one in results))
    old, new, took = (
        {name: [_figure_of(one, what) for one in results if one.trial.name == name] for name in names}
        for what in ("test", "new", "training_s")
    )
    before = float(np.mean(old[FIRST]))
    updates = [name for name in names if name != FIRST]
    both = {name: float(np.mean(old[name]) + np.mean(new[name])) / 2 for name in updates}
    best = max(both, key=lambda name: both[name])
    alone = "new alone, from the weights"
    sentence = (
        f"Best over both cameras is {best}: {100 * float(np.mean(new[best]) - np.mean(new[FIRST])):+.1f} points on the "
        f"new camera, {100 * (float(np.mean(old[best])) - before):+.1f} on the old one. "
        f"The new faces alone, from the weights, change the old camera by "
        f"{100 * (float(np.mean(old[alone])) - before):+.1f} points."
    )
    return Answer(
        sentence,
        _figure(names, results),
        "Right is better on the old camera, up is better on the new one; the cross marks the network before the "
        "update, and whatever lies left of it has forgotten. Bars: 95 % intervals over test faces, first seed.",
        ("training", "old camera, %", "new camera, %", "training time, CPU s"),
        tuple((name, spread(old[name]), spread(new[name]), spread(took[name], 1.0, 0)) for name in names),
        (
            "a real second camera",
            "penalties that hold on to old weights (Kirkpatrick et al. 2017)",
            "shares of old faces other than all of them",
        ),
    )


def _figure_of(one: Result, what: str) -> float:
    found = one.figures[what]
    return float(found if what == "training_s" else found["accuracy"])


def _figure(names: Sequence[str], results: Sequence[Result]) -> Figure:
    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
    axes = figure.subplots()
    for name in names:
        some = [one for one in results if one.trial.name == name]
        old, new = ([100 * _figure_of(one, what) for one in some] for what in ("test", "new"))
        (marks,) = axes.plot(old, new, "x" if name == FIRST else "o", label=name)
        colour = marks.get_color()
        axes.errorbar(old[:1], new[:1], off_by(some[0], "new"), off_by(some[0]), color=colour, lw=0.7, capsize=2)
    axes.set(xlabel="accuracy on the old camera, %", ylabel="accuracy on the new camera, %")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    return figure
