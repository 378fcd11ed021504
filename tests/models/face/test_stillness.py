"""The jitter of a still face is measured in the whole monitor."""

from __future__ import annotations

import numpy as np
import pytest

from wakeful.device.perception.pipeline import Perception
from wakeful.models.face.stillness import stillness
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2


@pytest.fixture(scope="module")
def perception() -> Perception:
    return Perception("wakeful")


def test_noise_makes_points_jitter_more(perception: Perception) -> None:
    face = np.asarray(cv2.cvtColor(render(DriverPose(noise=0.0)), cv2.COLOR_BGR2GRAY), np.uint8)
    still, noisy = (stillness(perception, [face], levels) for levels in (0.0, 3.0))
    assert still["faces"] == noisy["faces"] == 1
    assert still["points_pct"] < min(noisy["points_pct"], 0.2) and noisy["points_pct"] < 1.0
    assert still["gap"] < min(noisy["gap"], 0.003) and noisy["gap"] < 0.02


def test_where_no_face_is_found_there_is_nothing_to_measure(perception: Perception) -> None:
    assert stillness(perception, [np.full((240, 320), 90, np.uint8)], 1.0) == {"faces": 0}
