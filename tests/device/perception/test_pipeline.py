"""Perception end to end: real networks on rendered drivers. What each pose reads as is told in tests/sensors."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.rigs.networks import Breakable, kept
from wakeful.device.messages import Observation
from wakeful.device.perception.landmarks import FaceLandmarks
from wakeful.device.perception.pipeline import Perception, face_brightness, mouth_aspect
from wakeful.sensors.driver_face import HEIGHT_PX, WIDTH_PX, DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

Picture = NDArray[np.uint8]
FRAME_NS = 33_000_000


def frame(picture: Picture, seq: int = 0) -> Frame:
    return Frame(picture, seq * FRAME_NS, seq)


def side_by_side(left: Picture | None, right: Picture | None) -> Picture:
    """A wide picture of two seats; None is an empty one."""
    empty = render(DriverPose(present=False))
    return np.hstack([empty if seat is None else seat for seat in (left, right)])


def watched_x(perception: Perception, picture: Picture, seq: int) -> float | None:
    """Where the watched face is across the picture, px; None without one."""
    sighting = perception.look(frame(picture, seq))
    return None if sighting.landmarks is None else float(sighting.landmarks.points[:, 0].mean())


class TestOneFrame:
    def test_a_driver_is_seen_and_measured(self, landmarks: str) -> None:
        seen = Perception(landmarks, load=kept).observe(Frame(render(DriverPose()), 123_456, 7))
        assert (seen.t_ns, seen.seq, seen.face) == (123_456, 7, True)
        assert seen.presence > 0.9
        assert seen.face_px is not None and 120 < seen.face_px < 260
        assert seen.brightness is not None and 100 < seen.brightness < 220
        lids = seen.lid_drop if seen.lid_states is None else seen.lid_states[0]
        eyes_and_mouth = (seen.eye_aspect_left, seen.eye_aspect_right, lids, seen.mouth_aspect)
        angles = (seen.yaw_deg, seen.pitch_deg, seen.roll_deg, seen.gaze_yaw_deg, seen.gaze_pitch_deg)
        assert all(value is not None and np.isfinite(value) for value in eyes_and_mouth + angles)
        assert seen.unreadable is None

    def test_the_iris_and_the_way_to_the_camera_are_measured(self, landmarks: str) -> None:
        perception = Perception(landmarks, focal_px=700.0, load=kept)
        near, far = (
            perception.observe(frame(render(DriverPose(distance=distance)), seq))
            for seq, distance in enumerate((1.0, 1.3))
        )
        assert near.iris_px is not None and far.iris_px is not None
        assert near.iris_px / far.iris_px == pytest.approx(1.3, rel=0.12)
        assert near.focal_px == 700.0
        assert near.bearing_yaw_deg is not None and abs(near.bearing_yaw_deg) < 5.0

    def test_it_names_its_reader(self, landmarks: str) -> None:
        perception = Perception(landmarks, load=kept)
        assert perception.reader == perception.traits.name == landmarks

    def test_without_a_face_everything_is_unknown(self, landmarks: str) -> None:
        nobody = Perception(landmarks, load=kept).observe(Frame(render(DriverPose(present=False)), 123_456, 7))
        assert nobody == Observation(t_ns=123_456, seq=7, face=False)

    def test_the_picture_is_left_as_it_was(self, landmarks: str) -> None:
        picture = render(DriverPose())
        before = picture.copy()
        Perception(landmarks, load=kept).observe(frame(picture))
        assert np.array_equal(picture, before)


class TestFollowing:
    def test_a_face_once_found_is_followed_without_the_detector(self, landmarks: str) -> None:
        networks = Breakable(kept)
        perception = Perception(landmarks, load=networks)
        for seq in range(12):
            head = DriverPose(yaw_deg=2.0 * seq, roll_deg=float(seq), distance=1.0 + seq / 40)
            assert perception.observe(frame(render(head, seed=seq), seq)).face
        assert networks.runs["face_detection_short_range"] == 2, "the first frame, either way up"

    def test_a_face_that_comes_back_elsewhere_is_found_again(self, landmarks: str) -> None:
        perception = Perception(landmarks, load=kept)
        driver = render(DriverPose())
        assert watched_x(perception, side_by_side(driver, None), 0) == pytest.approx(WIDTH_PX / 2, abs=30)
        for seq in range(1, 40):
            assert watched_x(perception, side_by_side(None, None), seq) is None
        assert watched_x(perception, side_by_side(None, driver), 40) == pytest.approx(WIDTH_PX * 1.5, abs=30)

    def test_a_second_face_does_not_steal_the_first_one_s_place(self, landmarks: str) -> None:
        perception = Perception(landmarks, load=kept)
        first, larger = render(DriverPose()), render(DriverPose(distance=0.75))
        assert watched_x(perception, side_by_side(first, None), 0) == pytest.approx(WIDTH_PX / 2, abs=30)
        for seq in range(1, 6):
            assert watched_x(perception, side_by_side(first, larger), seq) == pytest.approx(WIDTH_PX / 2, abs=30)

    def test_nor_while_the_first_one_is_hidden_for_a_moment(self, landmarks: str) -> None:
        perception = Perception(landmarks, load=kept)
        first, larger = render(DriverPose()), render(DriverPose(distance=0.75))
        watched_x(perception, side_by_side(first, None), 0)
        for seq in range(1, 6):
            assert watched_x(perception, side_by_side(None, larger), seq) is None
        assert watched_x(perception, side_by_side(first, larger), 6) == pytest.approx(WIDTH_PX / 2, abs=30)

    def test_it_takes_over_when_the_first_one_has_gone(self, landmarks: str) -> None:
        perception = Perception(landmarks, load=kept)
        first, larger = render(DriverPose()), render(DriverPose(distance=0.75))
        watched_x(perception, side_by_side(first, None), 0)
        seen = [watched_x(perception, side_by_side(None, larger), seq) for seq in range(1, 40)]
        assert seen[-1] == pytest.approx(WIDTH_PX * 1.5, abs=40)


class TestOddPictures:
    @pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 4000), (31, 640), (6000, 8000)])
    @pytest.mark.parametrize("level", [0, 255])
    def test_an_empty_one_of_any_size_holds_no_face(self, landmarks: str, height: int, width: int, level: int) -> None:
        perception = Perception(landmarks, load=kept)
        assert not perception.observe(frame(np.full((height, width, 3), level, np.uint8))).face
        assert perception.network_faults == 0

    def test_noise_holds_no_face(self, landmarks: str) -> None:
        noise = np.random.default_rng(1).integers(0, 256, (HEIGHT_PX, WIDTH_PX, 3), np.uint8)
        assert not Perception(landmarks, load=kept).observe(frame(noise)).face

    def test_a_driver_fills_a_very_large_one_as_well(self, landmarks: str) -> None:
        perception = Perception(landmarks, load=kept)
        large = cv2.resize(render(DriverPose()), (8000, 6000)).astype(np.uint8)
        for seq in range(2):
            seen = perception.observe(frame(large, seq))
        assert seen.face and seen.eye_aspect_left is not None and seen.eye_aspect_left > 0.2

    def test_a_face_half_out_of_the_picture_is_no_error(self, landmarks: str) -> None:
        perception = Perception(landmarks, load=kept)
        driver = render(DriverPose())
        for seq, cut in enumerate(range(0, WIDTH_PX // 2, 20)):
            perception.observe(frame(np.ascontiguousarray(driver[:, cut:]), seq))
        assert perception.network_faults == 0


class TestFacesOfLittlePresence:
    """A driver bowed and turned, behind glasses, whom the project's own face network is least sure of."""

    HARD = DriverPose(eyewear="glasses", yaw_deg=-20.0, pitch_deg=-20.0)
    ASLEEP = DriverPose(eyewear="glasses", yaw_deg=-20.0, pitch_deg=-20.0, eye_left=0.0, eye_right=0.0, brightness=1.4)

    def test_they_are_found_within_half_a_second(self) -> None:
        perception = Perception("wakeful", load=kept)
        seen = [perception.observe(frame(render(self.HARD, seed=seq), seq)).face for seq in range(15)]
        assert all(seen[-3:])

    def test_they_stay_found_when_the_eyes_close(self) -> None:
        perception = Perception("wakeful", load=kept)
        for seq in range(15):
            perception.observe(frame(render(self.HARD, seed=seq), seq))
        seen = [perception.observe(frame(render(self.ASLEEP, seed=seq), seq)).face for seq in range(15, 60)]
        assert all(seen)


