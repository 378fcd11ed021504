"""Faces in infra-red pictures are counted where they are, by the monitor itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wakeful.device.perception.one_image import look_at
from wakeful.device.perception.pipeline import Perception
from wakeful.device.stages import Stages
from wakeful.models.face.night import NightFace, figures, night_faces, search_ms
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

ELSEWHERE = (0.0, 0.0, 60.0, 60.0)


def infrared() -> np.ndarray:
    grey = cv2.cvtColor(render(DriverPose(noise=0.0)), cv2.COLOR_BGR2GRAY)
    return np.repeat(grey[..., None], 3, axis=2)


def test_a_face_counts_on_its_box_alone() -> None:
    perception, picture = Perception("wakeful"), infrared()
    box = look_at(picture, perception.fork()).box
    seat = np.full_like(picture, 90)
    pictures = [
        NightFace("right", picture, True, box, True),
        NightFace("elsewhere", picture, True, ELSEWHERE, True),
        NightFace("not boxed", picture, True, None, True),
        NightFace("seat", seat, True, None, False),
    ]
    found = figures(perception, pictures, None)
    assert (found["boxed"], found["found_on_the_box"], found["missed"]) == (2, 1, ["elsewhere"])
    assert (found["without_a_box"], found["found_without_a_box"]) == (1, 1)
    assert (found["empty"], found["found_in_empty"]) == (1, 0)


def test_pictures_of_misses_can_be_looked_at(tmp_path: Path) -> None:
    figures(Perception("wakeful"), [NightFace("missed", infrared(), True, ELSEWHERE, True)], tmp_path)
    drawn = cv2.imread(str(tmp_path / "missed.png"))
    assert drawn is not None and (drawn != infrared()).any()


def test_pairs_are_read_with_and_without_boxes(tmp_path: Path) -> None:
    coded = cv2.imencode(".png", infrared())[1].ravel()
    np.savez(
        tmp_path / "pairs.npz",
        bytes=np.concatenate([coded, coded]),
        offset=np.array([0, len(coded), 2 * len(coded)]),
        name=["one_ir", "seat_rgb"],
        person=["A", "-"],
        infrared=[True, False],
        box=np.array([[1, 2, 3, 4], [np.nan] * 4], np.float32),
    )
    face, seat = night_faces(tmp_path / "pairs.npz")
    assert (face.name, face.infrared, face.box, face.face) == ("one_ir", True, (1.0, 2.0, 3.0, 4.0), True)
    assert (seat.infrared, seat.box, seat.face) == (False, None, False)
    np.testing.assert_array_equal(face.picture, infrared())


class Counted(Stages):
    """Counts the looks of the face detector."""

    def __init__(self) -> None:
        self.looks = 0

    def done(self, stage: str) -> None:
        self.looks += stage == "detect"


@pytest.mark.parametrize("size", [(480, 640), (720, 1280), (240, 320)])
def test_searching_in_parts_takes_at_most_twice_the_looks(size: tuple[int, int]) -> None:
    perception, looks = Perception("wakeful"), []
    empty = np.random.default_rng(1).integers(0, 90, (*size, 3)).astype(np.uint8)
    for parts_at_once in (0, 1):
        counted, watching = Counted(), perception.fork()
        watching.watch(counted)
        for number in range(10):
            watching.look(Frame(empty, number * 33_000_000, number), parts_at_once=parts_at_once)
        looks.append(counted.looks)
    assert 0 < looks[0] < looks[1] <= 2 * looks[0]


def test_the_time_of_a_search_is_of_both_ways() -> None:
    scene = np.full((480, 640, 3), 70, np.uint8)
    assert all(taken > 0.0 for taken in search_ms(Perception("wakeful"), [scene]).values())
