"""What the detector takes for a face and is none: the hardest pictures to learn presence from.

``python -m wakeful.models.face.mined --data FOLDER --cache FOLDER``. It answers on many things besides faces when it
looks at parts of a picture with a low score, as the monitor does while nobody is followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.face_detector import Box, Detection, FaceDetector, overlap
from wakeful.device.perception.face_search import parts
from wakeful.models.face.build import CAR_TEST_EVERY, options
from wakeful.models.face.points import SCALE
from wakeful.models.training.covers import load_covers
from wakeful.models.training.geometry import Crop, cut
from wakeful.models.training.pictures import Encoded, Pictures
from wakeful.sensors.opencv import cv2

Levels = NDArray[np.uint8]

MINED = "mined_pictures.npz"
SIDE_PX, AROUND = 180, 1.6
"""Each is kept so large, and ``AROUND`` times what the face network is to see of it."""
LEAST_SCORE = 0.2
SAME, FACE = 0.6, 0.05
"""Overlaps: answers that are one, and answers that are (also) the face in the picture."""


def middle() -> Crop:
    """What the face network would see of a kept picture."""
    return Crop(SIDE_PX / 2.0, SIDE_PX / 2.0, SIDE_PX / AROUND)


def build(data: Path, cache: Path) -> None:
    """Writes what is found in the scenes that may be learned and beside the faces of car frames."""
    detector = FaceDetector(LEAST_SCORE)
    found: list[Levels] = []
    for scene in load_covers(data / "covers.npz").scenes:
        found += answers(detector, scene, None)
    for frame, box in _cars(data):
        found += answers(detector, frame, box)
    Pictures.of(found).save(cache / MINED)
    print(f"{len(found)} answers that are no face")


def answers(detector: FaceDetector, grey: Levels, face: Box | None) -> list[Levels]:
    """Crops of what the detector answers on in the picture, as a whole and in parts, each way up."""
    kept: list[tuple[Detection, Levels]] = []
    for picture, box in _views(grey, face):
        image = np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)
        own: list[Detection] = []
        height, width = picture.shape
        for part in (None, *parts(width, height)):
            for answer in detector(image, part=part):
                new = all(overlap(answer.box, other.box) < SAME for other in own)
                if new and (box is None or overlap(answer.box, box) < FACE):
                    own.append(answer)
        kept += [(answer, picture) for answer in own]
    return [_cut(picture, answer) for answer, picture in kept]


def _views(grey: Levels, face: Box | None) -> Iterator[tuple[Levels, Box | None]]:
    """Scenes in all four rotations; a picture with a face as it is."""
    yield grey, face
    if face is None:
        for quarter in range(1, 4):
            yield np.ascontiguousarray(np.rot90(grey, quarter)), None


def _cut(picture: Levels, answer: Detection) -> Levels:
    region = answer.region()
    crop = Crop(*answer.centre, answer.size_px * SCALE * AROUND, region.angle_rad, columns=SIDE_PX, rows=SIDE_PX)
    return cut(picture, crop, cv2.BORDER_REFLECT_101)


def _cars(data: Path) -> Iterator[tuple[Levels, Box]]:
    packed = dict(np.load(data / "car_frames.npz"))
    pictures = Encoded(packed["bytes"], packed["offset"])
    for i in np.flatnonzero(packed["person"] % CAR_TEST_EVERY).tolist():
        yield pictures.read(i, cv2.IMREAD_GRAYSCALE), tuple(packed["box"][i].tolist())


def main() -> None:
    """The command."""
    given = options(__doc__).parse_args()
    build(given.data, given.cache)


if __name__ == "__main__":
    main()
