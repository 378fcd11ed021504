"""Counts which faces the monitor takes for one: detector and face network together, upright and turned.

``python -m wakeful.models.face.accepted --data FOLDER``: car frames of people whom no training has seen, clips,
drivers far aside, and scenes without a face. It reads pictures as the monitor does, with the networks of the registry.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.face_detector import Box, overlap
from wakeful.device.perception.one_image import look_at
from wakeful.device.perception.pipeline import Perception
from wakeful.models.face.build import CAR_TEST_EVERY
from wakeful.models.training.pictures import Encoded
from wakeful.sensors.opencv import cv2

Picture = NDArray[np.uint8]
LEAST_OVERLAP = 0.3
CLIP_EVERY = 50
"""One in so many frames of a clip is looked at."""


def main() -> None:
    """The command: prints JSON, one line for each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--landmarks", default="wakeful")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    perception = Perception(given.landmarks)
    sets = {
        "car_frames": list(car_frames(given.data / "car_frames.npz")),
        "clips": list(clip_frames(given.data / "clips")),
    }
    for name, pictures in sets.items():
        found = {
            f"{90 * quarter}_deg": sum(accepted(perception, np.rot90(one, quarter)) for one in pictures)
            for quarter in range(4)
        }
        print(json.dumps({name: {"pictures": len(pictures), "accepted": found}}), flush=True)
    far = list(far_faces(given.data / "far_faces.npz"))
    found_far = sum(accepted_on(perception, one, box) for one, box in far)
    print(json.dumps({"far_aside": {"pictures": len(far), "accepted_on_the_face": found_far}}), flush=True)
    scenes = list(scenes_without_faces(given.data / "covers.npz"))
    taken = sum(accepted(perception, scene) for scene in scenes)
    print(json.dumps({"no_face": {"pictures": len(scenes), "accepted": taken}}), flush=True)


def accepted(perception: Perception, picture: Picture) -> bool:
    """Whether a picture by itself has a face, by the monitor, whichever way up it is."""
    return look_at(np.ascontiguousarray(picture), perception.fork()).face


def accepted_on(perception: Perception, picture: Picture, box: Box) -> bool:
    """Whether a picture has a face where ``box`` is."""
    found = look_at(picture, perception.fork()).box
    return found is not None and overlap(found, box) > LEAST_OVERLAP


def far_faces(file: Path) -> Iterator[tuple[Picture, Box]]:
    """Drivers seen from the passenger's side, at 45 to 80 degrees, and where their faces are."""
    packed = dict(np.load(file))
    pictures = Encoded(packed["bytes"], packed["offset"])
    for index, box in enumerate(packed["box"].tolist()):
        yield pictures.read(index), tuple(box)


def car_frames(file: Path) -> Iterator[Picture]:
    """Frames of the drivers whom no training has seen."""
    packed = dict(np.load(file))
    pictures = Encoded(packed["bytes"], packed["offset"])
    for index in np.flatnonzero(packed["person"] % CAR_TEST_EVERY == 0).tolist():
        yield pictures.read(index)


def clip_frames(folder: Path) -> Iterator[Picture]:
    """Some frames of each clip in the folder; the one whose pictures are lost midway is left out."""
    for file in sorted(folder.iterdir()):
        if file.suffix not in (".mp4", ".avi", ".gif") or file.stem == "corrupt-mid":
            continue
        video = cv2.VideoCapture(str(file))
        number = 0
        while video.grab():
            if number % CLIP_EVERY == CLIP_EVERY // 2:
                yield np.asarray(video.retrieve()[1], np.uint8)
            number += 1


def scenes_without_faces(file: Path) -> Iterator[Picture]:
    """The pictures without a face, in colours as a camera gives them."""
    packed = dict(np.load(file))
    pictures = Encoded(packed["bytes"], packed["offset"])
    for index in np.flatnonzero(packed["kind_names"][packed["kind"]] == "negative").tolist():
        yield pictures.read(index)


if __name__ == "__main__":
    main()
