"""How a training went, epoch by epoch: the rows, the CSV file and the picture."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass
from pathlib import Path

from wakeful.files import replace_file

CURVE_CSV = "curve.csv"
CURVE_PNG = "curve.png"


@dataclass(frozen=True, slots=True)
class Epoch:
    """One row of the curve; the validation figures are those of the averaged weights, one look at each face."""

    epoch: int
    rate: float
    loss: float
    valid_loss: float
    valid_ferplus: float
    valid_fer2013: float
    seconds: float


def write_curve(file: Path, curve: list[Epoch]) -> None:
    """The curve as CSV, one row an epoch."""

    def write(part: Path) -> None:
        with part.open("w", newline="", encoding="utf-8") as text:
            rows = csv.DictWriter(text, fieldnames=list(Epoch.__slots__))
            rows.writeheader()
            rows.writerows(asdict(row) for row in curve)

    replace_file(file, write, private=False)


def draw_curve(file: Path, curve: list[Epoch]) -> None:
    """Loss, accuracies and learning rate over the epochs, as a picture."""
    from matplotlib.figure import Figure

    epochs = [row.epoch for row in curve]
    figure = Figure(figsize=(9, 7), layout="constrained")
    loss, accuracy = figure.subplots(2, 1, sharex=True)
    loss.plot(epochs, [row.loss for row in curve], label="training loss (both heads)")
    loss.plot(epochs, [row.valid_loss for row in curve], label="validation loss (votes)")
    loss.set_ylabel("cross-entropy")
    accuracy.plot(epochs, [100 * row.valid_ferplus for row in curve], label="FER+ validation")
    accuracy.plot(epochs, [100 * row.valid_fer2013 for row in curve], label="FER2013 public test")
    accuracy.set_ylabel("accuracy, %")
    accuracy.set_xlabel("epoch")
    for axes in (loss, accuracy):
        axes.grid(alpha=0.3)
        axes.legend()
    replace_file(file, lambda part: figure.savefig(part, format="png", dpi=110), private=False)
