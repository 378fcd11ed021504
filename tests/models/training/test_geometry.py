"""Crops and the way back to the picture."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wakeful.models.training.geometry import Crop, level_square


@pytest.mark.parametrize("mirrored", [False, True])
def test_points_come_back(mirrored: bool) -> None:
    crop = Crop(40.0, 30.0, 50.0, 0.3, mirrored, 1.1, 64, 48)
    points = np.random.default_rng(1).uniform(0, 80, (7, 3))
    np.testing.assert_allclose(crop.back(crop.points(points)), points, atol=1e-9)


def test_the_centre_lies_in_the_middle() -> None:
    crop = Crop(40.0, 30.0, 50.0, 0.3, True, 0.9, 64, 48)
    np.testing.assert_allclose(crop.points(np.array([[40.0, 30.0]])), [[32.0, 24.0]])


def test_a_mirrored_crop_swaps_left_and_right() -> None:
    point = np.array([[45.0, 30.0]])
    plain, flipped = Crop(40.0, 30.0, 50.0), Crop(40.0, 30.0, 50.0, mirrored=True)
    assert plain.points(point)[0, 0] + flipped.points(point)[0, 0] == pytest.approx(112.0)


def test_the_level_square_holds_all_points_along_the_eyes() -> None:
    turn = 0.4
    cos, sin = math.cos(turn), math.sin(turn)
    level = np.array([[-10.0, 0.0], [10.0, 0.0], [0.0, 30.0], [0.0, -10.0]])
    points = level @ np.array([[cos, sin], [-sin, cos]]) + 50.0
    x_px, y_px, side, angle = level_square(points, points[0], points[1])
    assert angle == pytest.approx(turn)
    assert side == pytest.approx(40.0)
    inside = Crop(x_px, y_px, side, angle).points(points)
    assert inside.min() > -1e-6 and inside.max() < 112.0 + 1e-6
