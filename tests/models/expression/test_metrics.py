"""Figures are what their names say, on cases that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from wakeful.models.expression.metrics import best_temperature, calibration_error, confusion, figures, macro_f1, softmax

CLASSES = ("calm", "glad", "sad")


def certain(answers: list[int], confidence: float = 0.9) -> np.ndarray:
    p = np.full((len(answers), 3), (1.0 - confidence) / 2.0, np.float32)
    p[np.arange(len(answers)), answers] = confidence
    return p


def test_accuracy_recall_and_confusion_are_counted() -> None:
    one = figures(certain([0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 1]), CLASSES)
    assert (one.faces, one.accuracy) == (5, 0.8)
    assert one.recall == {"calm": pytest.approx(2 / 3), "glad": 1.0, "sad": None}
    assert one.confusion == [[2, 1, 0], [0, 2, 0], [0, 0, 0]]


def test_macro_f1_is_the_mean_over_classes_that_occur() -> None:
    counts = confusion(np.array([0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 1]), 3)
    assert macro_f1(counts) == pytest.approx((2 * 2 / 5 + 2 * 2 / 5) / 2)


def test_intervals_hold_the_figure_and_shrink_with_more_faces() -> None:
    draw = np.random.default_rng(1)
    widths = []
    for count in (100, 10_000):
        labels = draw.integers(0, 3, count)
        answers = np.where(draw.random(count) < 0.8, labels, (labels + 1) % 3)
        one = figures(certain(answers.tolist()), labels, CLASSES)
        low, high = one.accuracy_95
        assert low < one.accuracy < high
        widths.append(high - low)
    assert widths[0] == pytest.approx(2 * 1.96 * (0.8 * 0.2 / 100) ** 0.5, rel=0.3)
    assert widths[1] < widths[0] / 5


def test_confidence_that_is_kept_has_no_calibration_error() -> None:
    labels = np.array([0] * 9 + [1])
    assert calibration_error(certain([0] * 10, 0.9), labels) == pytest.approx(0.0, abs=1e-6)
    assert calibration_error(certain([0] * 10, 0.7), labels) == pytest.approx(0.2, abs=1e-6)


def test_the_best_temperature_undoes_an_exaggeration() -> None:
    draw = np.random.default_rng(2)
    honest = draw.normal(0.0, 1.5, (20_000, 3)).astype(np.float32)
    labels = (softmax(honest).cumsum(axis=1) > draw.random((len(honest), 1))).argmax(axis=1)
    assert best_temperature(honest * 2.5, labels) == pytest.approx(2.5, rel=0.05)
