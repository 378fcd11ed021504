"""Eyes to label."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wakeful.models.dataset.items import Picture
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2


def eye(opening: float, seed: int = 0) -> Picture:
    """One eye of the rendered driver, grey, 52 pixels wide."""
    pose = DriverPose(eye_left=opening, eye_right=opening)
    grey = cv2.cvtColor(render(pose, seed=seed), cv2.COLOR_BGR2GRAY)
    return np.asarray(grey[169:209, 252:304], np.uint8)


def packed(file: Path, shown: list[Picture]) -> Path:
    np.savez(file, images=np.stack(shown), name=np.array([f"eye{i}" for i in range(len(shown))]))
    return file
