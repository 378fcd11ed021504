"""Crops lie where they are placed, and what is read in them comes back to the picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from wakeful.device.perception.grey_crop import GreyPart, Placed, shrunk, standardise, standardised
from wakeful.device.perception.region import Region
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2

FACE = Region(318.0, 230.0, 300.0)
"""Around the rendered driver's face, as tracking lays it."""


def in_crop(place: Placed, points: NDArray[np.float64]) -> NDArray[np.float64]:
    placed: NDArray[np.float64] = points @ place.matrix[:, :2].T + place.matrix[:, 2]
    return placed


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 180.0])
def test_points_come_back_to_where_they_were_cut(angle_deg: float, mirrored: bool) -> None:
    place = Placed.of(200.0, 120.0, 0.7, math.radians(angle_deg), 64, 48, mirrored)
    points = np.array([[190.0, 100.0], [230.0, 131.0], [200.0, 120.0]])
    cut = in_crop(place, points)
    assert cut[2] == pytest.approx((32.0, 24.0))
    about_middle = ((cut - (32.0, 24.0)) / 36.0).astype(np.float32)
    assert place.to_picture(about_middle, 36.0) == pytest.approx(points, abs=1e-3)


def test_a_mesh_comes_back_with_its_depth_in_pixels() -> None:
    place = Placed.of(200.0, 120.0, 0.5, 0.0, 112, 112)
    mesh = place.to_picture(np.array([[0.0, 0.0, 0.5], [1.0, -1.0, 0.0]], np.float32), 56.0)
    assert mesh == pytest.approx(np.array([[200.0, 120.0, 56.0], [312.0, 8.0, 0.0]]), abs=1e-3)


def test_a_crop_is_told_as_the_square_that_it_was_made_of() -> None:
    square = Placed.of(200.0, 120.0, 0.5, 0.4, 48, 48).square
    assert (square.x_px, square.y_px, square.size_px, square.angle_rad) == pytest.approx((200.0, 120.0, 96.0, 0.4))


def test_a_finer_crop_averages_to_the_same_place() -> None:
    picture = cv2.GaussianBlur(render(DriverPose()), (0, 0), 3.0).astype(np.uint8)
    part, place = GreyPart.around(picture, FACE), Placed.of(318.0, 230.0, 0.5, 0.2, 48, 48)
    fine = shrunk(part.cut(place.finer(2), cv2.BORDER_REPLICATE), 2)
    assert np.abs(fine.astype(int) - part.cut(place, cv2.BORDER_REPLICATE)).mean() < 0.5


def test_a_part_of_the_frame_gives_the_same_crop_as_all_of_it() -> None:
    picture = render(DriverPose())
    place = Placed.of(300.0, 210.0, 0.9, 0.3, 64, 48)
    whole = GreyPart(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8), 0, 0)
    part = GreyPart.around(picture, FACE)
    assert part.pixels.size < whole.pixels.size / 2
    difference = np.abs(part.cut(place, 0).astype(int) - whole.cut(place, 0))
    assert difference.max() <= 1


def test_large_faces_are_averaged_down_without_a_shift() -> None:
    small = cv2.GaussianBlur(render(DriverPose()), (0, 0), 2.0)
    large = cv2.resize(small, None, fx=4.0, fy=4.0, interpolation=cv2.INTER_CUBIC)
    crops = []
    for picture, scale in ((small, 1.0), (large, 4.0)):
        # A pixel's middle is its place: the picture's edge lies half a pixel before the first one.
        x_px, y_px = (scale * (at + 0.5) - 0.5 for at in (318.0, 230.0))
        part = GreyPart.around(picture.astype(np.uint8), Region(x_px, y_px, 300.0 * scale))
        crops.append(part.cut(Placed.of(x_px, y_px, 0.4 / scale, 0.0, 112, 112), 0).astype(float))
    assert np.abs(crops[0] - crops[1]).mean() < 1.5


def test_standardised_crops_of_noise_alone_stay_small() -> None:
    flat = np.full((48, 64), 100, np.uint8)
    flat[::2] += 1
    assert np.abs(standardised(flat, least=6.0)).max() < 0.1
    seen = standardised(render(DriverPose())[100:148, 100:164, 0].copy(), least=0.5)
    assert (seen.mean(), seen.std()) == pytest.approx((0.0, 1.0), abs=1e-3)


def test_exposure_and_contrast_do_not_matter() -> None:
    face = np.random.default_rng(2).integers(0, 120, (48, 48), dtype=np.uint8)
    brighter = np.empty((48, 48), np.float32)
    standardise((2 * face + 10).astype(np.uint8), 8.0, brighter)
    assert np.allclose(standardised(face, 8.0)[0], brighter, atol=1e-4)
    assert np.abs(standardised(np.full((48, 48), 7, np.uint8), 8.0)).max() == 0.0
