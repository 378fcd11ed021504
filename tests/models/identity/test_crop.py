"""A face lies at the same place in its crop, however it lies in the picture."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wakeful.models.identity.crop import PLACES, align, anchors, placement, similarity, standardised
from wakeful.models.identity.layout import ANCHORS, CROP_PX
from wakeful.sensors.opencv import cv2


def mesh(scale: float = 1.0, turn_deg: float = 0.0, middle: tuple[float, float] = (56.0, 72.0)) -> np.ndarray:
    """A mesh whose five places are those of the crop, moved."""
    cos, sin = math.cos(math.radians(turn_deg)) * scale, math.sin(math.radians(turn_deg)) * scale
    turned = (PLACES - (56.0, 72.0)) @ np.array([[cos, sin], [-sin, cos]]) + middle
    points = np.zeros((478, 2), np.float32)
    for place, of_place in zip(turned, ANCHORS, strict=True):
        points[list(of_place)] = place
    return points


def test_the_five_places_come_to_theirs_from_any_turn_size_and_place() -> None:
    for scale, turn, middle in ((1.0, 0.0, (56.0, 72.0)), (3.0, 40.0, (400.0, 300.0)), (0.4, 170.0, (90.0, 50.0))):
        points = mesh(scale, turn, middle)
        matrix = placement(points)
        assert anchors(points) @ matrix[:, :2].T + matrix[:, 2] == pytest.approx(PLACES, abs=0.01)


def test_a_similarity_neither_stretches_nor_flips() -> None:
    narrow = PLACES * (0.6, 1.0)  # a turned head
    matrix = similarity(narrow, PLACES)
    assert matrix[0, 0] == pytest.approx(matrix[1, 1]) and matrix[0, 1] == pytest.approx(-matrix[1, 0])
    assert np.linalg.det(matrix[:, :2]) > 0


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.5, 6.0])
def test_the_crop_shows_what_lies_there(scale: float) -> None:
    side = round(CROP_PX * scale)
    picture = np.zeros((side + 60, side + 90), np.uint8)
    points = mesh(scale, 0.0, (80.0 + 56.0 * scale, 40.0 + 72.0 * scale))
    for x, y in anchors(points):
        cv2.circle(picture, (round(x), round(y)), max(round(3 * scale), 2), 255, -1)
    crop = align(picture, points)
    assert crop.shape == (CROP_PX, CROP_PX) and crop.dtype == np.uint8
    for x, y in np.round(PLACES).astype(int):
        assert crop[y, x] > 150
    assert crop.mean() < 20


def test_beyond_the_picture_its_edge_goes_on_and_nothing_fails() -> None:
    picture = np.full((100, 100), 70, np.uint8)
    for middle in ((0.0, 0.0), (-500.0, 40.0), (99.0, 9000.0)):
        assert (align(picture, mesh(1.0, 20.0, middle)) == 70).all()


def test_a_face_without_landmarks_is_refused() -> None:
    points = mesh()
    points[4] = np.nan
    with pytest.raises(ValueError, match="without landmarks"):
        align(np.zeros((100, 100), np.uint8), points)


def test_exposure_does_not_matter_and_an_even_crop_is_not_stretched() -> None:
    crop = np.random.default_rng(1).integers(60, 160, (CROP_PX, CROP_PX), dtype=np.uint8)
    assert standardised(crop) == pytest.approx(standardised(crop // 2), abs=0.05)
    assert np.abs(standardised(np.full((CROP_PX, CROP_PX), 9, np.uint8))).max() == 0.0
