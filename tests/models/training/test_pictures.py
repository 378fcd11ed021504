"""Pictures of different sizes in one file, light, and covers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from wakeful.models.training.covers import Covers, Spectacles, lay_hand, lay_mask, lay_patch, lay_spectacles
from wakeful.models.training.light import Light, standardise, varied
from wakeful.models.training.pictures import cached

RNG = np.random.default_rng(3)
GREY = RNG.integers(0, 255, (112, 112), dtype=np.uint8)


def covers() -> Covers:
    """A square hand, a pair of round lenses without a frame, one scene."""
    hand = np.zeros((40, 30, 2), np.uint8)
    hand[5:35, 5:25] = (90, 255)
    layers = np.zeros((60, 100, 3), np.uint8)
    layers[20:40, 10:40, 2] = layers[20:40, 60:90, 2] = 255
    pair = Spectacles(layers, np.array([[24.5, 29.5], [74.5, 29.5]]))
    return Covers([hand], [pair], [RNG.integers(0, 255, (50, 60), dtype=np.uint8)])


def unlike(net: Any) -> Any:
    """``net`` with other statistics in each layer: the exporter joins equal constants by an operator of its own."""
    for name, values in net.named_buffers():
        if name.endswith("running_mean"):
            values.normal_()
    return net


def test_pictures_come_back_from_their_file(tmp_path: Path) -> None:
    given = [RNG.integers(0, 255, shape, dtype=np.uint8) for shape in ((4, 6), (3, 2), (7, 5))]
    kept = cached(tmp_path / "some" / "pictures.npz", given)
    again = cached(tmp_path / "some" / "pictures.npz", [])
    assert len(kept) == len(again) == 3
    for i, picture in enumerate(given):
        np.testing.assert_array_equal(again[i], picture)


def test_varied_crops_keep_size_and_type() -> None:
    for seed in range(40):
        out = varied(np.random.default_rng(seed), GREY, Light())
        assert out.shape == GREY.shape and out.dtype == np.uint8


def test_a_flat_crop_is_not_stretched() -> None:
    flat = np.full((48, 64), 80, np.uint8)
    flat[0, 0] = 81
    assert np.abs(standardise(flat)).max() < 1.0
    assert abs(float(standardise(GREY).std()) - 1.0) < 1e-3


def test_things_lie_where_they_are_laid() -> None:
    rng, given = np.random.default_rng(5), covers()
    hand, cover = lay_hand(rng, GREY, given, np.array([56.0, 56.0]), 60.0)
    assert cover[56, 56] > 0.9 and hand.shape == GREY.shape
    np.testing.assert_array_equal(hand[cover == 0.0], GREY[cover == 0.0])
    _, box = lay_patch(rng, GREY, given, np.array([30.0, 40.0]), 40.0)
    assert box[40, 30] == 1.0 and box[100, 100] == 0.0
    masked = lay_mask(rng, GREY, np.array([[20.0, 60.0], [90.0, 60.0], [56.0, 110.0]]))
    np.testing.assert_array_equal(masked[:50], GREY[:50])


def test_dark_lenses_lie_before_both_eyes() -> None:
    eyes = np.array([[36.0, 50.0], [76.0, 50.0]])
    white = np.full((112, 112), 200, np.uint8)
    dark, lens = lay_spectacles(np.random.default_rng(5), white, covers(), eyes, dark=0.9)
    assert dark[52, 36] < 60 and dark[52, 76] < 60 and dark[100, 56] == 200
    assert lens[52, 36] > 0.9
