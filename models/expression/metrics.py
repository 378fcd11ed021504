"""Figures that evaluate a classifier: accuracy, balance, calibration, and how sure the figures themselves are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.training.intervals import middle_95

CALIBRATION_BINS = 15
BOOTSTRAPS = 2000


@dataclass(frozen=True, slots=True)
class Figures:
    """What one protocol says of a classifier. Shares are 0 to 1.

    Attributes:
        faces: how many were evaluated.
        accuracy, macro_f1: over the classes that occur; ``*_95``: bootstrap 95 % interval over faces.
        recall: per class, None for a class without faces.
        confusion: counts, rows are labels and columns are answers.
        calibration_error: expected difference between confidence and accuracy (Guo et al. 2017, 15 equal bins).
    """

    faces: int
    classes: tuple[str, ...]
    accuracy: float
    accuracy_95: tuple[float, float]
    macro_f1: float
    macro_f1_95: tuple[float, float]
    recall: dict[str, float | None]
    calibration_error: float
    confusion: list[list[int]]


def figures(p: NDArray[np.float32], labels: NDArray[np.int64], classes: tuple[str, ...], seed: int = 0) -> Figures:
    """Evaluates probabilities ``p`` [N, C] against ``labels`` [N]; N must not be 0."""
    answers = p.argmax(axis=1)
    counts = confusion(answers, labels, len(classes))
    drawn = np.random.default_rng(seed).multinomial(len(labels), counts.ravel() / len(labels), size=BOOTSTRAPS)
    again = drawn.reshape(BOOTSTRAPS, *counts.shape)
    recalls = _recalls(counts)
    return Figures(
        faces=len(labels),
        classes=classes,
        accuracy=float(np.trace(counts) / len(labels)),
        accuracy_95=middle_95(np.trace(again, axis1=1, axis2=2) / len(labels)),
        macro_f1=float(macro_f1(counts)),
        macro_f1_95=middle_95(np.array([macro_f1(one) for one in again])),
        recall={name: None if np.isnan(value) else float(value) for name, value in zip(classes, recalls, strict=True)},
        calibration_error=calibration_error(p, labels),
        confusion=counts.tolist(),
    )


def confusion(answers: NDArray[np.int64], labels: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Counts [C, C]: rows are labels, columns are answers."""
    return np.bincount(labels * classes + answers, minlength=classes * classes).reshape(classes, classes)


def macro_f1(counts: NDArray[np.int64]) -> float:
    """Mean F1 over the classes that occur among the labels."""
    right = np.diag(counts)
    occurs = counts.sum(axis=1) > 0
    f1 = 2 * right / np.maximum(counts.sum(axis=0) + counts.sum(axis=1), 1)
    return float(f1[occurs].mean())


def calibration_error(p: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Expected calibration error: |accuracy - confidence| averaged over 15 equal bins of confidence."""
    confidence = p.max(axis=1)
    right = p.argmax(axis=1) == labels
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, weights=confidence - right, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(labels))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def best_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The divisor of ``logits`` that makes ``labels`` most probable (Guo et al. 2017); steps of 1 %, 0.2 to 5."""
    candidates = np.exp(np.arange(np.log(0.2), np.log(5.0), 0.01))
    rows = np.arange(len(labels))

    def surprise(temperature: float) -> float:
        scaled = logits.astype(np.float64) / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, labels]).mean())

    return float(min(candidates, key=surprise))


def _recalls(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    faces = counts.sum(axis=1)
    return np.where(faces > 0, np.diag(counts) / np.maximum(faces, 1), np.nan)
