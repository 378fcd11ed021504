"""The grid of the functional matrix, how cells are chosen, and what is expected of them."""

from __future__ import annotations

import itertools

import pytest

from wakeful import ConfigError
from wakeful.device.scenarios.matrix import (
    CLOSURE_CODES,
    OTHER_RATES,
    ROTATED,
    UPRIGHT,
    Cell,
    Head,
    matrix,
    sample,
    select,
)


def named(cell_id: str) -> Cell:
    (cell,) = select(matrix(), cell_id)
    return cell


def test_every_light_eyewear_head_and_behaviour_meets_every_other() -> None:
    lights = ("bright", "normal", "dim", "dark", "glare")
    yaws = ("yaw-40", "yaw-20", "yaw0", "yaw+20", "yaw+40")
    behaviours = ("attentive", "blinking", "yawning", "microsleep", "sleep", "lap", "aside")
    eyewear, pitches = ("none", "glasses", "sunglasses"), ("pitch0", "pitch-20")
    ids = [cell.id for cell in matrix() if cell.camera == UPRIGHT and not cell.behaviour.level_only]
    assert set(ids) == {"/".join(words) for words in itertools.product(lights, eyewear, yaws, pitches, behaviours)}
    assert len(ids) == len(set(ids)) == 1050


def test_looks_down_and_squints_meet_every_head_that_is_seen_level_and_well() -> None:
    cells = [cell for cell in matrix() if cell.behaviour.level_only and cell.camera == UPRIGHT]
    axes = (("bright", "normal", "dim", "glare"), ("none", "glasses"), ("yaw-20", "yaw0", "yaw+20"), ("pitch0",))
    ids = {"/".join(words) for words in itertools.product(*axes, ("down15", "down25", "down35", "squint"))}
    assert {cell.id for cell in cells} == ids
    assert len(cells) == len(ids) == 96
    for cell in cells:
        assert not cell.expected.tolerated & CLOSURE_CODES
        assert cell.expected.sight == "visible"


def test_every_behaviour_meets_other_frame_rates_and_low_ones_must_be_reported() -> None:
    cells = [cell for cell in matrix() if cell.camera in OTHER_RATES]
    assert {(cell.light.name, cell.head) for cell in cells} == {("normal", Head(0, 0))}
    assert {cell.camera.fps for cell in cells} == {1.0, 2.0, 5.0, 10.0, 30.0}
    assert len(cells) == 5 * 2 * 11
    assert all(cell.expected.slow == (cell.camera.fps < 8.0) for cell in cells)
    sleep = named("normal/none/yaw0/pitch0/fps1/sleep").expected
    upright = named("normal/none/yaw0/pitch0/sleep").expected
    for slow, usual in zip(sleep.required, upright.required, strict=True):
        assert slow.by_s == pytest.approx(usual.by_s + 1.0 - 1.0 / 15.0)
    assert named("normal/none/yaw0/pitch0/fps1/microsleep").expected.required == ()


def test_a_camera_turned_either_way_meets_every_behaviour_of_a_driver_who_can_be_seen() -> None:
    turned = [cell for cell in matrix() if cell.camera in ROTATED]
    upright = {cell.id for cell in select(matrix(), "normal") if cell.expected.sight == "visible"}
    ids = {cell.id for cell in turned}
    assert ids == {
        "/".join((*one.split("/")[:4], f"rotated{rotated}", one.split("/")[4]))
        for one in upright
        for rotated in (90, 180, 270)
    }
    assert len(turned) == len(ids) == 252 + 72
    assert all(cell.expected.rotated for cell in turned)


def test_cells_of_one_stage_follow_each_other() -> None:
    stages = [stage for stage, _ in itertools.groupby(matrix(), key=lambda cell: cell.stage)]
    assert len(stages) == len(set(stages)) == 150 + 36 + 10


def test_cells_of_one_scene_follow_each_other() -> None:
    scenes = [scene for scene, _ in itertools.groupby(matrix(), key=lambda cell: cell.scene)]
    assert len(scenes) == len(set(scenes)) == 30


def test_words_of_one_axis_are_alternatives_and_axes_must_all_fit() -> None:
    chosen = {cell.id for cell in select(matrix(), "dim, dark none/yaw0 pitch0 sleep")}
    assert chosen == {"dim/none/yaw0/pitch0/sleep", "dark/none/yaw0/pitch0/sleep"}


def test_no_words_choose_everything() -> None:
    assert select(matrix(), "") == matrix()


def test_words_choose_upright_cameras_unless_one_names_a_rotation() -> None:
    assert [cell.id for cell in select(matrix(), "normal none yaw0 pitch0 sleep")] == ["normal/none/yaw0/pitch0/sleep"]
    turned = select(matrix(), "normal none yaw0 pitch0 rotated90 rotated180 sleep")
    assert [cell.camera.rotated_deg for cell in turned] == [90, 180]
    assert named("normal/none/yaw0/pitch0/rotated90/sleep") == turned[0]


def test_a_word_that_no_cell_has_is_told_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"--only asleep: no cell .* bright, .*sunglasses, .*sleep"):
        select(matrix(), "dim,asleep")


def test_the_sample_touches_every_behaviour_and_every_kind_of_sight() -> None:
    cells = sample()
    assert {cell.behaviour.name for cell in cells} == {cell.behaviour.name for cell in matrix()}
    assert {cell.expected.sight for cell in cells} == {"visible", "blind", "either"}
    assert len(cells) < 20


@pytest.mark.parametrize(
    ("cell_id", "sight"),
    [
        ("normal/none/yaw0/pitch0/sleep", "visible"),
        ("glare/glasses/yaw-20/pitch-20/lap", "visible"),
        ("normal/sunglasses/yaw0/pitch0/sleep", "blind"),
        ("dark/none/yaw0/pitch0/attentive", "either"),
        ("dim/none/yaw+40/pitch0/microsleep", "either"),
        ("dark/none/yaw-40/pitch0/microsleep", "either"),
    ],
)
def test_the_driver_must_be_judged_where_both_eyes_are_seen(cell_id: str, sight: str) -> None:
    assert named(cell_id).expected.sight == sight


def test_where_the_eyes_cannot_be_seen_no_closure_alert_is_tolerated() -> None:
    for cell in matrix():
        if cell.expected.sight == "blind":
            assert not cell.expected.tolerated & CLOSURE_CODES, cell.id


@pytest.mark.parametrize(
    ("behaviour", "required"),
    [
        ("attentive", []),
        ("blinking", []),
        ("yawning", [("yawning", "yawn")]),
        ("microsleep", [("microsleep",)]),
        ("sleep", [("microsleep",), ("sleep",)]),
        ("lap", [("long_distraction",)]),
        ("aside", [("long_distraction",)]),
        ("down15", [("long_distraction",)]),
        ("down25", [("long_distraction",)]),
        ("down35", [("long_distraction",)]),
        ("squint", []),
    ],
)
def test_each_behaviour_has_its_alerts(behaviour: str, required: list[tuple[str, ...]]) -> None:
    expected = named(f"normal/none/yaw0/pitch0/{behaviour}").expected
    assert [one.any_of for one in expected.required] == required
