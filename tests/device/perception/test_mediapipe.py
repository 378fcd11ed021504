"""Google's FaceLandmarker as a landmark reader: the same face as ``v2``, whatever order frames come in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np
import pytest

from wakeful import ConfigError
from wakeful.device.perception.landmarks import which_reader
from wakeful.device.perception.network import Network, load
from wakeful.device.perception.pipeline import Perception
from wakeful.models import registry
from wakeful.models.registry import ModelCorrupt, ModelMissing
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame

FRAME_NS = 33_000_000

needs_package = pytest.mark.skipif(find_spec("mediapipe") is None, reason="the package mediapipe is not installed")


@pytest.fixture
def perception() -> Iterator[Perception]:
    if not registry.available("face_landmarker"):
        pytest.skip(f"no face_landmarker.task: {registry.how_to_get(registry.network('face_landmarker'))}")
    opened = Perception("mediapipe")
    yield opened
    opened.close()


def test_auto_never_chooses_it() -> None:
    assert which_reader("auto") == "wakeful"
    assert which_reader("mediapipe") == "mediapipe"


@pytest.mark.skipif(find_spec("mediapipe") is not None, reason="the package mediapipe is installed")
def test_without_the_package_the_error_names_the_command() -> None:
    with pytest.raises(ConfigError, match=r"pip install 'wakeful\[mediapipe\]'"):
        Perception("mediapipe")


@needs_package
def test_without_the_bundle_the_error_names_the_command(empty_cache: object) -> None:
    with pytest.raises(ModelMissing, match=r"face_landmarker is missing.*wakeful models pull --from FOLDER"):
        registry.path("face_landmarker")


@needs_package
class TestReader:
    def test_it_reads_the_face_that_v2_reads(self, perception: Perception, v2: str) -> None:
        other = Perception("v2")
        poses = [DriverPose(), DriverPose(yaw_deg=15.0), DriverPose(eye_left=0.0, eye_right=0.0)]
        for number, pose in enumerate(poses):
            for seq in range(12 * number, 12 * number + 12):
                frame = Frame(render(pose), seq * FRAME_NS, seq)
                seen, expected = perception.look(frame), other.look(frame)
            assert seen.landmarks is not None and expected.landmarks is not None
            width = np.ptp(expected.landmarks.points[:, 0])
            off = np.abs(seen.landmarks.points[:, :2] - expected.landmarks.points[:, :2]).mean()
            assert off < 0.02 * width
            a, b = seen.observation, expected.observation
            assert a.yaw_deg == pytest.approx(b.yaw_deg, abs=3.0)
            assert a.eye_aspect_left == pytest.approx(b.eye_aspect_left, abs=0.06)

    def test_nobody_is_no_face(self, perception: Perception) -> None:
        empty = render(DriverPose(present=False))
        assert not any(perception.observe(Frame(empty, seq * FRAME_NS, seq)).face for seq in range(3))

    def test_times_that_repeat_or_run_backwards_are_accepted(self, perception: Perception) -> None:
        driver = render(DriverPose())
        for seq, t_ns in enumerate([0, FRAME_NS, FRAME_NS, 10 * FRAME_NS, 0, FRAME_NS]):
            assert perception.observe(Frame(driver, t_ns, seq)).face

    def test_a_face_that_left_is_found_again(self, perception: Perception) -> None:
        driver, empty = render(DriverPose()), render(DriverPose(present=False))
        faces = [
            perception.observe(Frame(picture, seq * FRAME_NS, seq)).face
            for seq, picture in enumerate([driver, driver, empty, empty, driver, driver])
        ]
        assert faces == [True, True, False, False, True, True]


@pytest.fixture
def sight() -> Network:
    """A network that was loaded before the cache was emptied."""
    return load("eye_visibility")


@needs_package
@pytest.mark.parametrize("content", [b"PK\x03\x04 cut off", b""])
def test_a_broken_bundle_is_an_error_of_one_line(sight: Network, empty_cache: object, content: bytes) -> None:
    file = registry.location(registry.network("face_landmarker"))
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    with pytest.raises(ModelCorrupt, match="wrong sha256") as caught:
        Perception("mediapipe", load=lambda name, threads=1: sight)
    assert "\n" not in str(caught.value)


@needs_package
def test_wakeful_run_ends_without_a_complaint_of_the_library(perception: Perception) -> None:
    command = [sys.executable, "-m", "wakeful", "run", "--source", "synthetic:attentive", "--pace", "fast"]
    command += ["--duration", "1", "--landmarks", "mediapipe", "--plain"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
