"""Trainings of a study: how classes are drawn and subsets taken, and that an interrupted trial comes out the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("matplotlib", reason="needs the extra [train]")

import torch

from wakeful.models.expression.face import FERPLUS_CLASSES
from wakeful.models.studies import balance, carry, curve, faces
from wakeful.models.studies.nets import Shape
from wakeful.models.studies.study import NAMES, Result, Trial, study
from wakeful.models.training.run import TrainingError


def drawn(count: int, seed: int) -> faces.Labelled:
    """Faces of eight classes, of which the second is a tenth as frequent as the first; each has its own stripes."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(8, count, p=np.array([30, 3, 10, 10, 10, 10, 10, 17]) / 100)
    stripes = 60.0 * np.sin(np.arange(48)[None, None, :] * (labels[:, None, None] + 1) / 4.0)
    images = 120.0 + stripes + rng.normal(0.0, 25.0, (count, 48, 48))
    return faces.Labelled(np.clip(images, 0, 255).astype(np.uint8), labels.astype(np.int64))


SPLITS = faces.Splits(drawn(600, 1), drawn(100, 2), drawn(200, 3))
FEW = faces.FaceSettings(steps=12, batch=32, warm_up=2, checkpoint_every=4, validate_every=6)
SMALL = faces.shaped(FEW, Shape("lenet", width=0.4))


def share_of(way: faces.Balance, label: int) -> float:
    task = faces.FaceTask(SPLITS.train, SPLITS.valid, replace(SMALL, balance=way))
    return float(task.drawn_by[SPLITS.train.labels == label].sum())


def test_classes_are_drawn_as_each_way_says() -> None:
    counts = np.bincount(SPLITS.train.labels, minlength=8)
    assert share_of("as they come", 1) == pytest.approx(counts[1] / 600)
    assert share_of("over-sampled", 1) == pytest.approx(1 / 8) == pytest.approx(share_of("over-sampled", 0))
    assert share_of("under-sampled", 0) == pytest.approx(1 / 8)
    assert counts[1] / 600 < share_of("both", 1) < 1 / 8


def test_under_sampling_draws_from_as_many_faces_as_the_rarest_class_has() -> None:
    task = faces.FaceTask(SPLITS.train, SPLITS.valid, replace(SMALL, balance="under-sampled"))
    used = np.bincount(SPLITS.train.labels[task.drawn_by > 0], minlength=8)
    assert set(used.tolist()) == {int(np.bincount(SPLITS.train.labels).min())}


def test_a_subset_keeps_the_shares_of_the_classes() -> None:
    some = faces.subset(SPLITS.train, 300, seed=4)
    assert len(some) == pytest.approx(300, abs=8)
    shares = np.bincount(some.labels, minlength=8) / len(some)
    assert np.abs(shares - np.bincount(SPLITS.train.labels, minlength=8) / 600).max() < 0.02


def test_an_interrupted_trial_comes_to_the_same_weights(tmp_path: Path) -> None:
    whole, _ = faces.train_faces(SPLITS.train, SPLITS.valid, tmp_path / "whole", SMALL)

    def stop(step: int) -> None:
        if step == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        faces.train_faces(SPLITS.train, SPLITS.valid, tmp_path / "cut", SMALL, stepped=stop)
    resumed, _ = faces.train_faces(SPLITS.train, SPLITS.valid, tmp_path / "cut", SMALL)
    for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_a_trial_that_is_done_is_not_run_again(tmp_path: Path) -> None:
    trial = Trial("as they come", 1, {"balance": "as they come"})
    first = carry.run_trial(balance, trial, SPLITS, tmp_path, steps=10)
    assert carry.run_trial(balance, trial, None, tmp_path, steps=10) == first
    with pytest.raises(TrainingError, match="10 steps, not 11"):
        carry.run_trial(balance, trial, SPLITS, tmp_path, steps=11)


def test_the_learning_curve_is_a_power_law_with_a_floor() -> None:
    counts = np.array([100, 300, 1000, 3000, 10_000, 30_000], float)
    law = curve.fit(counts, 0.1 + 2.0 * counts**-0.4)
    assert law.floor == pytest.approx(0.1, abs=0.01)
    assert law.power == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize("name", NAMES)
def test_every_study_has_a_question_and_trials_with_folders_of_their_own(name: str) -> None:
    if name == "architectures":
        pytest.importorskip("onnx", reason="needs the extra [train]")
    asked = study(name)
    keys = [one.key for one in asked.trials()]
    assert asked.QUESTION.endswith("?") and len(keys) == len(set(keys)) >= 8


def test_the_answer_names_what_gains_most() -> None:
    def result(way: str, recall: float, accuracy: float) -> Result:
        recalls = dict.fromkeys(FERPLUS_CLASSES, recall)
        test = {"accuracy": accuracy, "macro_f1": recall, "calibration_error": 0.1, "recall": recalls}
        return Result(Trial(way, 1, {"balance": way}), {"test": test, "counts": [100] * 8, "steps": 1}, 1.0)

    told = balance.answer([result("as they come", 0.6, 0.8), result("over-sampled", 0.7, 0.77)])
    assert "over-sampled (+10.0 points), at 3.0 points of accuracy" in told.sentence
