"""Evaluates an exported expression network by the published protocols: ``wakeful evaluate expression``.

On the packed FER+ file a split is evaluated three ways, each also without the faces that training has seen a copy of:
``ferplus`` (as the code of Barsoum et al. 2016: single votes dropped, then the class with more than half of the votes
left), ``ferplus_plurality`` (every face, the emotion with most votes) and ``fer2013`` (its seven labels). A folder
with one subfolder per class is evaluated on the classes it has.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.expression.copies import near_copies
from wakeful.models.expression.data import DataError, Faces, load, load_folder, paper_labels, plain_labels
from wakeful.models.expression.face import FER2013_CLASSES, FERPLUS_CLASSES
from wakeful.models.expression.metrics import Figures, figures, softmax
from wakeful.models.expression.network import ExpressionFile

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Report:
    """What ``wakeful evaluate expression`` found.

    Attributes:
        protocols: figures by protocol; ``*_unseen``: without near copies of training faces.
        median_ms: one face on one thread here.
    """

    weights: str
    bytes: int
    data: str
    split: str
    copies: int
    median_ms: float
    protocols: dict[str, Figures]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def evaluate(weights: Path, data: Path, split: str) -> Report:
    """Evaluates ``weights`` on one split of a packed file, or on a folder (whose split is named but not used).

    Raises:
        WeightsError: the weights are no expression network.
        DataError: the data cannot be used, or the split holds no faces.
    """
    network = ExpressionFile(weights)
    if data.is_dir():
        protocols, copies = _evaluate_folder(network, data), 0
    else:
        protocols, copies = _evaluate_split(network, load(data), split, data)
    return Report(str(weights), network.bytes, str(data), split, copies, network.median_ms(), protocols)


def protocol_figures(
    faces: Faces, ferplus: NDArray[np.float32], fer2013: NDArray[np.float32], seen: NDArray[np.bool_] | None = None
) -> dict[str, Figures]:
    """Figures of all protocols from logits [N, 8] and [N, 7]; ``seen`` [N] marks near copies of training faces."""
    tasks = {
        "ferplus": (ferplus, paper_labels(faces.votes), FERPLUS_CLASSES),
        "ferplus_plurality": (ferplus, plain_labels(faces.votes), FERPLUS_CLASSES),
        "fer2013": (fer2013, faces.fer2013.astype(np.int64), FER2013_CLASSES),
    }
    protocols = {}
    for name, (logits, labels, classes) in tasks.items():
        for suffix, left_out in (("", None), ("_unseen", seen)):
            chosen = labels >= 0 if left_out is None else (labels >= 0) & ~left_out
            if (suffix and left_out is None) or not chosen.any():
                continue
            protocols[name + suffix] = figures(softmax(logits[chosen]), labels[chosen], classes)
    return protocols


def _evaluate_split(network: ExpressionFile, faces: Faces, split: str, data: Path) -> tuple[dict[str, Figures], int]:
    chosen = faces.of(split)
    if len(chosen) == 0:
        held = ", ".join(sorted(set(faces.split.tolist())))
        raise DataError(f"{data} holds no faces of the split {split!r}; it has: {held}")
    seen = None
    if split != "train":
        seen = near_copies(chosen.images, faces.of("train").images)
    return protocol_figures(chosen, *network.logits(chosen.images), seen), 0 if seen is None else int(seen.sum())


def _evaluate_folder(network: ExpressionFile, folder: Path) -> dict[str, Figures]:
    """Classes that the folder does not have cannot be answered."""
    images, labels, classes = load_folder(folder)
    logits = network.logits(images)[0 if set(classes) <= set(FERPLUS_CLASSES) else 1]
    known = FERPLUS_CLASSES if set(classes) <= set(FERPLUS_CLASSES) else FER2013_CLASSES
    held = [known.index(name) for name in classes]
    return {"folder": figures(softmax(logits[:, held]), labels, classes)}


def confusion_picture(report: Report) -> Figure:
    """Confusion matrices of the protocols that cover all faces, side by side; shares of each row and counts."""
    from matplotlib.figure import Figure

    shown = {name: one for name, one in report.protocols.items() if not name.endswith(("_unseen", "_plurality"))}
    picture = Figure(figsize=(7 * len(shown), 6.2), layout="constrained")
    for axes, (name, one) in zip(np.atleast_1d(picture.subplots(1, len(shown))), shown.items(), strict=True):
        counts = np.array(one.confusion)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if shares[row, column] > 0.5 else "black"
            text = f"{100 * shares[row, column]:.0f}\n({count})"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
        axes.set_xticks(range(len(one.classes)), one.classes, rotation=40, ha="right")
        axes.set_yticks(range(len(one.classes)), one.classes)
        axes.set_xlabel("answer")
        axes.set_ylabel("label")
        axes.set_title(f"{name}, {report.split}: {100 * one.accuracy:.1f} % of {one.faces} faces, in % of each row")
    return picture
