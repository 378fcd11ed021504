"""The rendered driver: what a pose changes in the picture, and that perception reads it as meant."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.rigs.networks import kept
from wakeful.device.messages import Observation
from wakeful.device.perception.head_pose import angles_deg
from wakeful.device.perception.pipeline import Perception
from wakeful.sensors.driver_face import HEIGHT_PX, WIDTH_PX, DriverPose, head_rotation, render
from wakeful.sensors.frame import Frame

LEFT_EYE = np.s_[165:205, 320:390]
RIGHT_EYE = np.s_[165:205, 245:315]
MOUTH = np.s_[230:330, 250:410]


def still(**fields: Any) -> NDArray[np.uint8]:
    """The picture of a pose without noise: what differs between two of them is what was asked for."""
    return render(DriverPose(noise=0.0, **fields))


def changed(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where two pictures differ visibly."""
    different: NDArray[np.bool_] = np.abs(one.astype(int) - other).max(axis=2) > 12
    return different


def dark_red(picture: NDArray[np.uint8]) -> int:
    """How many pixels around the mouth have the colour of its inside."""
    green, red = (picture[MOUTH][..., channel].astype(int) for channel in (1, 2))
    return int(((green < 50) & (red > green + 15)).sum())


def read(landmarks: str, poses: Iterable[DriverPose], looks: int = 2) -> list[Observation]:
    """What perception reads in each pose; it may look several times, to settle its region on the face."""
    perception = Perception(landmarks, load=kept)
    read_poses = []
    for number, pose in enumerate(poses):
        for look in range(looks):
            seq = number * looks + look
            seen = perception.observe(Frame(render(pose, seed=seq), seq * 33_000_000, seq))
        assert seen.face, f"no face is seen in {pose}"
        read_poses.append(seen)
    return read_poses


