"""Classical networks beside the shipped one, at one budget of multiply-accumulates."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import nn

from wakeful.models.expression.augment import standardised
from wakeful.models.expression.face import SIZE_PX as FACE_PX
from wakeful.models.expression.metrics import calibration_error, softmax
from wakeful.models.expression.net import ExpressionNet
from wakeful.models.expression.network import ExpressionFile
from wakeful.models.studies import faces
from wakeful.models.studies.costs import CHIP, costs_of
from wakeful.models.studies.nets import BUDGET_MACS, NETS, SIZE_PX, Shape, layer_costs, macs, within
from wakeful.models.studies.study import Answer, Result, Stepped, Trial, off_by, spread
from wakeful.models.training.blocks import parameters
from wakeful.models.variants import file

QUESTION = "Which classical network reads expressions best at the same number of multiply-accumulates?"
STEPS = faces.STEPS
FILES: tuple[str, ...] = ()
SHIPPED = "as shipped (48 px)"
TITLES = {
    "lenet": "LeNet-5",
    "alexnet": "AlexNet",
    "vgg": "VGG",
    "inception": "Inception",
    "residual": "ResNet, plain",
    "bottleneck": "ResNet, bottleneck",
}
CALIBRATED = 256


def trials() -> tuple[Trial, ...]:
    """Each network, the oldest and the plain residual one with three seeds; the shipped one is not trained."""
    return (
        *(
            Trial(TITLES[kind], seed, {"kind": kind})
            for kind in NETS
            for seed in ((1, 2, 3) if kind in ("lenet", "residual") else (1,))
        ),
        Trial(SHIPPED),
    )


def load(data: Path, out: Path) -> faces.Splits:
    """The faces of a packed file."""
    return faces.read(data)


def run(
    trial: Trial, splits: faces.Splits, out: Path, steps: int, device: torch.device, stepped: Stepped
) -> Mapping[str, Any]:
    """One training, then what the network costs as int8."""
    if trial.name == SHIPPED:
        return _shipped(splits.test)
    shape = within(Shape(trial.options["kind"]))
    begun = time.process_time()
    settings = faces.shaped(faces.FaceSettings(steps=steps, seed=trial.seed), shape)
    net, rows = faces.train_faces(splits.train, splits.valid, out, settings, device=device, stepped=stepped)
    took_s = time.process_time() - begun
    some = splits.train.where(np.random.default_rng(0).permutation(len(splits.train))[:CALIBRATED])
    costs = costs_of(net, out, given(some.images), given(splits.test.images))
    return {
        "test": faces.judged(net, splits.test),
        "int8": _plain(costs.answers, splits.test.labels),
        "layers": [asdict(one) for one in layer_costs(net)],
        "filters": _filters(net).tolist(),
        "macs": macs(net),
        "parameters": parameters(net),
        "training_s": round(took_s, 1),
        "costs": {key: value for key, value in asdict(costs).items() if key != "answers"},
        "curve": rows,
    }


def given(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Input of the studies' networks from faces [N, 48, 48]."""
    small = F.interpolate(torch.from_numpy(images)[:, None].float(), (SIZE_PX, SIZE_PX), mode="area")
    return np.asarray(standardised(small).numpy(), np.float32)


def _filters(net: nn.Module) -> NDArray[np.float64]:
    first = next(one for one in net.modules() if isinstance(one, nn.Conv2d))
    return np.asarray(np.round(first.weight.detach().numpy()[:, 0], 4), np.float64)


def _shipped(test: faces.Labelled) -> dict[str, Any]:
    """The shipped int8 network on the same faces, which it sees at 48 pixels."""
    shipped = ExpressionFile(file("expression", "int8", "litert"))
    answers, _ = shipped.logits(test.images)
    net = ExpressionNet()
    return {
        "test": _plain(answers, test.labels),
        "int8": _plain(answers, test.labels),
        "macs": macs(net, FACE_PX),
        "parameters": parameters(net),
        "training_s": None,
        "costs": {"operators": None, "litert_ms": shipped.median_ms(), "onnx_ms": None, "on_hexagon": None},
    }


