"""Sigmoid, tanh or ReLU, maximum or mean, how much drop-out, how wide: one change at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import nn

from wakeful.models.expression.augment import standardised
from wakeful.models.studies import faces
from wakeful.models.studies.nets import SIZE_PX, Shape, build, macs, within
from wakeful.models.studies.study import Answer, Result, Stepped, Trial, off_by, spread

QUESTION = "Which activation, pooling, drop-out rate and width pay in a small network?"
STEPS = faces.STEPS
FILES: tuple[str, ...] = ()
DROPOUTS = (0.0, 0.2, 0.5)
WIDTHS = (0.5, 1.0, 1.5, 2.0)
USUAL = "ReLU, maximum, 0.2, width 1"
GRADIENT_FACES = 256


def trials() -> tuple[Trial, ...]:
    """The usual network with three seeds, and each change once."""
    return (
        *(Trial(USUAL, seed) for seed in (1, 2, 3)),
        *(
            Trial(f"{kind}{'' if norm else ' without normalisation'}", 1, {"activation": kind, "norm": norm})
            for kind in ("relu", "tanh", "sigmoid")
            for norm in (True, False)
            if (kind, norm) != ("relu", True)
        ),
        Trial("mean pooling", 1, {"pooling": "mean"}),
        *(Trial(f"drop-out {rate}", 1, {"dropout": rate}) for rate in DROPOUTS if rate != 0.2),
        *(Trial(f"width {width}", 1, {"times": width}) for width in WIDTHS if width != 1.0),
    )


def load(data: Path, out: Path) -> faces.Splits:
    """The faces of a packed file."""
    return faces.read(data)


def run(
    trial: Trial, splits: faces.Splits, out: Path, steps: int, device: torch.device, stepped: Stepped
) -> Mapping[str, Any]:
    """One training of the plain chain of convolutions (VGG), where depth and pooling show."""
    options = dict(trial.options)
    shape = within(Shape("vgg"))
    shape = replace(shape, width=shape.width * float(options.pop("times", 1.0)), **options)
    # Without normalisation the usual rate diverges.
    settings = faces.FaceSettings(steps=steps, seed=trial.seed, peak_rate=0.08 if shape.norm else 0.02)
    settings = faces.shaped(settings, shape)
    torch.manual_seed(trial.seed)
    some = splits.train.where(np.random.default_rng(0).permutation(len(splits.train))[:GRADIENT_FACES])
    fresh = gradients(build(shape), some)
    net, rows = faces.train_faces(splits.train, splits.valid, out, settings, device=device, stepped=stepped)
    return {
        "test": faces.judged(net, splits.test),
        "macs": macs(net),
        "gradients": fresh,
        "curve": rows,
    }


def gradients(net: nn.Module, some: faces.Labelled) -> list[float]:
    """Root mean square of the loss's gradient by each convolution's and matrix's weights, the first layer first."""
    net.train()
    small = F.interpolate(torch.from_numpy(some.images)[:, None].float(), (SIZE_PX,) * 2, mode="area")
    F.cross_entropy(net(standardised(small)), torch.from_numpy(some.labels)).backward()
    layers = [one for one in net.modules() if isinstance(one, nn.Conv2d | nn.Linear)]
    return [float(one.weight.grad.square().mean().sqrt()) for one in layers if one.weight.grad is not None]


def answer(results: Sequence[Result]) -> Answer:
    """Accuracy of each change beside the usual network, whose seeds tell which differences are small."""
    names = list(dict.fromkeys(one.trial.name for one in results))
    accuracy, f1 = (
        {name: [float(one.figures["test"][what]) for one in results if one.trial.name == name] for name in names}
        for what in ("accuracy", "macro_f1")
    )
    usual = float(np.mean(accuracy[USUAL]))
    apart = max(accuracy[USUAL]) - min(accuracy[USUAL])
    off = {name: float(np.mean(accuracy[name])) - usual for name in names if name != USUAL}
    gains = [f"{name} ({100 * d:+.1f})" for name, d in off.items() if d > apart]
    costs = [f"{name} ({100 * d:+.1f})" for name, d in sorted(off.items(), key=lambda one: one[1]) if d < -apart]
    sentence = (
        f"The usual network reads {100 * usual:.1f} % (seeds up to {100 * apart:.1f} points apart). Further above, in "
        f"points: {', '.join(gains) or 'none'}; below: {', '.join(costs) or 'none'}."
    )
    macs_of = {one.trial.name: int(one.figures["macs"]) for one in results}
    return Answer(
        sentence,
        _figure(results, names, accuracy),
        "Left: test accuracy, each seed a mark, with the 95 % interval over test faces of the first. Right: size of "
        "the gradient by depth before training; a line that falls to the left is a first layer that hardly learns.",
        ("network", "test accuracy, %", "macro F1, %", "MAC, million"),
        tuple((name, spread(accuracy[name]), spread(f1[name]), f"{macs_of[name] / 1e6:.2f}") for name in names),
        ("changes together", "learning rates for each of them", "leaky and smooth relatives of ReLU"),
    )


def _figure(results: Sequence[Result], names: Sequence[str], accuracy: Mapping[str, list[float]]) -> Figure:
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for place, name in enumerate(names):
        left.plot([100 * v for v in accuracy[name]], [place] * len(accuracy[name]), "o")
        first = next(one for one in results if one.trial.name == name)
        left.errorbar([100 * accuracy[name][0]], [place], xerr=off_by(first), color="0.6", capsize=3, zorder=0)
    left.set_yticks(range(len(names)), names, fontsize=8)
    left.invert_yaxis()
    left.set(xlabel="test accuracy, %")
    left.grid(alpha=0.3)
    shown = [one for one in results if "activation" in one.trial.options or one.trial.name == USUAL]
    for one in {one.trial.name: one for one in reversed(shown)}.values():
        right.plot(range(1, len(one.figures["gradients"]) + 1), one.figures["gradients"], "o-", label=one.trial.name)
    right.set(yscale="log", xlabel="layer, the first one left", ylabel="root mean square of the gradient")
    right.grid(alpha=0.3, which="both")
    right.legend(fontsize=7)
    return figure
