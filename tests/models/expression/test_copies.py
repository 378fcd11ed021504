"""Pictures that are also in training are found, however they were brightened or shrunk in contrast."""

from __future__ import annotations

import numpy as np
import pytest

from tests.models.expression.samples import real_faces
from wakeful.models.expression.copies import near_copies
from wakeful.models.expression.data import load

DRAW = np.random.default_rng(3)
TRAINED = DRAW.integers(0, 256, (50, 48, 48), dtype=np.uint8)


def test_exact_darker_and_slightly_noisy_copies_are_found() -> None:
    noisy = np.clip(TRAINED[7] + DRAW.normal(0.0, 8.0, (48, 48)), 0, 255).astype(np.uint8)
    tested = np.stack([TRAINED[3], TRAINED[4] // 2, noisy])
    assert near_copies(tested, TRAINED).tolist() == [True, True, True]


def test_other_pictures_and_blank_ones_are_not() -> None:
    tested = np.stack([DRAW.integers(0, 256, (48, 48), dtype=np.uint8), np.zeros((48, 48), np.uint8)])
    assert near_copies(tested, np.concatenate([TRAINED, tested[1:]])).tolist() == [False, False]


@pytest.mark.slow
def test_the_real_test_split_has_328_near_copies() -> None:
    faces = load(real_faces())
    assert int(near_copies(faces.of("test").images, faces.of("train").images).sum()) == 328
