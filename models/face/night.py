"""Counts the faces that the monitor finds in pictures of a car at night, and what searching costs it.

``python -m wakeful.models.face.night --data FOLDER``: the same moments in infra-red and in colour, scenes and empty
seats without a face, and the time of frames without one. Pictures are read as the monitor reads them, with the networks
of the registry; ``--misses FOLDER`` draws those in which no face was found on the box.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from wakeful.device.perception.face_detector import Box, overlap
from wakeful.device.perception.one_image import look_at
from wakeful.device.perception.pipeline import Perception
from wakeful.frozen import dataclass
from wakeful.models.face.accepted import LEAST_OVERLAP, Picture, scenes_without_faces
from wakeful.models.training.pictures import Encoded
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

WELL_PLACED = 0.5
"""Overlap of a face that is where it should be; boxes that were taken from the other camera may be off by a third."""
SEARCHED_FRAMES, SEARCHED_EVERY, SEARCHED_SIZE = 10, 12, (640, 480)
"""Frames without a face in a row, in which all parts of the picture have their turn; of one in so many scenes; as large
as a camera gives them."""


@dataclass(frozen=True, slots=True)
class NightFace:
    """One picture of a pair.

    Attributes:
        box: of the face; None where nobody has drawn one.
        face: whether somebody is in it.
    """

    name: str
    picture: Picture
    infrared: bool
    box: Box | None
    face: bool


def main() -> None:
    """The command: prints JSON, one line for each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--landmarks", default="wakeful")
    parser.add_argument("--misses", type=Path, help="folder for the pictures in which no face was found on the box")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    perception = Perception(given.landmarks)
    pairs = list(night_faces(given.data / "night" / "faces_ir_pairs.npz"))
    kinds = {
        "infrared": [one for one in pairs if one.infrared],
        "colour": [one for one in pairs if not one.infrared],
    }
    for name, pictures in kinds.items():
        print(json.dumps({name: figures(perception, pictures, given.misses)}), flush=True)
    scenes = list(scenes_without_faces(given.data / "covers.npz"))
    taken = sum(look_at(scene, perception.fork()).face for scene in scenes)
    print(json.dumps({"no_face": {"pictures": len(scenes), "accepted": taken}}), flush=True)
    cabins = [cv2.resize(scene, SEARCHED_SIZE).astype(np.uint8, copy=False) for scene in scenes[::SEARCHED_EVERY]]
    print(json.dumps({"frame_without_a_face_ms": search_ms(perception, cabins)}), flush=True)


def night_faces(file: Path) -> Iterator[NightFace]:
    """The pictures of all pairs."""
    packed = dict(np.load(file))
    pictures = Encoded(packed["bytes"], packed["offset"])
    for index, name in enumerate(packed["name"].tolist()):
        box = packed["box"][index]
        drawn: Box | None = tuple(box.tolist()) if np.isfinite(box).all() else None
        face = packed["person"][index] != "-"
        yield NightFace(name, pictures.read(index), bool(packed["infrared"][index]), drawn, bool(face))


def figures(perception: Perception, pictures: list[NightFace], misses: Path | None) -> dict[str, Any]:
    """How many faces are found on their boxes, how many without a box, and how many in empty seats."""
    on_box = unboxed = false = 0
    missed: list[str] = []
    beside: list[str] = []
    for one in pictures:
        found = look_at(one.picture, perception.fork()).box
        if one.box is None:
            unboxed += one.face and found is not None
            false += not one.face and found is not None
        elif found is not None and overlap(found, one.box) > LEAST_OVERLAP:
            on_box += 1
            if overlap(found, one.box) > WELL_PLACED:
                continue
            beside.append(one.name)
        else:
            missed.append(one.name)
        if misses is not None:
            draw(misses / f"{one.name}.png", one, found)
    return {
        "boxed": sum(one.box is not None for one in pictures),
        "found_on_the_box": on_box,
        "badly_placed": beside,
        "missed": missed,
        "without_a_box": sum(one.face and one.box is None for one in pictures),
        "found_without_a_box": unboxed,
        "empty": sum(not one.face for one in pictures),
        "found_in_empty": false,
    }


def draw(file: Path, one: NightFace, found: Box | None) -> None:
    """The picture with the box that is right in green, and what was found in red."""
    picture = one.picture.copy()
    for box, colour in ((one.box, (0, 255, 0)), (found, (0, 0, 255))):
        if box is not None:
            x0, y0, x1, y1 = (round(value) for value in box)
            cv2.rectangle(picture, (x0, y0), (x1, y1), colour)
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), picture)


def search_ms(perception: Perception, scenes: list[Picture]) -> dict[str, float]:
    """Milliseconds of processor time of a frame without a face, mean of ten in a row: medians over scenes.

    ``whole_picture`` is the time of those looks at the whole picture alone, without the parts.
    """
    times: dict[str, list[float]] = {"with_parts": [], "whole_picture": []}
    for scene in scenes:
        for way, parts_at_once in (("with_parts", 1), ("whole_picture", 0)):
            watching = perception.fork()
            begun_s = time.process_time()
            for number in range(SEARCHED_FRAMES):
                watching.look(Frame(scene, number * 33_000_000, number), parts_at_once=parts_at_once)
            times[way].append((time.process_time() - begun_s) * 1e3 / SEARCHED_FRAMES)
    return {way: round(median(taken), 3) for way, taken in times.items()}


if __name__ == "__main__":
    main()
