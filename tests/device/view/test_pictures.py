"""The moving picture: only for who looks, once for all, the newest first, and never at the monitor's cost."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from tools.rigs.waiting import eventually
from wakeful.device.messages import Observation
from wakeful.device.perception.pipeline import Sighting
from wakeful.device.view.pictures import Pictures
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

NOBODY = Sighting(Observation(0, 0, False))


class Clock:
    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pictures(clock: Clock) -> Iterator[Pictures]:
    made = Pictures(clock_ns=clock)
    yield made
    made.close()


def frame(grey: int = 90, width: int = 64, height: int = 48) -> Frame:
    return Frame(np.full((height, width, 3), grey, np.uint8), 0, 0)


def decoded(jpeg: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), 1)
    assert picture is not None
    return picture


def test_nothing_is_copied_or_encoded_while_nobody_looks(pictures: Pictures) -> None:
    pictures.offer(frame(), NOBODY)
    assert pictures.after(0, 0.05) is None
    pictures.watch()
    assert pictures.after(0, 0.05) is None


def test_the_monitor_s_own_picture_is_not_drawn_on(pictures: Pictures) -> None:
    offered = frame(width=640, height=480)
    pictures.watch()
    pictures.offer(offered, NOBODY)
    assert pictures.after(0, 2.0) is not None
    assert (offered.image == 90).all()


def test_all_viewers_get_the_same_bytes_made_once(pictures: Pictures) -> None:
    pictures.watch()
    pictures.watch()
    pictures.offer(frame(), NOBODY)
    first, second = pictures.after(0, 3.0), pictures.after(0, 3.0)
    assert first is not None and first is second
    assert pictures.after(first.number, 0.02) is None


def test_the_last_picture_is_forgotten_when_the_last_viewer_leaves(pictures: Pictures) -> None:
    pictures.watch()
    pictures.offer(frame(), NOBODY)
    assert pictures.after(0, 3.0) is not None
    pictures.leave()
    pictures.watch()
    assert pictures.after(0, 0.02) is None


def test_a_slow_viewer_gets_the_newest_picture_not_all_of_them(pictures: Pictures, clock: Clock) -> None:
    pictures.watch()
    for grey in (10, 120, 240):
        pictures.offer(frame(grey), NOBODY)
        clock.now_ns += 40_000_000
        number = {10: 1, 120: 2, 240: 3}[grey]
        assert eventually(lambda n=number: (newest := pictures.after(0, 0.1)) is not None and newest.number == n)  # type: ignore[misc]
    newest = pictures.after(0, 1.0)
    assert newest is not None
    assert decoded(newest.data).mean() == pytest.approx(240, abs=3)


def test_the_monitors_picture_stays_as_it_was(pictures: Pictures) -> None:
    pictures.watch()
    given = frame()
    pictures.offer(given, NOBODY)
    assert pictures.after(0, 3.0) is not None
    assert (given.image == 90).all()


@pytest.mark.parametrize(("width", "shown"), [(640, 640), (800, 800), (1280, 640), (1920, 640), (3840, 640)])
def test_large_pictures_are_made_smaller(width: int, shown: int, pictures: Pictures) -> None:
    pictures.watch()
    pictures.offer(frame(width=width, height=480), NOBODY)
    jpeg = pictures.after(0, 3.0)
    assert jpeg is not None
    assert decoded(jpeg.data).shape[1] == shown


@pytest.mark.parametrize(("frames_a_second", "most"), [(25, 25), (30, 30), (60, 30), (240, 30)])
def test_no_more_than_thirty_pictures_a_second_are_taken(frames_a_second: int, most: int, clock: Clock) -> None:
    taken = Pictures(max_fps=30.0, clock_ns=clock)
    taken.watch()
    jitter = np.random.default_rng(2).uniform(-0.1, 0.1, 10 * frames_a_second)
    count = 0
    for seq, early in enumerate(jitter):
        clock.now_ns = round((seq + early) * 1e9 / frames_a_second)
        count += taken._due(clock.now_ns)
    taken.close()
    assert count == pytest.approx(10 * most, rel=0.06)


def test_offering_a_picture_takes_no_time_to_speak_of(pictures: Pictures, clock: Clock) -> None:
    pictures.watch()
    large = frame(width=640, height=480)
    times_s = []
    for _ in range(50):
        clock.now_ns += 40_000_000
        begin_s = time.perf_counter()
        pictures.offer(large, NOBODY)
        times_s.append(time.perf_counter() - begin_s)
        time.sleep(0.002)
    assert sorted(times_s)[25] < 0.001