class TestPicture:
    def test_a_squint_moves_the_lower_lid_and_the_brow_and_lids_that_fall_do_not(self) -> None:
        below, brow = np.s_[192:205, 250:310], np.s_[152:170, 250:310]
        shut, squint = (still(eye_left=0.4, eye_right=0.4, squint=share) for share in (0.0, 1.0))
        assert changed(shut, squint)[brow].sum() > 50 and changed(shut, squint)[below].sum() > 20
        assert not changed(still(), shut)[brow].any()

    def test_it_is_a_camera_picture(self) -> None:
        picture = render(DriverPose())
        assert picture.shape == (HEIGHT_PX, WIDTH_PX, 3)
        assert picture.dtype == np.uint8

    def test_pose_and_seed_decide_every_pixel(self) -> None:
        pose = DriverPose(yaw_deg=12, mouth=0.4, eye_left=0.3, eyewear="glasses", glare=0.2)
        assert np.array_equal(render(pose, seed=5), render(pose, seed=5))
        assert not np.array_equal(render(pose, seed=5), render(pose, seed=6))

    def test_without_noise_the_seed_changes_nothing(self) -> None:
        pose = DriverPose(noise=0.0)
        assert np.array_equal(render(pose, seed=1), render(pose, seed=2))

    def test_noise_has_the_strength_asked_for(self) -> None:
        clean = render(DriverPose(noise=0.0)).astype(float)
        noisy = render(DriverPose(noise=5.0)).astype(float)
        middle = (clean > 40) & (clean < 215)  # not cut off at black or white
        assert np.std((noisy - clean)[middle]) == pytest.approx(5.0, rel=0.05)

    def test_brightness_is_a_gain(self) -> None:
        full, dim = still(), still(brightness=0.25)
        assert dim.mean() == pytest.approx(0.25 * full.mean(), rel=0.03)

    def test_a_returned_picture_belongs_to_the_caller(self) -> None:
        for pose in (DriverPose(noise=0.0), DriverPose(noise=0.0, present=False)):
            first = render(pose)
            expected = first.copy()
            first[:] = 0
            assert np.array_equal(render(pose), expected)

    def test_each_eye_closes_by_itself(self) -> None:
        open_eyes = still()
        left = changed(open_eyes, still(eye_left=0.0))
        right = changed(open_eyes, still(eye_right=0.0))
        assert left[LEFT_EYE].sum() > 200 and left.sum() == left[LEFT_EYE].sum()
        assert right[RIGHT_EYE].sum() > 200 and right.sum() == right[RIGHT_EYE].sum()

    def test_the_mouth_opens_dark(self) -> None:
        closed, yawning = still(), still(mouth=1.0)
        dark_closed, dark_yawning = ((picture[MOUTH].max(axis=2) < 90).sum() for picture in (closed, yawning))
        assert dark_yawning > dark_closed + 1000

    @pytest.mark.parametrize("yaw_deg", [20.0, -20.0])
    def test_one_looks_into_the_mouth_of_a_turned_head_and_not_through_it(self, yaw_deg: float) -> None:
        ahead, turned = (dark_red(still(mouth=1.0, yaw_deg=yaw)) - dark_red(still(yaw_deg=yaw)) for yaw in (0, yaw_deg))
        assert turned > 0.7 * ahead

    def test_only_the_head_turns(self) -> None:
        moved = changed(still(), still(yaw_deg=25))
        assert moved.sum() > 5000
        assert not moved[:, :150].any() and not moved[:, 490:].any()
        assert not moved[400:].any()

    def test_twice_as_far_the_driver_is_half_as_large(self) -> None:
        empty = still(present=False)
        near = changed(still(), empty)[:240].any(axis=0).sum()
        far = changed(still(distance=2.0), empty)[:240].any(axis=0).sum()
        assert far == pytest.approx(near / 2, rel=0.15)

    def test_an_absent_driver_leaves_the_seat(self) -> None:
        assert changed(still(), still(present=False)).mean() > 0.2

    def test_sunglasses_hide_the_eyes_and_glasses_do_not(self) -> None:
        bare = still()[LEFT_EYE].mean()
        assert still(eyewear="sunglasses")[LEFT_EYE].mean() < 0.5 * bare
        assert still(eyewear="glasses")[LEFT_EYE].mean() > 0.7 * bare

    def test_a_raised_hand_hides_both_eyes_and_one_in_the_lap_nothing(self) -> None:
        for eye in (LEFT_EYE, RIGHT_EYE):
            assert changed(still(hand=1.0), still())[eye].mean() > 0.5
            # What lies behind it makes no difference.
            assert not changed(still(hand=1.0), still(hand=1.0, eye_left=0.0, eye_right=0.0))[eye].any()
        assert not changed(still(hand=1e-3), still())[:280].any()

    def test_a_hand_moves_with_the_head(self) -> None:
        straight, turned = (changed(still(hand=1.0, yaw_deg=yaw), still(yaw_deg=yaw)) for yaw in (0.0, 20.0))
        assert abs(straight.sum() - turned.sum()) < 0.3 * straight.sum()
        assert np.flatnonzero(turned.any(axis=0)).max() > np.flatnonzero(straight.any(axis=0)).max()

    def test_glare_comes_from_the_persons_left(self) -> None:
        plain, glaring = still().astype(int), still(glare=0.6)
        difference = glaring - plain
        assert difference[:, 400:].mean() > 30 > difference[:, :240].mean()

    @pytest.mark.parametrize("yaw, pitch, roll", list(itertools.product((-30, 0, 30), (-20, 20), (-20, 0, 20))))
    def test_the_rotation_has_the_angles_of_the_pose(self, yaw: float, pitch: float, roll: float) -> None:
        rotation = head_rotation(DriverPose(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)).astype(float)
        assert angles_deg(rotation) == pytest.approx((yaw, pitch, roll), abs=1e-3)

    @pytest.mark.parametrize("angle", [-89.0, 89.0, 180.0])
    def test_impossible_turns_still_give_a_picture(self, angle: float) -> None:
        for field in ("yaw_deg", "pitch_deg", "roll_deg"):
            assert still(**{field: angle}).shape == (HEIGHT_PX, WIDTH_PX, 3)


