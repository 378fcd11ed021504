"""Opening and gaze from drawn eyes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wakeful.device.perception.eyes import IRIS_ABOVE_CORNERS_CM, eye_aspect, gaze_deg, iris_px, lid_drop
from wakeful.device.perception.head_pose import HeadPose
from wakeful.device.perception.landmarks import Eye

FRONTAL = HeadPose(0.0, 0.0, 0.0, distance_cm=64.0)
FOCAL_PX = 640.0  # at 64 cm ten pixels are a centimetre


def drawn_eye(
    gap_px: float, width_px: float = 30.0, tilt_deg: float = 0.0, iris_px: tuple[float, float] = (0, 0)
) -> Eye:
    """An eye whose lids are ``gap_px`` apart along their whole middle, its iris moved by ``iris_px`` (right, down)."""
    x = np.linspace(-width_px / 2, width_px / 2, 9)
    y = np.full(9, gap_px / 2)
    y[[0, 8]] = 0.0
    lower = np.stack([x, y], axis=1)
    upper = np.stack([x[1:8], -y[1:8]], axis=1)
    tilt = math.radians(tilt_deg)
    turn = np.array([[math.cos(tilt), -math.sin(tilt)], [math.sin(tilt), math.cos(tilt)]])
    contour = np.concatenate([lower, upper]) @ turn.T + 100.0
    iris = np.tile(np.array(iris_px) + 100.0, (5, 1))
    return Eye(contour.astype(np.float32), iris.astype(np.float32))


@pytest.mark.parametrize("tilt_deg", [0.0, 30.0, -75.0])
def test_the_aspect_is_lid_distance_over_width_however_the_head_is_tilted(tilt_deg: float) -> None:
    assert eye_aspect(drawn_eye(9.0, 30.0, tilt_deg), 0.0, far=False) == pytest.approx(0.3)


def test_a_width_shortened_by_turning_does_not_open_the_eye() -> None:
    shortened = 30.0 * math.cos(math.radians(40))
    assert eye_aspect(drawn_eye(9.0, shortened), 40.0, far=True) == pytest.approx(0.3)


@pytest.mark.parametrize(("yaw_deg", "far", "seen"), [(50, True, False), (50, False, True), (-70, False, False)])
def test_eyes_turned_too_far_away_are_unknown(yaw_deg: float, far: bool, seen: bool) -> None:
    assert (eye_aspect(drawn_eye(9.0), yaw_deg, far=far) is not None) is seen


def test_an_eye_of_a_few_pixels_is_unknown() -> None:
    assert eye_aspect(drawn_eye(2.0, 7.0), 0.0, far=False) is None


@pytest.mark.parametrize("tilt_deg", [0.0, 30.0, -60.0])
def test_a_lower_lid_and_an_iris_that_go_down_are_a_drop_however_the_head_is_tilted(tilt_deg: float) -> None:
    tilt = math.radians(tilt_deg)
    level = drawn_eye(9.0, 30.0, tilt_deg)
    lowered = drawn_eye(12.0, 30.0, tilt_deg, iris_px=(-3.0 * math.sin(tilt), 3.0 * math.cos(tilt)))
    before, after = lid_drop([level], 0.0), lid_drop([lowered], 0.0)
    assert before is not None and after is not None
    assert after - before == pytest.approx((1.5 + 3.0) / 30.0, abs=0.005)


@pytest.mark.parametrize("yaw_deg", [26.0, -40.0])
def test_the_drop_of_the_lids_of_a_head_turned_far_is_unknown(yaw_deg: float) -> None:
    assert lid_drop([drawn_eye(9.0)], yaw_deg) is None


def test_without_an_eye_there_is_no_drop() -> None:
    assert lid_drop([], 0.0) is None


# Irises of eyes that look straight ahead, this far above the line of the corners: to the right and down, px.
AHEAD_PX = (0.0, -10.0 * IRIS_ABOVE_CORNERS_CM)


def test_irises_a_little_above_the_corners_of_a_frontal_face_look_at_the_camera() -> None:
    assert gaze_deg([drawn_eye(9.0, iris_px=AHEAD_PX)], FRONTAL, FOCAL_PX) == pytest.approx((0.0, 0.0), abs=0.01)


@pytest.mark.parametrize("roll_deg", [-20.0, 15.0])
def test_they_do_so_with_a_tilted_head(roll_deg: float) -> None:
    roll = math.radians(roll_deg)
    above = (AHEAD_PX[1] * math.sin(roll), AHEAD_PX[1] * math.cos(roll))
    pose = HeadPose(0.0, 0.0, roll_deg, distance_cm=64.0)
    assert gaze_deg([drawn_eye(9.0, 30.0, -roll_deg, above)], pose, FOCAL_PX) == pytest.approx((0.0, 0.0), abs=0.01)


def test_an_iris_to_the_right_in_the_picture_looks_to_the_persons_left() -> None:
    gaze = gaze_deg([drawn_eye(9.0, iris_px=(5.25, AHEAD_PX[1]))], FRONTAL, FOCAL_PX)
    assert gaze == pytest.approx((30.0, 0.0), abs=0.1)


def test_an_iris_that_is_higher_looks_up() -> None:
    gaze = gaze_deg([drawn_eye(9.0, iris_px=(0.0, AHEAD_PX[1] - 2.0))], FRONTAL, FOCAL_PX)
    assert gaze is not None
    assert gaze[1] == pytest.approx(11.0, abs=0.1)


def test_without_an_open_eye_the_gaze_is_unknown() -> None:
    assert gaze_deg([], FRONTAL, FOCAL_PX) is None


def eye_with_iris(width_px: float, height_px: float, tilt_deg: float = 0.0) -> Eye:
    """An open eye whose iris is seen this wide and, behind its lids, this high."""
    tilt = math.radians(tilt_deg)
    turn = np.array([[math.cos(tilt), -math.sin(tilt)], [math.sin(tilt), math.cos(tilt)]])
    half = np.array([width_px, height_px]) / 2.0
    rim = np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]]) * half
    return Eye(drawn_eye(9.0, 30.0, tilt_deg).contour, (rim @ turn.T + 100.0).astype(np.float32))


@pytest.mark.parametrize("tilt_deg", [0.0, 30.0, -80.0])
def test_the_iris_is_measured_across_lids_that_hide_its_top_however_the_head_is_tilted(tilt_deg: float) -> None:
    assert iris_px([eye_with_iris(12.0, 8.0, tilt_deg)], 0.0) == pytest.approx(12.0, abs=0.01)


def test_an_iris_that_looks_aside_is_measured_as_if_it_looked_here() -> None:
    narrowed = eye_with_iris(12.0 * math.cos(math.radians(30.0)), 12.0)
    assert iris_px([narrowed], 30.0) == pytest.approx(12.0, abs=0.01)
    assert iris_px([narrowed], -30.0) == pytest.approx(12.0, abs=0.01)


def test_no_open_eye_has_no_iris() -> None:
    assert iris_px([], 0.0) is None
