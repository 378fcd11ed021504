"""Parts in which a face is looked for that the whole picture hides."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from wakeful.device.perception.face_search import Views, parts
from wakeful.device.perception.landmarks import Glance
from wakeful.device.perception.landmarks_wakeful import WakefulReader
from wakeful.device.perception.network import Network, load
from wakeful.device.perception.one_image import look_at
from wakeful.device.perception.pipeline import Perception
from wakeful.device.perception.region import Region
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2


@pytest.mark.parametrize(("width", "height"), [(640, 480), (480, 640), (1280, 720), (480, 480)])
def test_parts_lie_in_the_picture_and_cover_it(width: int, height: int) -> None:
    covered = np.zeros((height, width), bool)
    for part in parts(width, height):
        x0, y0 = part.x_px - part.size_px / 2, part.y_px - part.size_px / 2
        assert min(x0, y0) >= -0.01 and x0 + part.size_px <= width + 0.01 and y0 + part.size_px <= height + 0.01
        covered[round(y0) : round(y0 + part.size_px), round(x0) : round(x0 + part.size_px)] = True
    assert covered.all()


def small_and_aside() -> NDArray[np.uint8]:
    """A driver who is too small for a look at the whole picture: 1280 pixels wide, the face 75."""
    picture = np.full((720, 1280, 3), 60, np.uint8)
    driver = cv2.resize(render(DriverPose(yaw_deg=-25.0)), (240, 180), interpolation=cv2.INTER_AREA)
    picture[40:220, 1000:1240] = driver
    return picture


class TestSmallFace:
    def test_is_not_found_in_the_whole_picture(self) -> None:
        assert not Perception("v2").look(Frame(small_and_aside(), 0, 0)).observation.face

    def test_is_found_within_ten_frames(self) -> None:
        perception, picture = Perception(), small_and_aside()
        found = [perception.look(Frame(picture, i * 33_000_000, i)).observation.face for i in range(10)]
        assert found[-1]

    def test_is_found_in_a_single_image(self) -> None:
        look = look_at(small_and_aside(), Perception())
        assert look.face and look.box is not None
        assert 1060 < (look.box[0] + look.box[2]) / 2 < 1180 and 80 < (look.box[1] + look.box[3]) / 2 < 180


class TestViews:
    HERE, NEARBY, ELSEWHERE = Region(100.0, 100.0, 60.0), Region(108.0, 95.0, 66.0), Region(180.0, 100.0, 60.0)

    def test_two_parts_that_show_a_face_in_one_place_agree_on_the_likelier(self) -> None:
        views = Views()
        assert views.agree(0, Glance(self.HERE, 2.0)) is None
        assert views.agree(3, Glance(self.NEARBY, 0.5)) == self.HERE

    def test_unlikely_faces_do_not_agree_nor_do_those_of_two_places(self) -> None:
        views = Views()
        assert views.agree(0, Glance(self.HERE, 2.0)) is None
        assert views.agree(1, Glance(self.NEARBY, -0.5)) is None
        assert views.agree(2, Glance(self.ELSEWHERE, 3.0)) is None

    def test_a_part_does_not_agree_with_itself_and_forgets_what_is_gone(self) -> None:
        views = Views()
        assert views.agree(0, Glance(self.HERE, 2.0)) is None
        assert views.agree(0, Glance(self.HERE, 2.0)) is None
        assert views.agree(0, None) is None
        assert views.agree(1, Glance(self.HERE, 2.0)) is None
        views.forget()
        assert views.agree(2, Glance(self.HERE, 2.0)) is None


def test_a_glance_tells_a_face_from_an_empty_seat_and_says_where_it_is() -> None:
    reader, where = WakefulReader(), Region(325.0, 215.0, 240.0)
    faces = [reader.glance(Frame(render(DriverPose(yaw_deg=yaw)), 0, 0), where) for yaw in (0.0, -40.0)]
    seat = reader.glance(Frame(render(DriverPose(present=False)), 0, 0), where)
    assert all(one is not None and one.logit > 1.0 for one in faces)
    assert seat is None or seat.logit < -1.0
    assert faces[0] is not None and abs(faces[0].region.x_px - 325.0) < 25.0


def test_the_detector_runs_three_times_in_a_frame_without_a_face() -> None:
    runs: dict[str, int] = {}

    def counting(name: str, threads: int = 1) -> Network:
        network = load(name, threads)

        def run(tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
            runs[name] = runs.get(name, 0) + 1
            return network(tensor)

        run.input_shape = network.input_shape  # type: ignore[attr-defined]
        return cast(Network, run)

    perception = Perception(load=counting)
    for i in range(10):
        perception.look(Frame(np.full((480, 640, 3), 90, np.uint8), i, i))
    assert runs == {"face_detection_short_range": 30}
