"""How a turned picture is told from a head that leans."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable

import numpy as np
import pytest

from wakeful.device.perception.landmarks import Eye, FaceLandmarks
from wakeful.device.perception.upright import CameraTurn, in_picture, rotate_deg, upright
from wakeful.sensors.mounted import corrected
from wakeful.sensors.mounting import Mounting


def quarters(*parts: tuple[float, float], fps: float = 10.0) -> list[int]:
    """Parts of (seconds, angle of the eyes in degrees); gives the quarter at the end of each."""
    turn, ends, seq = CameraTurn(), [], 0
    for seconds, angle_deg in parts:
        for _ in range(round(seconds * fps)):
            quarter = turn.see(round(seq * 1e9 / fps), math.radians(angle_deg))
            seq += 1
        ends.append(quarter)
    return ends


@pytest.mark.parametrize(("angle_deg", "quarter"), [(0, 0), (50, 0), (-55, 0), (75, 1), (90, 1), (-90, 3), (170, 2)])
def test_the_first_face_decides_at_once(angle_deg: float, quarter: int) -> None:
    assert quarters((0.1, angle_deg)) == [quarter]


def test_a_head_that_leans_or_falls_aside_for_a_moment_does_not_turn_the_picture() -> None:
    assert quarters((5.0, 0), (3.0, 50), (0.9, 80), (1.0, 0), (0.9, -100)) == [0, 0, 0, 0, 0]


def test_a_turn_that_lasts_is_a_turn_either_way() -> None:
    assert quarters((1.0, 5), (1.2, 95), (1.2, 178), (1.2, 0)) == [0, 1, 2, 0]
    assert quarters((0.2, -90), (3.0, -40), (1.2, 3)) == [3, 3, 0]


def test_the_first_wrong_frame_is_put_right_within_a_second() -> None:
    assert quarters((0.1, 90), (1.2, 0)) == [1, 0]


def test_a_turn_is_logged_once_with_its_remedy(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        quarters((1.5, 90))
        assert not caplog.messages
        quarters((8.0, 90))
    assert caplog.messages == ["the picture is turned: rotate it by 270 degrees ([source] rotate)"]


def points_of(face: FaceLandmarks) -> Iterable[np.ndarray]:
    for eye in (face.left, face.right):
        yield from (eye.contour, eye.iris)
    yield face.points


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_points_lie_where_the_turned_picture_has_them(quarter: int) -> None:
    width, height = 90, 60
    grid = np.array([(x, y) for x in (3, 40, 88) for y in (0, 31, 59)], np.float32)
    mesh = np.column_stack([grid, np.arange(9, dtype=np.float32)])
    eye = Eye(grid, grid[:5])
    face = upright(FaceLandmarks(mesh, eye, eye, 1.0), quarter, width, height)
    image = np.arange(width * height, dtype=np.uint32).view(np.uint8).reshape(height, width, 4)[..., :3].copy()
    turned = corrected(image, Mounting(rotate=rotate_deg(quarter)))
    for points in points_of(face):
        for (x, y), (was_x, was_y) in zip(points[:, :2].astype(int), grid.astype(int), strict=False):
            assert (turned[y, x] == image[was_y, was_x]).all()
    assert (face.points[:, 2] == mesh[:, 2]).all()


def test_directions_come_back_into_the_picture() -> None:
    for quarter, up in enumerate([(0, -1), (1, 0), (0, 1), (-1, 0)]):
        assert in_picture(np.array([0.0, -1.0]), quarter) == pytest.approx(up)
