"""Whether a label can be recognised without looking: from light, sharpness or size, or from how a file is named.

Classes that come from different sources differ so, and a network learns the source in place of the class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.dataset.measure import FIGURES, Measured
from wakeful.models.dataset.naming import file_shapes, folders

LEAST = 20
"""Pictures of a class, and of all others, from which a share says something."""
TELLS = 0.85
"""AUC at which a cue is reported: it orders 85 of 100 pairs of a picture of the class and another one rightly.

All figures together reach 0.68 on the expressions of FER+ and 0.6 on those of JAFFE, whose classes share their sources;
file names alone reach 1.00 on CEW, whose closed eyes are of one source and whose open ones of another."""
TOGETHER = "figures together"
FILE_NAMES, FOLDERS = "file names", "folders"
FOLDS, BINS = 5, 12

Column = NDArray[Any]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cue:
    """What tells a class from all others.

    Attributes:
        figure: one of ``FIGURES``, ``TOGETHER`` for all of them; or ``FILE_NAMES``, ``FOLDERS``, the name of a column.
        auc: share of pairs that it orders rightly, 0.5 by chance.
        higher: the class has the higher figure; None where it is no single figure.
    """

    label: str
    figure: str
    auc: float
    higher: bool | None

    @property
    def of_source(self) -> bool:
        """Whether no subject can be its cause."""
        return self.figure not in (*FIGURES, TOGETHER)


def cues(
    measured: Measured,
    labels: NDArray[np.str_],
    names: Sequence[str] = (),
    said: Mapping[str, NDArray[np.str_]] | None = None,
) -> list[Cue]:
    """Of each class its best cue in the pictures and its best one beside them, as far as they tell it.

    Args:
        names: of the files.
        said: columns that say where a picture is from.

    Returns:
        The strongest first.
    """
    usable = measured.readable & (labels != "")
    classes = [str(label) for label in np.unique(labels[usable])]
    figures = {name: measured.figures[name][usable] for name in FIGURES}
    sources: dict[str, Column] = {column: texts[usable] for column, texts in (said or {}).items()}
    if names:
        chosen = [names[index] for index in np.flatnonzero(usable).tolist()]
        sources |= {FILE_NAMES: file_shapes(chosen, classes), FOLDERS: folders(chosen, classes)}
    found = []
    for label in classes:
        of_class = labels[usable] == label
        if min(of_class.sum(), (~of_class).sum()) < LEAST:
            continue
        single = max((_cue(label, name, values, of_class) for name, values in figures.items()), key=_auc)
        if single.auc < TELLS:
            single = Cue(label, TOGETHER, predicted_by(figures, of_class), None)
        named = [Cue(label, name, predicted_by({name: values}, of_class), None) for name, values in sources.items()]
        found += [one for one in (single, max(named, key=_auc, default=single)) if one.auc >= TELLS]
    return sorted(dict.fromkeys(found), key=lambda one: -one.auc)


def predicted_by(columns: Mapping[str, Column], of_class: Flags) -> float:
    """AUC of a naive Bayes classifier over numbers in twelfths and texts as they are.

    Each fifth of the pictures is predicted from the other four.
    """
    fold = np.random.default_rng(0).permutation(len(of_class)) % FOLDS
    score = np.zeros(len(of_class))
    for values in columns.values():
        code = _code(values)
        count = int(code.max()) + 1
        for held_out in range(FOLDS):
            of = [np.bincount(code[(fold != held_out) & kind], minlength=count) + 1.0 for kind in (of_class, ~of_class)]
            likelier = np.log(of[0] / of[0].sum()) - np.log(of[1] / of[1].sum())
            score[fold == held_out] += likelier[code[fold == held_out]]
    return area_under_curve(score.astype(np.float32), of_class)


def _code(values: Column) -> NDArray[np.intp]:
    if values.dtype.kind == "U":
        return np.unique(values, return_inverse=True)[1]
    edges = np.unique(np.quantile(values, np.linspace(0.0, 1.0, BINS + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right")


def area_under_curve(values: NDArray[np.float32], high: Flags) -> float:
    """Share of pairs in which the one of ``high`` has the higher value, ties by half (Mann & Whitney)."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2.0)[place]
    n = int(high.sum())
    return float((rank[high].sum() - n * (n + 1) / 2.0) / (n * (len(values) - n)))


def _cue(label: str, figure: str, values: NDArray[np.float32], of_class: Flags) -> Cue:
    auc = area_under_curve(values, of_class)
    return Cue(label, figure, max(auc, 1.0 - auc), auc >= 0.5)


def _auc(cue: Cue) -> float:
    return cue.auc
