"""Frozen and black pictures are told from living ones."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from wakeful.sensors.watch import PictureWatch, is_black

NOISE = np.random.default_rng(3)


def noisy(mean: float, deviation: float = 2.0, size: tuple[int, int] = (480, 640)) -> NDArray[np.uint8]:
    return np.clip(NOISE.normal(mean, deviation, (*size, 3)), 0, 255).astype(np.uint8)


def test_a_still_scene_with_sensor_noise_is_alive() -> None:
    watch = PictureWatch()
    assert [watch.fault(noisy(100)) for _ in range(5)] == [None] * 5


def test_the_second_of_two_equal_pictures_is_frozen_and_the_next_new_one_alive() -> None:
    watch = PictureWatch()
    picture = noisy(100)
    assert watch.fault(picture) is None
    assert watch.fault(picture.copy()) == "frozen"
    assert watch.fault(picture.copy()) == "frozen"
    assert watch.fault(noisy(100)) is None


def test_one_changed_pixel_anywhere_is_life() -> None:
    watch = PictureWatch()
    picture = noisy(100)
    watch.fault(picture)
    changed = picture.copy()
    changed[333, 333, 1] ^= 1
    assert watch.fault(changed) is None


def test_another_size_is_another_picture() -> None:
    watch = PictureWatch()
    assert watch.fault(np.full((480, 640, 3), 90, np.uint8)) is None
    assert watch.fault(np.full((240, 320, 3), 90, np.uint8)) is None


@pytest.mark.parametrize("mean", [0.0, 2.0, 5.0])
def test_a_capped_lens_is_black_with_or_without_noise(mean: float) -> None:
    assert PictureWatch().fault(noisy(mean, deviation=1.5)) == "black"
    assert PictureWatch().fault(np.full((480, 640, 3), mean, np.uint8)) == "black"


def test_black_is_told_before_frozen() -> None:
    watch = PictureWatch()
    watch.fault(np.zeros((48, 64, 3), np.uint8))
    assert watch.fault(np.zeros((48, 64, 3), np.uint8)) == "black"


def test_a_face_lit_by_the_dashboard_is_not_black() -> None:
    night = noisy(3, deviation=1.0)
    night[160:320, 240:400] = noisy(20, deviation=3.0, size=(160, 160))
    assert not is_black(night)


def test_a_bright_blank_wall_is_not_black() -> None:
    assert not is_black(np.full((480, 640, 3), 200, np.uint8))


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 2000, 3)])
def test_odd_sizes_are_judged_too(shape: tuple[int, int, int]) -> None:
    watch = PictureWatch()
    assert watch.fault(np.full(shape, 90, np.uint8)) is None
    assert watch.fault(np.full(shape, 90, np.uint8)) == "frozen"


def test_it_costs_little_of_a_frame() -> None:
    watch = PictureWatch()
    pictures = [noisy(100) for _ in range(4)]
    costs_s = []
    for turn in range(60):
        start = time.perf_counter()
        watch.fault(pictures[turn % 4])
        costs_s.append(time.perf_counter() - start)
    assert float(np.median(costs_s)) < 0.0003


@pytest.mark.shared
def test_no_picture_of_the_dim_recording_is_taken_for_black() -> None:
    clip = Path(__file__).parents[3] / "shared" / "data" / "clips" / "long-closure-dim.mp4"
    if not clip.exists():
        pytest.skip("the clips of the development data are not here")
    from wakeful.sensors.request import CaptureRequest
    from wakeful.sensors.source import EndOfSource
    from wakeful.sensors.video_file import open_video

    source = open_video(clip, realtime=False, request=CaptureRequest())
    with pytest.raises(EndOfSource):
        while True:
            assert not is_black(source.read_latest(0.0).image)
