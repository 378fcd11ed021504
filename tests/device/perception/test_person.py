"""Which of several faces is watched."""

from __future__ import annotations

import numpy as np

from wakeful.device.perception.face_detector import Detection
from wakeful.device.perception.person import WatchedPerson

WIDTH, HEIGHT = 640, 480
SECOND_NS = 1_000_000_000


def face(x: float, y: float, size_px: float = 100.0) -> Detection:
    box = (x - size_px / 2, y - size_px / 2, x + size_px / 2, y + size_px / 2)
    return Detection(box, np.zeros((6, 2), dtype=np.float32), 0.9)


def test_of_two_equal_faces_the_more_central_one_is_watched() -> None:
    middle, edge = face(320, 240), face(60, 240)
    assert WatchedPerson().choose(0, [edge, middle], WIDTH, HEIGHT) is middle


def test_a_much_larger_face_is_watched_even_off_the_middle() -> None:
    small, large = face(320, 240, 60), face(150, 240, 200)
    assert WatchedPerson().choose(0, [small, large], WIDTH, HEIGHT) is large


def test_nobody_takes_over_while_the_watched_face_is_lost_for_a_moment() -> None:
    person = WatchedPerson()
    person.seen(0, (150.0, 240.0), 100.0)
    assert person.choose(SECOND_NS // 2, [face(500, 240, 150)], WIDTH, HEIGHT) is None


def test_the_watched_face_is_taken_up_again_in_its_place() -> None:
    person = WatchedPerson()
    person.seen(0, (150.0, 240.0), 100.0)
    again = face(170, 250)
    assert person.choose(SECOND_NS // 2, [face(400, 240, 150), again], WIDTH, HEIGHT) is again


def test_after_a_second_the_seat_is_free_for_the_next() -> None:
    person = WatchedPerson()
    person.seen(0, (150.0, 240.0), 100.0)
    other = face(500, 240)
    assert person.choose(2 * SECOND_NS, [other], WIDTH, HEIGHT) is other


def test_no_face_is_nobody() -> None:
    assert WatchedPerson().choose(0, [], WIDTH, HEIGHT) is None


def test_a_clock_that_jumps_back_does_not_keep_the_seat_taken() -> None:
    person = WatchedPerson()
    person.seen(100 * SECOND_NS, (150.0, 240.0), 100.0)
    other = face(500, 240)
    assert person.choose(SECOND_NS, [other], WIDTH, HEIGHT) is other
