"""Pictures around what happened, and nobody to be recognised in them but the watched person."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tools.rigs.log_samples import at
from wakeful.device.messages import Alert, Event, Level, Phase
from wakeful.device.record.encode import Recorded
from wakeful.device.record.schema import Picture
from wakeful.device.record.video import Box, Shot, Video, blurred, count_faces, face_finder, is_watched
from wakeful.models import registry
from wakeful.sensors.driver_face import DriverPose, render

GREY = np.full((48, 64, 3), 128, np.uint8)


def alert(seconds: float, phase: Phase = Phase.RAISED) -> Alert:
    return Alert(at(seconds), 1, "sleep", Level.URGENT, phase)


def marker(seconds: float) -> Event:
    return Event(at(seconds), "marker", {"text": "x", "pressed_ns": at(seconds)})


def written(happened: list[Recorded], until_s: float = 60.0, video: Video | None = None) -> list[float]:
    """Seconds of the pictures that are written of a minute at two a second."""
    video = video or Video(events_only=True, find_faces=None)
    found: list[Picture] = []
    for half in range(round(2 * until_s)):
        found += video.shot(Shot(at(half / 2), half, GREY, None))
        for one in happened:
            if one.t_ns == at(half / 2):  # type: ignore[union-attr]
                found += video.happened(one)
    return [(picture.t_ns - at(0.0)) / 1e9 for picture in found]


@pytest.mark.parametrize("occasion", [alert(20.0), alert(20.0, Phase.ESCALATED), marker(20.0)], ids=str)
def test_pictures_from_ten_seconds_before_to_ten_after_are_written(occasion: Recorded) -> None:
    assert written([occasion]) == [half / 2 for half in range(20, 61)]


@pytest.mark.parametrize(
    "other", [alert(20.0, Phase.CLEARED), alert(20.0, Phase.ACKNOWLEDGED), Event(at(20.0), "yawn", {})], ids=str
)
def test_what_ends_or_is_no_alert_is_no_occasion(other: Recorded) -> None:
    assert written([other]) == []


def test_two_alerts_close_together_give_each_picture_once() -> None:
    times = written([alert(20.0), alert(25.0)])
    assert times == [half / 2 for half in range(20, 71)]


def test_an_alert_in_the_first_second_has_no_pictures_before_it() -> None:
    assert written([alert(0.5)], until_s=30.0)[:3] == [0.0, 0.5, 1.0]


def test_a_clock_that_jumps_back_ends_what_was_going_on() -> None:
    video = Video(events_only=True, find_faces=None)
    list(video.shot(Shot(at(3000.0), 1, GREY, None)))
    assert len(list(video.happened(alert(3000.0)))) == 1
    assert list(video.shot(Shot(at(0.0), 2, GREY, None))) == []
    assert list(video.shot(Shot(at(0.1), 3, GREY, None))) == []


def test_the_watched_face_is_known_by_its_place() -> None:
    watched = (100.0, 100.0, 200.0, 200.0)
    assert is_watched((110.0, 90.0, 210.0, 190.0), watched)
    assert not is_watched((300.0, 100.0, 400.0, 200.0), watched)
    assert not is_watched((0.0, 0.0, 640.0, 480.0), (10.0, 10.0, 50.0, 50.0))
    assert not is_watched(watched, None)


def two_people() -> NDArray[np.uint8]:
    """Two drivers side by side, uint8 [480, 640, 3]."""
    one = cv2.resize(render(DriverPose(), 1)[:, 80:560], (320, 320))
    picture = np.full((480, 640, 3), 90, np.uint8)
    picture[80:400, :320], picture[80:400, 320:] = one, one[:, ::-1]
    return picture


needs_detector = pytest.mark.skipif(
    not registry.available("face_detection_short_range"), reason="the network that finds faces is not in the cache"
)


@needs_detector
def test_everybody_but_the_watched_person_is_made_unrecognisable() -> None:
    picture = two_people()
    faces = sorted(face_finder()(picture))
    assert count_faces(faces) == 2
    faces = [faces[0], faces[-1]]
    video = Video(events_only=False, find_faces=face_finder())
    (found,) = video.shot(Shot(at(0.0), 0, picture, faces[0]))
    assert found.blurred == 1
    shown = np.asarray(cv2.imdecode(np.frombuffer(found.jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    assert detail(shown, faces[0]) > 0.8 * detail(picture, faces[0])
    assert detail(shown, faces[1]) < 0.4 * detail(picture, faces[1])


@needs_detector
def test_faces_in_a_turned_picture_are_made_unrecognisable_too() -> None:
    upright = two_people()
    turned = np.ascontiguousarray(np.rot90(upright))
    (found,) = Video(events_only=False, find_faces=face_finder()).shot(Shot(at(0.0), 0, turned, None))
    assert found.blurred >= 2
    shown = np.asarray(cv2.imdecode(np.frombuffer(found.jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    for face in face_finder()(upright):
        assert detail(np.rot90(shown, -1), face) < 0.4 * detail(upright, face)


@needs_detector
def test_while_nobody_is_watched_everybody_is_made_unrecognisable() -> None:
    video = Video(events_only=False, find_faces=face_finder())
    (found,) = video.shot(Shot(at(0.0), 0, two_people(), None))
    assert found.blurred == 2


@needs_detector
def test_pictures_from_before_an_alert_are_blurred_too() -> None:
    video = Video(events_only=True, find_faces=face_finder())
    assert list(video.shot(Shot(at(0.0), 0, two_people(), None))) == []
    (found,) = video.happened(alert(0.5))
    assert found.blurred == 2


def test_a_face_that_is_missed_in_one_picture_stays_blurred() -> None:
    answers = [[(0.0, 0.0, 20.0, 20.0)], [], []]
    video = Video(events_only=False, find_faces=lambda image: answers.pop(0))
    counts = [next(video.shot(Shot(at(t_s), 0, GREY, None))).blurred for t_s in (0.0, 0.5, 2.0)]
    assert counts == [1, 1, 0]


def test_a_face_that_moves_is_counted_once_and_blurred_where_it_was_too() -> None:
    answers = [[(0.0, 0.0, 20.0, 20.0)], [(3.0, 0.0, 23.0, 20.0)], [(5.0, 0.0, 25.0, 20.0), (60.0, 0.0, 80.0, 20.0)]]
    video = Video(events_only=False, find_faces=lambda image: answers.pop(0))
    counts = [next(video.shot(Shot(at(t_s), 0, GREY, None))).blurred for t_s in (0.0, 0.1, 0.2)]
    assert counts == [1, 1, 2]


def test_a_box_beyond_the_picture_is_no_fault() -> None:
    boxes: list[Box] = [(-50.0, -50.0, -10.0, -10.0), (60.0, 40.0, 90.0, 70.0)]
    assert blurred(GREY, boxes).shape == GREY.shape


def detail(picture: NDArray[np.uint8], box: Box) -> float:
    """How much fine structure the middle of a face has: mean absolute Laplacian of the grey picture."""
    x0, y0, x1, y1 = (round(edge) for edge in box)
    grey = cv2.cvtColor(picture[y0:y1, x0:x1], cv2.COLOR_BGR2GRAY)
    return float(np.abs(cv2.Laplacian(cv2.GaussianBlur(grey, (3, 3), 0), cv2.CV_32F)).mean())
