"""What the detector takes for a face: found in scenes, and beside the face of a picture, never the face itself."""

from __future__ import annotations

import numpy as np

from wakeful.device.perception.face_detector import FaceDetector
from wakeful.models.face import mined
from wakeful.models.training.geometry import cut
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2


def test_the_face_of_a_picture_is_left_out_and_found_where_none_is_said_to_be() -> None:
    driver = render(DriverPose())
    picture = np.asarray(cv2.cvtColor(driver, cv2.COLOR_BGR2GRAY), np.uint8)
    detector = FaceDetector(mined.LEAST_SCORE)
    taken = mined.answers(detector, picture, None)
    assert taken, "without a known face the driver's is an answer"
    assert all(one.shape == (mined.SIDE_PX, mined.SIDE_PX) for one in taken)
    face = detector(driver)[0]
    beside = mined.answers(detector, picture, face.box)
    assert len(beside) < len(taken)


def test_the_middle_of_a_kept_picture_is_what_tracking_would_cut() -> None:
    picture = np.zeros((mined.SIDE_PX, mined.SIDE_PX), np.uint8)
    edge = round(mined.SIDE_PX * (1 - 1 / mined.AROUND) / 2)
    picture[edge:-edge, edge:-edge] = 200
    assert cut(picture, mined.middle()).mean() > 190
