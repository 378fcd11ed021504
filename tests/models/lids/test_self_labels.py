"""Real eyes that a trained lids network labels for a further training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.models.training.test_pictures import covers

torch = pytest.importorskip("torch", reason="training needs the extra [train]")

from wakeful.models.lids import self_labels as subject  # noqa: E402
from wakeful.models.lids.bank import Bank, Eyes  # noqa: E402
from wakeful.models.lids.layout import OUTPUTS, SHUT  # noqa: E402
from wakeful.models.lids.samples import EyeSamples  # noqa: E402
from wakeful.models.training.light import Light  # noqa: E402
from wakeful.models.training.pictures import Pictures  # noqa: E402

FACES = 100


class Brightness:
    """In place of a network: says that an eye is the surer shut the more the right of its crop is above the left."""

    def eval(self) -> None:
        """It has no other mode."""

    def __call__(self, crops: Any) -> Any:
        out = torch.zeros(len(crops), OUTPUTS)
        half = crops.shape[-1] // 2
        out[:, SHUT] = (crops[..., half:] - crops[..., :half]).mean(dim=(1, 2, 3))
        return out, out


BRIGHTNESS: Any = Brightness()


def ramps(steep: np.ndarray) -> list[np.ndarray]:
    """A picture of two eyes for each face, each eye rising by as much from left to right."""
    across = np.clip(np.arange(160) % 80 - 40, -20, 20) / 20.0
    noise = np.random.default_rng(4).normal(0.0, 8.0, (len(steep), 60, 160))
    return list(np.clip(128 + noise + steep[:, None, None] * across, 0, 255).astype(np.uint8))


def bank(opening: np.ndarray, steep: np.ndarray) -> Bank:
    """Two eyes a face, in one picture."""
    count = 2 * FACES
    contour = np.zeros((count, 16, 2), np.float32)
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    middle = np.where(np.arange(count) % 2, 120.0, 40.0)
    contour[..., 0] = middle[:, None] - 18 * np.cos(turn)
    contour[..., 1] = 30 + np.sin(turn)
    eyes = Eyes(
        sharp=np.zeros(count, bool), picture=np.arange(count) // 2, contour=contour,
        iris=contour[:, :5], human=np.full((count, 6, 2), np.nan, np.float32), mirrored=np.zeros(count, bool),
        opening=opening.astype(np.float32), face=np.arange(count) // 2, source=np.full(count, "lfw"),
        split=np.full(count, "train"),
    )  # fmt: skip
    targets: Any = None
    return Bank(eyes, Pictures.of(ramps(steep)), Pictures.of([]), targets)


def test_the_surest_of_the_nearly_shut_are_labelled_both_eyes_of_a_face_alike() -> None:
    steep = np.zeros(FACES)
    steep[:6], steep[-6:] = -100.0, 100.0
    samples = EyeSamples(bank(np.full(2 * FACES, 0.05), steep), covers(), "train")
    labels = subject.self_labels(BRIGHTNESS, samples)
    assert set(np.flatnonzero(labels == 1.0)) == set(range(188, 200))
    assert set(np.flatnonzero(labels == 0.0)) == set(range(12))


def test_open_eyes_are_not_asked_about() -> None:
    opening = np.where(np.arange(2 * FACES) < FACES, 0.3, 0.05)
    samples = EyeSamples(bank(opening, np.linspace(100, -100, FACES)), covers(), "train")
    assert np.isnan(subject.self_labels(BRIGHTNESS, samples)[:FACES]).all()
    samples = EyeSamples(bank(np.full(2 * FACES, 0.3), np.zeros(FACES)), covers(), "train")
    assert np.isnan(subject.self_labels(BRIGHTNESS, samples)).all()


def test_known_shut_eyes_are_drawn_more_often_and_learned_as_shut() -> None:
    samples = EyeSamples(bank(np.full(2 * FACES, 0.05), np.zeros(FACES)), covers(), "train")
    labels = np.full(2 * FACES, np.nan, np.float32)
    labels[:2] = 1.0
    before = samples.odds[0]
    samples.learn_shut(labels)
    assert samples.odds[0] > 2.5 * before
    assert samples.odds.sum() == pytest.approx(1.0)
    drawn = [samples.pair(np.random.default_rng(1), index, Light())[0].shut for index in (0, 5)]
    assert drawn[0] == 1.0 and np.isnan(drawn[1])