class TestCamerasThatAreTurned:
    @pytest.mark.parametrize("quarters", [1, 2, 3])
    def test_a_face_in_any_rotation_is_found_within_three_frames_and_measured_upright(
        self, landmarks: str, quarters: int
    ) -> None:
        pose = DriverPose(yaw_deg=12.0, pitch_deg=-8.0, roll_deg=6.0, distance=1.1)
        perception = Perception(landmarks, load=kept)
        upright = perception.observe(frame(render(pose)))
        perception = Perception(landmarks, load=kept)
        picture = np.ascontiguousarray(np.rot90(render(pose), quarters))
        seen = [perception.observe(frame(picture, seq)) for seq in range(6)]
        assert [one.face for one in seen[2:]] == [True] * 4
        # NumPy turns anticlockwise, so the same turns clockwise bring the picture back.
        assert seen[-1].rotate_deg == 90 * quarters
        for name in ("yaw_deg", "pitch_deg", "roll_deg", "gaze_yaw_deg", "gaze_pitch_deg", "bearing_yaw_deg"):
            assert getattr(seen[-1], name) == pytest.approx(getattr(upright, name), abs=4.0), name
        for name in ("eye_aspect_left", "eye_aspect_right", "face_px", "iris_px"):
            assert getattr(seen[-1], name) == pytest.approx(getattr(upright, name), rel=0.15), name

    def test_an_upright_face_is_found_after_one_that_was_turned(self, landmarks: str) -> None:
        perception = Perception(landmarks, load=kept)
        turned = np.ascontiguousarray(np.rot90(render(DriverPose()), 2))
        for seq in range(4):
            perception.observe(frame(turned, seq))
        nobody = render(DriverPose(present=False))
        for seq in range(4, 60):
            perception.observe(frame(nobody, seq))
        seen = [perception.observe(frame(render(DriverPose()), seq)).face for seq in range(60, 64)]
        assert any(seen[:3]) and seen[3]


