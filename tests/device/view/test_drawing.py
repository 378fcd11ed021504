"""What is drawn lies where the landmarks lie, and nothing that a network answers breaks it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wakeful.device.messages import Observation
from wakeful.device.perception.head_pose import HeadPose, angles_deg
from wakeful.device.perception.landmarks import Eye, FaceLandmarks
from wakeful.device.perception.pipeline import Sighting
from wakeful.device.view.drawing import FORWARDS, MESH, UPWARDS, axes, draw
from wakeful.sensors.opencv import cv2

SEEN = Observation(0, 0, True, gaze_yaw_deg=10.0, gaze_pitch_deg=-5.0)
UNKNOWN_GAZE = replace(SEEN, gaze_yaw_deg=None)


def sighting(shift: float = 0.0) -> Sighting:
    """A face of landmarks spread over the middle of a picture of 320x240, moved by ``shift`` pixels."""
    spread = np.random.default_rng(1).uniform((100, 60, 0), (220, 180, 0), (468, 3)).astype(np.float32)
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = np.stack([np.cos(angles), 0.4 * np.sin(angles)], axis=1)
    rim = np.array([(0, 0), (5, 0), (0, 5), (-5, 0), (0, -5)])
    eyes = [Eye(*((ring * 14 + c + shift).astype(np.float32), (rim + c + shift).astype(np.float32))) for c in (130, 90)]
    face = FaceLandmarks(spread + np.float32(shift), eyes[0], eyes[1], presence=1.0)
    return Sighting(SEEN, face, HeadPose(20.0, 5.0, -3.0, 60.0))


def coloured(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Rows and columns of the pixels in exactly that colour."""
    return np.argwhere((picture == colour).all(axis=2))


def test_landmarks_and_irises_are_drawn_where_they_are_at_every_size() -> None:
    for scale in (1.0, 0.5):
        picture = np.zeros((round(240 * scale), round(320 * scale), 3), np.uint8)
        draw(picture, replace(sighting(), pose=None, observation=UNKNOWN_GAZE), scale)
        dots = coloured(picture, MESH)
        assert len(dots) > 300 * scale
        assert dots.min(axis=0) == pytest.approx([60 * scale, 100 * scale], abs=4)
        yellow = (picture[..., 1] > 80) & (picture[..., 2] > 80) & (picture[..., 0] < picture[..., 1] // 2 + 10)
        assert np.argwhere(yellow).mean(axis=0) == pytest.approx([110 * scale, 110 * scale], abs=8)


def test_nobody_is_drawn_as_nothing() -> None:
    picture = np.full((24, 32, 3), 7, np.uint8)
    draw(picture, Sighting(replace(SEEN, face=False)))
    assert (picture == 7).all()


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_the_seat_is_drawn_with_a_face_in_it_or_without(scale: float) -> None:
    seat = (20.0, 10.0, 160.0, 500.0)
    empty, watched = (np.zeros((round(240 * scale), round(320 * scale), 3), np.uint8) for _ in range(2))
    draw(empty, Sighting(replace(SEEN, face=False), seat=seat), scale)
    draw(watched, replace(sighting(), seat=seat), scale)
    corners = np.argwhere(empty.any(axis=2))
    assert corners.min(axis=0) == pytest.approx([10 * scale, 20 * scale], abs=2)
    assert corners.max(axis=0) == pytest.approx([240 * scale - 2, 160 * scale], abs=2), "as far as the picture goes"
    assert watched[round(10 * scale), round(25 * scale)].any()


@pytest.mark.parametrize("shift", [-150.0, 150.0, 1e5, -1e9])
def test_a_face_half_or_wholly_outside_of_the_picture_does_no_harm(shift: float) -> None:
    draw(np.zeros((240, 320, 3), np.uint8), sighting(shift))


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 0, 0), (0, -20, 0), (0, 0, 25), (40, 15, -10)])
def test_the_axes_are_those_whose_angles_were_measured(angles: tuple[float, float, float]) -> None:
    left, up, forward = axes(HeadPose(*angles, 60.0))
    # Columns of the rotation that would have been measured so; the third row is what a picture does not show.
    yaw, pitch = np.radians(angles[:2])
    depth = -np.cos(yaw) * np.cos(pitch)
    nose = np.array([*forward, depth])
    right = -np.array([*left, 0.0])
    down = -np.array([*up, 0.0])
    for axis in (right, down):
        axis[2] = -(axis[:2] @ nose[:2]) / nose[2]
    measured = angles_deg(np.stack([-right, down, -nose], axis=1))
    assert measured == pytest.approx(angles, abs=1e-6)


def test_a_head_turned_to_its_left_points_to_the_right_of_the_picture() -> None:
    picture = np.zeros((240, 320, 3), np.uint8)
    draw(picture, replace(sighting(), pose=HeadPose(60.0, 0.0, 0.0, 60.0), observation=UNKNOWN_GAZE))
    nose = sighting().landmarks.points[1]  # type: ignore[union-attr]
    columns = coloured(picture, FORWARDS)[:, 1]
    assert columns.mean() > nose[0] + 5
    assert cv2.imencode(".jpg", picture)[0]


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_a_turned_face_is_drawn_as_the_upright_one_is(quarter: int) -> None:
    """The nose at the middle of a square picture; the axis to the crown is green."""
    face = sighting().landmarks
    assert face is not None
    points = np.full_like(face.points, -100.0)
    points[:, :2] += 60.0 * (np.arange(468) % 2)[:, np.newaxis]
    points[1] = 100.0
    picture = np.zeros((201, 201, 3), np.uint8)
    observation = replace(UNKNOWN_GAZE, gaze_pitch_deg=None)
    draw(picture, Sighting(observation, replace(face, points=points), HeadPose(0.0, 0.0, 0.0, 60.0), quarter))
    green = coloured(picture, UPWARDS).mean(axis=0) - 100.0
    along = [(-1, 0), (0, 1), (1, 0), (0, -1)][quarter]
    assert green @ along > 10.0
    assert abs(green[0] * along[1] - green[1] * along[0]) < 3.0
