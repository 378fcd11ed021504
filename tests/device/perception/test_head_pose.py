"""Head pose from points whose pose is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wakeful.device.perception.head_pose import CANONICAL_POINTS, bearing_deg, head_pose

WIDTH, HEIGHT, FOCAL = 640, 480, 640.0


def turned_face(yaw_deg: float, pitch_deg: float, roll_deg: float, distance_cm: float = 60.0) -> np.ndarray:
    """The canonical face in picture pixels: rolled, pitched, yawed, and seen by the guessed camera.

    The axes are those of the canonical face: x to the person's left, y up, z out of the face towards the camera.
    """
    yaw, pitch, roll = (math.radians(angle) for angle in (yaw_deg, pitch_deg, roll_deg))
    about_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]])
    about_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    turned = np.array(list(CANONICAL_POINTS.values())) @ (about_y @ about_x @ about_z).T
    depth = distance_cm - turned[:, 2]
    points = np.zeros((468, 3), dtype=np.float32)
    points[list(CANONICAL_POINTS), 0] = WIDTH / 2 + FOCAL * turned[:, 0] / depth
    points[list(CANONICAL_POINTS), 1] = HEIGHT / 2 - FOCAL * turned[:, 1] / depth
    points[list(CANONICAL_POINTS), 2] = (depth - distance_cm) * FOCAL / depth.mean()
    return points


@pytest.mark.parametrize(
    "angles",
    [
        (0, 0, 0),
        (30, 0, 0),
        (-30, 0, 0),
        (0, 20, 0),
        (0, -20, 0),
        (0, 0, 25),
        (0, 0, -25),
        (25, -15, 10),
        (60, 10, -30),
    ],
)
def test_yaw_pitch_and_roll_are_read_back(angles: tuple[int, int, int]) -> None:
    pose = head_pose(turned_face(*angles), WIDTH, HEIGHT, None)
    assert pose is not None
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx(angles, abs=0.1)


def test_a_head_turned_to_its_left_shows_its_nose_further_right_in_the_picture() -> None:
    straight, left = turned_face(0, 0, 0), turned_face(20, 0, 0)
    assert left[4, 0] > straight[4, 0]


def test_a_head_tilted_to_its_right_shoulder_leans_left_in_the_picture() -> None:
    assert turned_face(0, 0, 20)[10, 0] < WIDTH / 2


@pytest.mark.parametrize("distance_cm", [30.0, 60.0, 120.0])
def test_the_distance_is_read_back(distance_cm: float) -> None:
    pose = head_pose(turned_face(0, 0, 0, distance_cm), WIDTH, HEIGHT, FOCAL)
    assert pose is not None
    assert pose.distance_cm == pytest.approx(distance_cm, rel=0.02)


def test_points_in_one_place_have_no_pose() -> None:
    pose = head_pose(np.full((468, 3), 100.0, dtype=np.float32), WIDTH, HEIGHT, None)
    assert pose is None or np.isfinite([pose.yaw_deg, pose.pitch_deg, pose.roll_deg]).all()


def test_a_face_beside_the_optical_axis_looks_into_the_camera_by_turning_back() -> None:
    # 320 px to the right of the axis at a focal length of 640 px: the person's left.
    yaw_deg, pitch_deg = bearing_deg(640.0, 240.0, 640, 480, 640.0)
    assert yaw_deg == pytest.approx(-26.565, abs=0.01)
    assert pitch_deg == pytest.approx(0.0)


def test_a_face_above_the_optical_axis_looks_into_the_camera_by_looking_down() -> None:
    yaw_deg, pitch_deg = bearing_deg(320.0, 0.0, 640, 480, 640.0)
    assert yaw_deg == pytest.approx(0.0)
    assert pitch_deg == pytest.approx(-20.556, abs=0.01)


def test_a_face_in_the_middle_looks_straight_ahead() -> None:
    assert bearing_deg(320.0, 240.0, 640, 480, 640.0) == (0.0, 0.0)
