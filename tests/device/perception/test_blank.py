"""What shows nothing is no face: covered and burnt out lenses, and sensors without light, as the monitor sees them."""

from __future__ import annotations

import numpy as np
import pytest

from wakeful.device.perception.pipeline import Perception
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame


@pytest.mark.parametrize("level", [0, 8, 60, 128, 255])
@pytest.mark.parametrize("noise", [0.0, 2.0, 8.0, 20.0])
def test_a_followed_face_is_lost_when_the_lens_is_covered(level: int, noise: float) -> None:
    perception, rng = Perception("wakeful"), np.random.default_rng(level)
    face = render(DriverPose())
    assert all(perception.observe(Frame(face, seq * 33_000_000, seq)).face for seq in range(3))
    seen = []
    for seq in range(3, 6):
        blank = np.clip(level + rng.normal(0.0, noise, face.shape), 0, 255).astype(np.uint8)
        seen.append(perception.observe(Frame(blank, seq * 33_000_000, seq)).face)
    assert seen == [False] * 3
