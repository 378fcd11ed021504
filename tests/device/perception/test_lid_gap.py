"""Millimetres between the lids, from the scale of skull and iris."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wakeful.device.perception.head_pose import HeadPose
from wakeful.device.perception.landmarks import Eye
from wakeful.device.perception.lid_gap import FACE_SHARE, IRIS_MM, lid_gap
from wakeful.device.perception.pipeline import Perception
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame

AHEAD = HeadPose(0.0, 0.0, 0.0, distance_cm=60.0)
FOCAL_PX = 600.0
"""At 60 cm a pixel is a millimetre."""


def eye(width_px: float, aspect: float, spread: float | None = 0.02) -> Eye:
    contour = np.zeros((16, 2), np.float32)
    contour[8] = (width_px, 0.0)
    return Eye(contour, np.zeros((5, 2), np.float32), aspect, spread)


def test_a_gap_has_the_scale_of_the_skull_where_no_iris_is_seen() -> None:
    found = lid_gap([eye(30.0, 0.3)], AHEAD, FOCAL_PX, None)
    assert found is not None
    assert found.mm == pytest.approx(9.0)
    assert found.sd_mm == pytest.approx(math.hypot(9.0 * FACE_SHARE, 0.02 * 30.0 * math.sqrt(2.0)))


def test_the_iris_corrects_a_skull_that_is_larger_than_most() -> None:
    by_face = lid_gap([eye(30.0, 0.3)], AHEAD, FOCAL_PX, None)
    by_both = lid_gap([eye(30.0, 0.3)], AHEAD, FOCAL_PX, IRIS_MM * 0.9)
    assert by_face is not None and by_both is not None
    assert by_face.mm < by_both.mm < by_face.mm / 0.9
    assert by_both.sd_mm < by_face.sd_mm


def test_two_eyes_are_surer_than_one() -> None:
    one = lid_gap([eye(30.0, 0.0)], AHEAD, FOCAL_PX, None)
    both = lid_gap([eye(30.0, 0.0), eye(30.0, 0.0)], AHEAD, FOCAL_PX, None)
    assert one is not None and both is not None
    assert both.sd_mm == pytest.approx(one.sd_mm / math.sqrt(2.0))


def test_it_is_unknown_without_an_eye_and_from_readers_that_do_not_say_how_sure_they_are() -> None:
    assert lid_gap([], AHEAD, FOCAL_PX, 11.0) is None
    assert lid_gap([eye(30.0, 0.3, spread=None)], AHEAD, FOCAL_PX, 11.0) is None


@pytest.mark.parametrize("yaw_deg", [0.0, 25.0, -25.0])
@pytest.mark.parametrize("distance", [1.0, 1.6])
def test_it_is_the_same_near_and_far_and_with_the_head_turned(yaw_deg: float, distance: float) -> None:
    seen = Perception("wakeful").observe(Frame(render(DriverPose(yaw_deg=yaw_deg, distance=distance)), 0, 0))
    straight = Perception("wakeful").observe(Frame(render(DriverPose()), 0, 0))
    assert seen.lid_gap_mm is not None and straight.lid_gap_mm is not None and seen.lid_gap_sd_mm is not None
    assert 6.0 < straight.lid_gap_mm < 13.0
    assert seen.lid_gap_mm == pytest.approx(straight.lid_gap_mm, rel=0.15)
    assert seen.lid_gap_sd_mm < 2.0


def test_shut_eyes_are_within_two_deviations_of_none() -> None:
    seen = Perception("wakeful").observe(Frame(render(DriverPose(eye_left=0.0, eye_right=0.0)), 0, 0))
    assert seen.lid_gap_mm is not None and seen.lid_gap_sd_mm is not None
    assert seen.lid_gap_mm < 2.0 * seen.lid_gap_sd_mm + 0.5
