"""What an identification costs beside the landmarks of ``v2``, in processor time, both in turns."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from wakeful.device.perception.embedder import Embedder
from wakeful.device.perception.landmarks import LEFT_CORNERS, RIGHT_CORNERS, TRACKING_SCALE, load_reader
from wakeful.device.perception.one_image import look_at
from wakeful.device.perception.pipeline import Perception
from wakeful.device.perception.region import around
from wakeful.models import registry
from wakeful.models.identity.crop import align
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

TURNS = 200
V2 = "face_landmarks_detector"


def costs_ms() -> dict[str, float]:
    """Medians: making a frame of 640x480 grey, cutting the face out and embedding it; ``v2`` where it is at hand."""
    image = render(DriverPose())
    points = look_at(image, Perception()).landmarks
    assert points is not None
    embedder = Embedder()

    def identify() -> None:
        embedder.embed(align(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8), points))

    jobs: dict[str, Callable[[], object]] = {"identification": identify}
    if registry.available(V2):
        reader, frame = load_reader("v2"), Frame(image, 0, 0)
        region = around(points, points[RIGHT_CORNERS[0]], points[LEFT_CORNERS[0]], TRACKING_SCALE)
        jobs["landmarks of v2"] = lambda: reader(frame, region)
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(TURNS):
        for name, job in jobs.items():
            begun = time.thread_time()
            job()
            times[name].append((time.thread_time() - begun) * 1e3)
    return {name: round(float(np.median(one)), 3) for name, one in times.items()}
