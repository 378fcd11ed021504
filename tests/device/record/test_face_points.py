"""The points of a face in a log: exact to a sixteenth of a pixel, small, and checked when they are read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tools.rigs.log_samples import FACE, ORIGIN_NS, encoded
from wakeful.device.landmarks import EyeLandmarks, Landmarks
from wakeful.device.record.checks import InvalidMessage
from wakeful.device.record.decode import decode
from wakeful.device.record.face_points import COUNT, flat, pack, step_px, unpack
from wakeful.device.record.schema import LANDMARKS, LandmarkReading


def face(width: int = 640, height: int = 480) -> Landmarks:
    """Points all over an image and a third of it beyond."""
    random = np.random.default_rng(5)

    def points(count: int, axes: int) -> np.ndarray:
        return random.uniform(-0.25 * width, 1.25 * width, (count, axes)).astype(np.float32)

    left, right = (EyeLandmarks(points(16, 2), points(5, 2)) for _ in range(2))
    return Landmarks(points(468, 3), left, right, width, height)


@pytest.mark.parametrize(("width", "most_px"), [(640, 1 / 16), (1920, 1 / 16), (8192, 0.2)])
def test_points_come_back_to_within_half_a_step(width: int, most_px: float) -> None:
    sent = face(width)
    found = unpack(pack(sent), step_px(sent), sent.width, sent.height)
    assert np.abs(flat(found) - flat(sent)).max() <= most_px + 1e-4
    assert (found.width, found.height) == (sent.width, sent.height) and found.points.dtype == np.float32
    assert np.abs(found.right_eye.iris - sent.right_eye.iris).max() <= most_px + 1e-4


def test_two_bytes_are_enough_for_a_coordinate() -> None:
    assert len(pack(face())) == 2 * COUNT == 2976


def test_points_far_outside_are_those_at_the_bound_and_unknown_ones_are_zero() -> None:
    points = FACE.points.copy()
    points[0] = 1e9, -1e9, np.nan
    found = unpack(pack(replace(FACE, points=points)), 1 / 8, 640, 480)
    assert found.points[0].tolist() == [4095.875, -4096.0, 0.0]
    assert (found.points[1:] == FACE.points[1:]).all()


@pytest.mark.parametrize(
    "changes",
    [{"data": ""}, {"data": "AAAA"}, {"data": "?"}, {"data": 5}, {"step_px": 0.0}, {"step_px": -1}, {"step_px": 1e9},
     {"width": -1}, {"height": "tall"}, {"seq": None}],
    ids=str,
)  # fmt: skip
def test_points_that_are_not_those_of_a_face_are_refused(changes: dict[str, object]) -> None:
    reading = LandmarkReading(ORIGIN_NS, 8, FACE)
    assert decode(LANDMARKS, encoded(reading)) == reading
    with pytest.raises(InvalidMessage):
        decode(LANDMARKS, encoded(reading, **changes))
