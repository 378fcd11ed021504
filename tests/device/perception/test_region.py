"""Crops and the way back."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wakeful.device.perception.region import Region, around, whole


@pytest.fixture
def dotted() -> np.ndarray:
    """A black picture with one white dot at x 40, y 30."""
    picture = np.zeros((120, 160, 3), dtype=np.uint8)
    picture[28:33, 38:43] = 255
    return picture


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("angle_deg", [0.0, 30.0, -120.0])
def test_what_is_found_in_a_crop_is_placed_back_in_the_picture(
    dotted: np.ndarray, angle_deg: float, mirrored: bool
) -> None:
    region = Region(50.0, 40.0, 60.0, math.radians(angle_deg), mirrored)
    crop = region.crop(dotted, 96, 0.0, 1.0)
    y, x = np.unravel_index(np.argmax(_blurred(crop[0, :, :, 0])), (96, 96))
    placed = region.to_picture(np.array([[x, y]], dtype=np.float32), 96)
    assert placed[0] == pytest.approx((40.0, 30.0), abs=1.0)


def test_mirroring_swaps_left_and_right(dotted: np.ndarray) -> None:
    plain, mirrored = (Region(50.0, 40.0, 60.0, 0.0, flip).crop(dotted, 64, 0.0, 1.0)[0] for flip in (False, True))
    assert plain[:, :32].sum() > 0 == plain[:, 34:].sum()
    assert mirrored[:, 32:].sum() > 0 == mirrored[:, :30].sum()


def test_grey_levels_are_scaled_as_the_network_wants_them() -> None:
    picture = np.full((64, 64, 3), (0, 51, 255), dtype=np.uint8)
    crop = Region(32.0, 32.0, 32.0).crop(picture, 16, -1.0, 1.0)
    assert crop.shape == (1, 16, 16, 3)
    assert crop.dtype == np.float32
    assert crop[0, 8, 8] == pytest.approx((1.0, -0.6, -1.0), abs=1e-6)


@pytest.mark.parametrize(("grey", "seen"), [(10, 30), (50, 100), (100, 100), (180, 180)])
def test_dark_regions_are_brightened_as_far_as_their_noise_allows(grey: int, seen: int) -> None:
    picture = np.full((64, 64, 3), grey, dtype=np.uint8)
    crop = Region(32.0, 32.0, 32.0).crop(picture, 16, 0.0, 255.0, brighten=True)
    assert crop[0, 8, 8] == pytest.approx((seen,) * 3, abs=1.0)


def test_a_region_around_points_lies_along_their_line_and_holds_them() -> None:
    points = np.array([[10.0, 10.0], [30.0, 30.0], [15.0, 25.0]], dtype=np.float32)
    region = around(points, points[0], points[1], scale=1.0)
    assert region.angle_rad == pytest.approx(math.pi / 4)
    assert region.size_px == pytest.approx(math.hypot(20, 20))


def test_depth_keeps_its_proportion() -> None:
    placed = Region(0.0, 0.0, 200.0).to_picture(np.array([[5.0, 5.0, 3.0]], dtype=np.float32), 100)
    assert placed[0, 2] == pytest.approx(6.0)


def test_the_whole_picture_is_a_square_around_its_middle() -> None:
    region = whole(np.zeros((100, 300, 3), dtype=np.uint8))
    assert (region.x_px, region.y_px, region.size_px) == (150.0, 50.0, 300.0)


def _blurred(image: np.ndarray) -> np.ndarray:
    """The middle of a dot is brightest in the mean of its neighbourhood."""
    padded = np.pad(image, 3)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (7, 7))
    return np.asarray(windows.mean(axis=(2, 3)))
