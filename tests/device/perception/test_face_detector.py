"""BlazeFace's answers turned into faces."""

from __future__ import annotations

import numpy as np
import pytest

from wakeful.device.perception.face_detector import (
    FaceDetector,
    anchor_centres,
    box_iou,
    decode,
    group_overlapping,
    merge,
)


def face_at(x: float, y: float, size: float) -> np.ndarray:
    """Box corners and six keypoints, all in the middle, as fractions."""
    corners = [[x - size / 2, y - size / 2], [x + size / 2, y + size / 2]]
    return np.array(corners + [[x, y]] * 6, dtype=np.float32)


def test_there_are_896_anchors_in_reading_order() -> None:
    centres = anchor_centres()
    assert centres.shape == (896, 2)
    assert centres[0] == pytest.approx((1 / 32, 1 / 32))
    assert centres[2] == pytest.approx((3 / 32, 1 / 32))
    assert centres[512] == pytest.approx((1 / 16, 1 / 16))
    assert centres[-1] == pytest.approx((15 / 16, 15 / 16))


def test_boxes_and_keypoints_are_relative_to_their_anchor() -> None:
    raw = np.zeros((1, 16), dtype=np.float32)
    raw[0, :6] = [12.8, -12.8, 25.6, 51.2, 6.4, 0.0]
    points = decode(raw, np.array([[0.5, 0.5]], dtype=np.float32))[0]
    assert points[0] == pytest.approx((0.5, 0.2))
    assert points[1] == pytest.approx((0.7, 0.6))
    assert points[2] == pytest.approx((0.55, 0.5))


def test_overlap_is_shared_over_joined_area() -> None:
    one = face_at(0.5, 0.5, 0.2)[:2]
    others = np.stack([face_at(0.5, 0.5, 0.2)[:2], face_at(0.6, 0.5, 0.2)[:2], face_at(0.9, 0.9, 0.1)[:2]])
    assert box_iou(one, others) == pytest.approx([1.0, 1 / 3, 0.0], abs=1e-5)


def test_answers_to_one_face_are_joined_and_two_faces_stay_apart() -> None:
    points = np.stack([face_at(0.3, 0.3, 0.2), face_at(0.31, 0.3, 0.2), face_at(0.7, 0.7, 0.2)])
    groups = group_overlapping(points, np.array([0.6, 0.9, 0.8], dtype=np.float32))
    assert [sorted(group.tolist()) for group in groups] == [[0, 1], [2]]


def test_a_box_without_area_ends_in_a_group_of_its_own() -> None:
    points = np.stack([face_at(0.3, 0.3, 0.0), face_at(0.7, 0.7, 0.2)])
    assert len(group_overlapping(points, np.array([0.9, 0.8], dtype=np.float32))) == 2


def test_joined_answers_are_weighted_by_their_scores() -> None:
    points = np.stack([face_at(0.3, 0.3, 0.2), face_at(0.4, 0.3, 0.2)])
    joined, score = merge(points, np.array([0.9, 0.3], dtype=np.float32))
    assert joined[2] == pytest.approx((0.325, 0.3))
    assert score == pytest.approx(0.9)


@pytest.mark.parametrize("shape", [(480, 640), (33, 4000), (6000, 8000)])
def test_a_picture_without_a_face_has_none(shape: tuple[int, int]) -> None:
    assert FaceDetector()(np.full((*shape, 3), 128, dtype=np.uint8)) == []
