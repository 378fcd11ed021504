"""Single eyes under infra-red are cut as the monitor cuts them, and judged by what they show."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra [train]")

from wakeful.device.perception.network import load
from wakeful.device.perception.one_image import look_at
from wakeful.device.perception.pipeline import Perception
from wakeful.models.lids.layout import OPENING, OUTPUTS, READABLE, REASON, STATES
from wakeful.models.lids.night import figures
from wakeful.models.lids.one_eye import EYE_SHARE, read
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2


def eye(opening: float) -> np.ndarray:
    """The right eye of the rendered driver, cut from where it is when open, in grey."""
    seen = look_at(render(DriverPose(noise=0.0)), Perception("wakeful")).right_eye
    assert seen is not None
    contour = seen.contour
    (x0, y0), (x1, y1) = contour.min(axis=0), contour.max(axis=0)
    half = (x1 - x0) / EYE_SHARE / 2.0
    x, y = round((x0 + x1) / 2.0), round((y0 + y1) / 2.0)
    picture = render(DriverPose(eye_left=opening, eye_right=opening, noise=0.0))
    part = picture[y - round(half) : y + round(half), x - round(half) : x + round(half)]
    return np.repeat(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)


def test_a_shut_eye_is_narrower_than_an_open_one() -> None:
    network = load("lids", 1)
    (opened, open_states), (shut, shut_states) = read(network, eye(1.0)), read(network, eye(0.0))
    assert shut[OPENING] < 0.6 * opened[OPENING]
    assert shut_states[STATES.index("closed")] > open_states[STATES.index("closed")]
    assert shut_states.shape == (len(STATES),) and opened.shape == (OUTPUTS,)


def test_areas_are_over_eyes_that_show_whether_they_are_open() -> None:
    lids, states = np.zeros((5, OUTPUTS)), np.zeros((5, len(STATES)))
    lids[:, REASON.start] = 5.0
    lids[:, OPENING] = [0.3, 0.2, 0.05, 0.25, 0.0]
    states[:, STATES.index("closed")] = [0.0, 3.0, 2.0, 0.0, 9.0]
    lids[3, REASON.start + READABLE.index("covered")] = 9.0
    found = figures(lids, states, np.array([1, 1, 0, 1, -1]))
    assert (found["open"], found["closed"], found["undecided"]) == (3, 1, 1)
    assert found["opening"]["auc"] == 1.0
    assert found["state"]["auc"] == pytest.approx(2 / 3, abs=1e-4)
    assert (found["called_covered"], found["would_count_as_covered"]) == (1, 1)
