"""What the driver of a cell does, as the script has it."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from wakeful.device.scenarios.behaviour import DURATION_S, START_S
from wakeful.device.scenarios.matrix import matrix, select
from wakeful.device.scenarios.script import BLINK_S, SWAY_DEG, frame_times_s, scenario
from wakeful.sensors.driver_face import DriverPose
from wakeful.sensors.scenario import Scenario


def script(cell_id: str) -> Scenario:
    (cell,) = select(matrix(), cell_id)
    return scenario(cell)


def eyes(pose: DriverPose) -> float:
    return min(pose.eye_left, pose.eye_right)


def test_every_behaviour_of_a_stage_begins_with_the_same_poses() -> None:
    scripts = [scenario(cell) for cell in select(matrix(), "dim,glasses,yaw-20,pitch-20")]
    assert len(scripts) == 7
    for t_s in (t_s for t_s in frame_times_s() if t_s < START_S):
        assert len({one.pose_at(t_s) for one in scripts}) == 1


def test_cells_that_differ_in_light_and_eyewear_have_the_same_poses_but_for_these() -> None:
    told = set()
    for cell in select(matrix(), "yaw+20,pitch0,aside"):
        pose = scenario(cell).pose_at(START_S + 2.0)
        told.add(dataclasses.replace(pose, brightness=1.0, noise=0.0, glare=0.0, eyewear="none"))
    assert len(told) == 1


def test_every_script_ends_with_open_eyes_on_the_road() -> None:
    for cell in select(matrix(), "normal,none"):
        pose = scenario(cell).pose_at(DURATION_S - 0.1)
        assert eyes(pose) == 1.0
        assert pose.yaw_deg == pytest.approx(cell.head.yaw_deg, abs=SWAY_DEG)
        assert pose.pitch_deg == pytest.approx(cell.head.pitch_deg, abs=SWAY_DEG)


@pytest.mark.parametrize(("behaviour", "shut_s"), [("microsleep", 1.6), ("sleep", 4.0)])
def test_the_eyes_are_shut_for_as_long_as_said(behaviour: str, shut_s: float) -> None:
    one = script(f"normal/none/yaw0/pitch0/{behaviour}")
    shut = [t_s for t_s in (START_S + i / 100 for i in range(500)) if eyes(one.pose_at(t_s)) == 0.0]
    assert shut[-1] - shut[0] == pytest.approx(shut_s, abs=0.02)


def test_blinking_much_is_45_blinks_a_minute() -> None:
    one = script("normal/none/yaw0/pitch0/blinking")
    starts = [blink.start_s for blink in one.blinks if START_S <= blink.start_s < START_S + 7.0]
    assert len(starts) == 6
    assert (len(starts) - 1) / (starts[-1] - starts[0]) * 60 == pytest.approx(45.0, abs=1.0)


@pytest.mark.parametrize(("head", "turned_deg"), [("yaw0", 35.0), ("yaw+20", -15.0), ("yaw-40", -5.0), ("yaw+40", 5.0)])
def test_looking_aside_crosses_the_axis_of_the_camera_so_that_the_face_stays_in_sight(
    head: str, turned_deg: float
) -> None:
    pose = script(f"normal/none/{head}/pitch0/aside").pose_at(START_S + 2.0)
    assert pose.yaw_deg == pytest.approx(turned_deg, abs=SWAY_DEG)


def test_no_blink_falls_into_another() -> None:
    for cell in select(matrix(), "normal,none,yaw0,pitch0"):
        starts = [blink.start_s for blink in scenario(cell).blinks]
        assert min(after - before for before, after in itertools.pairwise(starts)) > BLINK_S


def test_light_and_eyewear_are_those_of_the_cell() -> None:
    pose = script("dark/sunglasses/yaw0/pitch0/attentive").pose_at(3.0)
    assert (pose.eyewear, pose.brightness, pose.noise) == ("sunglasses", 0.08, 4.0)
    assert script("glare/none/yaw0/pitch0/attentive").pose_at(3.0).glare > 0.5