class TestBrokenNetworks:
    @pytest.fixture
    def networks(self) -> Breakable:
        networks = Breakable(kept)
        networks.broken = ("face", "face_landmark", "face_landmarks_detector")
        return networks

    def test_nan_is_no_face_and_counted(self, landmarks: str, networks: Breakable) -> None:
        perception = Perception(landmarks, load=networks)
        for seq in range(3):
            assert not perception.observe(frame(render(DriverPose()), seq)).face
        assert perception.network_faults == 3

    def test_it_is_told_once(self, landmarks: str, networks: Breakable, caplog: pytest.LogCaptureFixture) -> None:
        perception = Perception(landmarks, load=networks)
        with caplog.at_level(logging.WARNING, logger="wakeful.perception"):
            for seq in range(3):
                perception.observe(frame(render(DriverPose()), seq))
        assert [record.getMessage().count("NaN") for record in caplog.records] == [1]

    def test_once_they_answer_again_the_face_is_back(self, landmarks: str, networks: Breakable) -> None:
        perception = Perception(landmarks, load=networks)
        assert not perception.observe(frame(render(DriverPose()), 0)).face
        networks.broken = ()
        assert perception.observe(frame(render(DriverPose()), 1)).face


class TestMeasures:
    @pytest.fixture
    def face(self) -> FaceLandmarks:
        sighting = Perception("mesh+iris", load=kept).look(frame(render(DriverPose())))
        assert sighting.landmarks is not None
        return sighting.landmarks

    def test_the_mouth_has_an_aspect_whatever_the_size_of_the_face(self, face: FaceLandmarks) -> None:
        assert mouth_aspect(face.points * np.float32(3.0)) == pytest.approx(mouth_aspect(face.points), rel=1e-4)

    def test_lips_in_one_point_are_no_error(self) -> None:
        assert mouth_aspect(np.zeros((468, 3), np.float32)) == 0.0

    def test_brightness_is_of_the_face_alone(self, face: FaceLandmarks) -> None:
        x0, y0 = face.points[:, :2].min(axis=0).astype(int)
        x1, y1 = face.points[:, :2].max(axis=0).astype(int) + 1
        picture = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
        picture[y0:y1, x0:x1] = 80
        assert face_brightness(picture, face.points) == pytest.approx(80.0, abs=2.0)

    def test_a_face_outside_the_picture_has_no_brightness(self, face: FaceLandmarks) -> None:
        assert face_brightness(np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8), face.points + np.float32(5000)) is None


def test_whoever_is_watched_stays_so_when_pictures_change_their_size() -> None:
    perception = Perception()
    picture = render(DriverPose())
    small = np.ascontiguousarray(picture[::2, ::2])
    for i in range(60):
        seen = perception.observe(Frame(picture if (i // 20) % 2 == 0 else small, i * 33_000_000, i))
    assert seen.face
    assert (seen.person, seen.unsure) == (1, False)
