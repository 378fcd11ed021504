"""How a training of the expression network went, as a picture."""

from __future__ import annotations

from pathlib import Path

from wakeful.files import replace_file
from wakeful.models.training.run import Row

CURVE_PNG = "curve.png"


def draw_curve(file: Path, rows: list[Row]) -> None:
    """Losses and accuracies over the epochs."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), layout="constrained")
    loss, accuracy = figure.subplots(2, 1, sharex=True)
    lines = (
        (loss, "loss", 1, "training loss (both heads)"),
        (loss, "valid_loss", 1, "validation loss (votes)"),
        (accuracy, "valid_ferplus", 100, "FER+ validation"),
        (accuracy, "valid_fer2013", 100, "FER2013 public test"),
    )
    for axes, name, unit, label in lines:
        axes.plot([row["epoch"] for row in rows], [unit * row[name] for row in rows], label=label)
    loss.set_ylabel("cross-entropy")
    accuracy.set(ylabel="accuracy, %", xlabel="epoch")
    for axes in (loss, accuracy):
        axes.grid(alpha=0.3)
        axes.legend()
    replace_file(file, lambda part: figure.savefig(part, format="png", dpi=110), private=False)
