"""Eigenfaces, Fisherfaces and pattern histograms name the person whose pictures are nearest."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from wakeful.models.identity.classical import methods
from wakeful.models.identity.layout import CROP_PX
from wakeful.sensors.opencv import cv2

pytestmark = pytest.mark.skipif(
    not (find_spec("sklearn") and find_spec("skimage")), reason="needs the extra [identity]"
)

PEOPLE, EACH = 8, 6


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Smooth textures, one a person, each picture with noise and another exposure."""
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(PEOPLE), EACH)
    textures = [
        cv2.resize(rng.uniform(60, 190, (14, 14)).astype(np.float32), (CROP_PX, CROP_PX)) for _ in range(PEOPLE)
    ]
    crops = [textures[one] * rng.uniform(0.9, 1.1) + rng.normal(0, 2, (CROP_PX, CROP_PX)) for one in person]
    return np.clip(crops, 0, 255).astype(np.uint8), person


@pytest.mark.parametrize("name", methods())
def test_every_way_knows_textures_again(name: str) -> None:
    crops, person = pictures()
    way = methods()[name]
    enrolled = np.arange(len(person)) % EACH < 3
    prepared = way.prepare(crops)
    way.fit(prepared[enrolled], person[enrolled])
    similarity = way.similarity(prepared[~enrolled])
    assert similarity.shape == ((~enrolled).sum(), enrolled.sum())
    assert (person[enrolled][similarity.argmax(axis=1)] == person[~enrolled]).mean() > 0.9


def test_histograms_do_not_see_a_change_of_exposure() -> None:
    crops, _ = pictures()
    way = methods()["LBPH"]
    bright = np.clip(crops.astype(np.int16) + 20, 0, 255).astype(np.uint8)
    assert way.prepare(bright) == pytest.approx(way.prepare(crops), abs=0.01)
