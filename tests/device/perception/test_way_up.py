"""A face that is found both ways up is followed the right one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.light_rig.effects import Shot
from tools.light_rig.mounts import stretch
from wakeful.device.perception.pipeline import Perception
from wakeful.device.perception.way_up import LOOKS, WayUp
from wakeful.sensors.camera import open_source
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import EndOfSource

FACE = (0.508, 0.556, 0.288)
"""Where his is, as ``Shot.face``."""


def decided(*scores: tuple[float | None, float | None], found: float = 0.8, opposite: float | None = 0.7) -> int | None:
    """After how many looks the other way was taken."""
    way = WayUp()
    way.begin(found, opposite)
    for number, (followed, other) in enumerate(scores, 1):
        if not way.is_open:
            return None
        if way.is_other(followed, other):
            return number
    return None


def test_the_way_that_is_surer_in_most_frames_is_taken() -> None:
    assert decided(*[(0.81, 0.74), (0.60, 0.80), (0.74, 0.76), (0.59, 0.76), (0.62, 0.70)]) == 4


def test_one_frame_decides_nothing() -> None:
    assert decided((0.60, 0.85), *[(0.75, 0.66)] * 10) is None


def test_a_way_in_which_nothing_is_found_counts_as_barely_found() -> None:
    assert decided(*[(None, 0.9)]) == 1
    assert decided(*[(0.9, None)] * LOOKS) is None
    assert decided(*[(None, None)] * LOOKS) is None


def test_it_is_open_for_a_second_for_a_doubtful_face_that_was_found_both_ways_up() -> None:
    assert decided(*[(0.70, 0.70)] * LOOKS, (0.5, 0.99)) is None
    assert decided((0.5, 0.99), opposite=None) is None
    assert decided((0.5, 0.99), found=0.9) is None


@pytest.mark.shared
@pytest.mark.parametrize(("turned", "rotate_deg"), [(False, 0), (True, 180)])
def test_a_man_in_a_mask_is_read_the_right_way_up_after_a_second_or_two(
    clips: Path, turned: bool, rotate_deg: int
) -> None:
    # A camera that squeezes the picture makes the first frame one in which the wrong way is surer.
    perception, source = Perception(), open_source(str(clips / "mask-glasses-man-box.mp4"), pace="fast")
    ways: list[int] = []
    while len(ways) < 60:
        try:
            frame = source.read_latest(1.0)
        except EndOfSource:
            break
        wide = stretch(frame.image, Shot(frame.seq, 0.0, FACE), 1.33)
        image = np.ascontiguousarray(wide[::-1, ::-1] if turned else wide)
        seen = perception.observe(Frame(np.asarray(image, np.uint8), frame.t_ns, frame.seq))
        if seen.face:
            ways.append(seen.rotate_deg)
    source.close()
    assert set(ways[LOOKS:]) == {rotate_deg}