def _plain(logits: NDArray[np.float32], labels: faces.Labels) -> dict[str, float]:
    p = softmax(logits)
    return {"accuracy": float(np.mean(p.argmax(axis=1) == labels)), "calibration_error": calibration_error(p, labels)}


def answer(results: Sequence[Result]) -> Answer:
    """Accuracy beside cost."""
    names = list(dict.fromkeys(one.trial.name for one in results))
    of = {name: [one for one in results if one.trial.name == name] for name in names}
    accuracy = {name: [float(one.figures["int8"]["accuracy"]) for one in some] for name, some in of.items()}
    trained = [name for name in names if name != SHIPPED]
    best = max(trained, key=lambda name: float(np.mean(accuracy[name])))
    oldest = TITLES["lenet"]
    sentence = (
        f"At {BUDGET_MACS / 1e6:.0f} million multiply-accumulates {best} reads most: {spread(accuracy[best])} % of "
        f"test faces as int8, LeNet-5 {spread(accuracy[oldest])} %; the shipped network, larger and longer trained, "
        f"{spread(accuracy[SHIPPED])} %."
    )
    return Answer(
        sentence,
        _figure(of),
        "Above: test accuracy of the int8 network, with 95 % intervals, over its time in LiteRT. Below: filters "
        "of the first layer, one seed. Layer by layer the arithmetic stands in the results file.",
        (
            "network",
            "accuracy int8, %",
            "float, %",
            "calibration error, %",
            "MAC, million",
            "values",
            "LiteRT int8, us",
            "ONNX Runtime int8, us",
            f"operators on {CHIP}",
            "training, CPU s",
        ),
        tuple(_row(name, of[name], accuracy[name]) for name in names),
        (
            "each network's own best learning rate and length of training",
            "budgets other than this one, where the order may change",
            "depthwise convolutions, which came later",
        ),
    )


def _row(name: str, some: Sequence[Result], accuracy: Sequence[float]) -> tuple[str, ...]:
    first, costs = some[0].figures, some[0].figures["costs"]
    hexagon, count = costs["on_hexagon"], costs["operators"]
    times = [f"{1e3 * costs[what]:.0f}" if costs[what] else "" for what in ("litert_ms", "onnx_ms")]
    return (
        name,
        spread(accuracy),
        spread([float(one.figures["test"]["accuracy"]) for one in some]),
        spread([float(one.figures["int8"]["calibration_error"]) for one in some]),
        f"{first['macs'] / 1e6:.2f}",
        f"{first['parameters']:,}",
        *times,
        "" if hexagon is None else f"{hexagon} of {count}",
        "" if first["training_s"] is None else f"{first['training_s']:.0f}",
    )


def _figure(of: Mapping[str, Sequence[Result]]) -> Figure:
    figure = Figure(figsize=(9, 8), layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=(4, 3))
    upper, lower = parts
    axes = upper.subplots()
    for name, some in of.items():
        x = [1e3 * one.figures["costs"]["litert_ms"] for one in some]
        y = [100 * one.figures["int8"]["accuracy"] for one in some]
        off = [off_by(one)[0] + off_by(one)[1] for one in some if "accuracy_95" in one.figures["test"]]
        axes.errorbar(x, y, np.array(off).T if off else None, fmt="o", capsize=3, label=name)
    axes.set(xlabel="LiteRT int8, microseconds a face", ylabel="test accuracy, %", xscale="log")
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8)
    trained = [(name, some[0].figures["filters"]) for name, some in of.items() if "filters" in some[0].figures]
    grid = lower.subplots(len(trained), 12, squeeze=False)
    for row, (name, filters) in zip(grid, trained, strict=True):
        for place, one in enumerate(row):
            one.set_axis_off()
            if place < len(filters):
                one.imshow(filters[place], cmap="gray")
        row[0].set_title(name, fontsize=8, loc="left")
    return figure
