"""What is drawn before and over faces to train with: it lies where it should and spares the rest."""

from __future__ import annotations

import numpy as np
import pytest

from wakeful.models.eyes.covers import draw_cover
from wakeful.models.eyes.hands import draw_hand
from wakeful.models.eyes.lids import close_eye, lay_eye
from wakeful.sensors.opencv import cv2

SIDE = 192
MIDDLE = np.array([96.0, 80.0], np.float32)
SKIN = np.array([110.0, 140.0, 190.0], np.float32)
# An eye of the 68-point scheme around the middle of the picture, 40 pixels wide.
EYE = np.array([[76, 96], [88, 88], [104, 88], [116, 96], [104, 102], [88, 102]], np.float32)


@pytest.mark.parametrize("seed", range(12))
def test_a_hand_has_the_colour_of_skin_and_a_cover_between_0_and_1(seed: int) -> None:
    picture, cover = draw_hand(np.random.default_rng(seed), SIDE, MIDDLE, 120.0, SKIN, 0.3)
    assert picture.shape == (SIDE, SIDE, 3) and cover.shape == (SIDE, SIDE)
    assert cover.min() >= 0.0 and cover.max() <= 1.0
    drawn = picture[cover > 0.9]
    assert len(drawn) > 500
    assert (drawn.mean(axis=0)[2] > drawn.mean(axis=0)[0]) and drawn.mean() == pytest.approx(SKIN.mean(), rel=0.35)


def test_hands_mostly_lie_over_the_point_they_are_held_before() -> None:
    covers = [draw_hand(np.random.default_rng(seed), SIDE, MIDDLE, 120.0, SKIN, 0.0)[1] for seed in range(40)]
    assert np.mean([cover[70:90, 86:106].mean() > 0.8 for cover in covers]) > 0.6


@pytest.mark.parametrize("cuttings", [[], [np.full((40, 40, 3), 90, np.uint8)]], ids=["drawn", "cut"])
def test_other_things_do_so_too(cuttings: list[np.ndarray]) -> None:
    covers = [draw_cover(np.random.default_rng(seed), SIDE, MIDDLE, 120.0, cuttings)[1] for seed in range(60)]
    assert all(cover.shape == (SIDE, SIDE) and cover.min() >= 0.0 and cover.max() <= 1.0 for cover in covers)
    assert np.mean([cover[75:85, 91:101].mean() > 0.8 for cover in covers]) > 0.6


def test_the_same_seed_draws_the_same() -> None:
    one, other = (draw_hand(np.random.default_rng(3), SIDE, MIDDLE, 120.0, SKIN, 0.0)[0] for _ in range(2))
    assert np.array_equal(one, other)


def open_eye() -> np.ndarray:
    """Skin with a white eye and a dark iris."""
    face = np.full((SIDE, SIDE, 3), 150, np.uint8)
    cv2.fillPoly(face, [EYE.astype(np.int32)], (230, 230, 230))
    cv2.circle(face, (96, 95), 6, (30, 30, 30), -1)
    return face


@pytest.mark.parametrize("seed", range(8))
def test_a_closed_lid_hides_white_and_iris_and_nothing_else_changes(seed: int) -> None:
    before, face = open_eye(), open_eye()
    close_eye(np.random.default_rng(seed), face, EYE)
    middle = np.s_[90:94, 90:103]
    assert before[middle].min() < 60
    assert np.median(face[middle]) == pytest.approx(150, abs=45) and face[middle].max() < 215
    assert np.array_equal(before[:40], face[:40]) and np.array_equal(before[150:], face[150:])


def test_a_photographed_eye_lies_where_the_eye_was() -> None:
    before, face = open_eye(), open_eye()
    photograph = np.full((24, 24), 120, np.uint8)
    photograph[11:13] = 20
    lay_eye(np.random.default_rng(0), face, EYE, photograph)
    assert face[94:99, 90:103].min() < 60 < face[85:90, 90:103].min()
    assert np.array_equal(before[:50], face[:50])
