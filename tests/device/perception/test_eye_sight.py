"""What the answers of the eye visibility network come to over time, and what it says of rendered eyes and hands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.rigs.networks import kept
from wakeful.device.perception.eye_sight import NETWORK, SURE, EyeSight, OcclusionFilter
from wakeful.device.perception.landmarks import NetworkOutputError
from wakeful.device.perception.network import Network
from wakeful.device.perception.pipeline import Perception
from wakeful.device.perception.readability import look_at_eyes
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

LOOK_NS = 100_000_000


def after(
    answers: list[float], occlusion: OcclusionFilter | None = None, look_ns: int = LOOK_NS
) -> list[OcclusionFilter]:
    """The filter after each of ``answers``."""
    occlusion = occlusion or OcclusionFilter()
    found = []
    start_ns = (occlusion.t_ns or 0) + look_ns
    for i, answer in enumerate(answers):
        occlusion = occlusion.updated(start_ns + i * look_ns, answer)
        found.append(occlusion)
    return found


class TestOcclusionFilter:
    def test_an_eye_that_is_seen_is_never_covered(self) -> None:
        assert not any(occlusion.covered for occlusion in after([SURE] * 50))

    def test_a_few_bad_answers_cover_nothing(self) -> None:
        assert not any(occlusion.covered for occlusion in after([SURE] * 5 + [-SURE] * 2 + [SURE] * 5))

    @pytest.mark.parametrize("look_ns", [90_000_000, 130_000_000, 400_000_000])
    def test_an_eye_that_is_not_seen_is_covered_within_a_second_at_any_rate(self, look_ns: int) -> None:
        count = 1_000_000_000 // look_ns + 1
        assert after([-SURE] * count, after([SURE])[-1], look_ns)[-1].covered

    def test_it_is_seen_again_sooner_than_it_was_covered(self) -> None:
        covered = after([SURE] + [-SURE] * 30)[-1]
        back = [occlusion.covered for occlusion in after([SURE] * 10, covered)]
        assert covered.covered and not any(back[6:])

    def test_after_a_pause_nothing_is_held_against_an_eye(self) -> None:
        covered = after([SURE] + [-SURE] * 30)[-1]
        assert covered.t_ns is not None
        assert not covered.updated(covered.t_ns + 5_000_000_000, -SURE).covered

    def test_a_clock_that_jumps_back_starts_again(self) -> None:
        assert not after([SURE] + [-SURE] * 30)[-1].updated(0, -SURE).covered


@pytest.fixture(scope="module")
def sight() -> EyeSight:
    return EyeSight()


class TestNetwork:
    @pytest.mark.parametrize("opening", [1.0, 0.0], ids=["open", "closed"])
    @pytest.mark.parametrize(
        "pose", [{}, {"eyewear": "glasses"}, {"brightness": 0.3, "noise": 3.0}, {"pitch_deg": -25.0}]
    )
    def test_it_sees_eyes(self, sight: EyeSight, landmarks: str, pose: dict[str, float], opening: float) -> None:
        picture = render(DriverPose(eye_left=opening, eye_right=opening, **pose))  # type: ignore[arg-type]
        assert all(answer > 1.0 for answer in answers(sight, landmarks, picture))

    def test_it_sees_no_eye_in_stripes_and_checks(self, sight: EyeSight) -> None:
        lines = np.indices((48, 48)).sum(axis=0) % 8 < 4
        checks = np.indices((48, 48))
        for pattern in (lines, (checks[0] // 6 + checks[1] // 6) % 2 == 0):
            soft = cv2.GaussianBlur((90 + 70 * pattern).astype(np.uint8), (0, 0), 1.0)
            assert sight(soft.astype(np.uint8)) < 0.0

    def test_numbers_that_are_none_are_an_error(self) -> None:
        class Broken:
            input_shape: tuple[int, ...] = (1, 1, 48, 48)

            def __call__(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
                return [np.full((1, 1), np.nan, np.float32)]

        def load(name: str, threads: int = 1) -> Network:
            assert name == NETWORK
            return Broken()

        with pytest.raises(NetworkOutputError):
            EyeSight(load=load)(np.zeros((48, 48), np.uint8))


def answers(sight: EyeSight, landmarks: str, picture: NDArray[np.uint8]) -> list[float]:
    """What is said of both eyes of a picture."""
    perception = Perception(landmarks, load=kept)
    for seq in range(2):
        seen = perception.look(Frame(picture, seq * LOOK_NS, seq))
    assert seen.landmarks is not None and seen.pose is not None
    looks = look_at_eyes(picture, seen.landmarks, seen.pose.yaw_deg, landmarks)
    return [sight(look.patch) for look in looks if look.patch is not None]


@pytest.mark.parametrize(
    ("clip", "first", "last"), [("long-closure-dim.mp4", 135, 270), ("long-closures-phone.mp4", 205, 355)]
)
def test_it_sees_the_closed_eyes_of_real_people(clips: Path, landmarks: str, clip: str, first: int, last: int) -> None:
    video = cv2.VideoCapture(str(clips / clip))
    sight = EyeSight()
    for number in range(last):
        assert video.grab()
        if number >= first and number % 30 == 0:
            picture = video.retrieve()[1].astype(np.uint8)
            assert min(answers(sight, landmarks, picture)) > 1.0