class TestReading:
    """With the real networks, each reader in turn."""

    def test_head_pose_is_read_within_five_degrees(self, landmarks: str) -> None:
        turns = [DriverPose(yaw_deg=yaw) for yaw in range(-30, 31, 10)]
        nods = [DriverPose(pitch_deg=pitch) for pitch in range(-20, 21, 10)]
        tilts = [DriverPose(roll_deg=roll) for roll in range(-20, 21, 10)]
        mixed = [
            DriverPose(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)
            for yaw, pitch, roll in ((-25, 15, 10), (-20, -15, -15), (20, 15, -10), (25, -15, 15))
        ]
        poses = turns + nods + tilts + mixed
        errors = np.array(
            [
                (seen.yaw_deg - pose.yaw_deg, seen.pitch_deg - pose.pitch_deg, seen.roll_deg - pose.roll_deg)
                for seen, pose in zip(read(landmarks, poses, looks=3), poses, strict=True)
                if seen.yaw_deg is not None and seen.pitch_deg is not None and seen.roll_deg is not None
            ]
        )
        assert len(errors) == len(poses)
        assert np.abs(errors).mean(axis=0).max() < 5.0

    @pytest.mark.parametrize("moving", ["both", "left", "right"])
    def test_eye_opening_is_read_in_order(self, landmarks: str, moving: str) -> None:
        openings = (1.0, 0.75, 0.5, 0.25, 0.0)
        poses = [
            DriverPose(
                eye_left=1.0 if moving == "right" else opening,
                eye_right=1.0 if moving == "left" else opening,
            )
            for opening in openings
        ]
        seen = read(landmarks, poses)
        if moving != "right":
            assert falls([observation.eye_aspect_left for observation in seen])
        if moving != "left":
            assert falls([observation.eye_aspect_right for observation in seen])

    @pytest.mark.parametrize("brightness", [0.2, 0.3])
    def test_closed_eyes_are_read_closed_in_dim_light(self, landmarks: str, brightness: float) -> None:
        dim = DriverPose(brightness=brightness, noise=3.0)
        opened, closed = read(landmarks, [dim, dataclasses.replace(dim, eye_left=0.0, eye_right=0.0)])
        for side in ("eye_aspect_left", "eye_aspect_right"):
            assert getattr(closed, side) < 0.42 * getattr(opened, side)

    def test_in_a_wink_the_other_eye_reads_wider_open(self, landmarks: str) -> None:
        left_wink, right_wink = read(landmarks, [DriverPose(eye_left=0.0), DriverPose(eye_right=0.0)])
        assert falls([left_wink.eye_aspect_right, left_wink.eye_aspect_left])
        assert falls([right_wink.eye_aspect_left, right_wink.eye_aspect_right])

    def test_the_mouth_is_read_opening_to_a_yawn(self, landmarks: str) -> None:
        steps = [DriverPose(mouth=share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
        aspects = [seen.mouth_aspect for seen in read(landmarks, steps, looks=4)]
        assert falls(list(reversed(aspects)))
        assert aspects[0] is not None and aspects[0] < 0.2
        assert aspects[-1] is not None and aspects[-1] > 0.5

    def test_gaze_is_read_to_the_side_the_eyes_turn(self, landmarks: str) -> None:
        right, ahead, left = read(landmarks, [DriverPose(gaze_yaw_deg=yaw) for yaw in (-20, 0, 20)])
        assert falls([left.gaze_yaw_deg, ahead.gaze_yaw_deg, right.gaze_yaw_deg])

    @pytest.mark.parametrize(
        "pose",
        [
            DriverPose(distance=0.7),
            DriverPose(distance=2.0),
            DriverPose(brightness=0.08, noise=4.0),
            DriverPose(glare=1.0),
            DriverPose(eyewear="glasses"),
            DriverPose(eyewear="sunglasses", yaw_deg=-20),
        ],
        ids=["near", "far", "dark", "glare", "glasses", "sunglasses"],
    )
    def test_a_face_is_found_in_hard_pictures(self, landmarks: str, pose: DriverPose) -> None:
        assert read(landmarks, [pose], looks=1)[0].face

    @pytest.mark.parametrize("eyewear", ["none", "glasses"])
    def test_a_squint_is_read_as_narrowed_and_lids_that_hang_as_low_are_not(self, eyewear: str) -> None:
        hanging = DriverPose(eye_left=0.3, eye_right=0.3, eyewear=eyewear)  # type: ignore[arg-type]
        covered = [one.lid_states for one in read("wakeful", [hanging, dataclasses.replace(hanging, squint=1.0)], 4)]
        assert covered[0] is not None and covered[1] is not None
        assert covered[0][1] + covered[0][3] > 0.6
        assert covered[1][0] + covered[1][2] > 0.5

    def test_nobody_is_seen_in_an_empty_seat(self) -> None:
        assert not Perception("mesh+iris", load=kept).observe(Frame(render(DriverPose(present=False)), 0, 0)).face


AS_GOOD_AS_SHUT = 0.06
"""Aspect of an eye: a fifth of an open one, by which all readers take lids for shut."""


def falls(values: list[float | None]) -> bool:
    """Whether all are known and each is lower than the one before, down to lids that as good as touch."""
    known = [value for value in values if value is not None]
    pairs = itertools.pairwise(known)
    return len(known) == len(values) and all(after < max(before, AS_GOOD_AS_SHUT) for before, after in pairs)
