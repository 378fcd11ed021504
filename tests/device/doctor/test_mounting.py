"""The setting that a turned, squeezed or mirrored camera needs is named, and written into a configuration."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.rigs.networks import kept
from wakeful.device.cli import status
from wakeful.device.config.layers import load_settings
from wakeful.device.doctor.check import FAIL, OK
from wakeful.device.doctor.placement import measure
from wakeful.device.doctor.placement_checks import IMAGE, checks
from wakeful.device.perception.pipeline import Perception
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.mounted import corrected
from wakeful.sensors.mounting import Mounting
from wakeful.sensors.opencv import cv2


def camera(folder: Path, image: NDArray[np.uint8], count: int = 4) -> str:
    for number in range(count):
        cv2.imwrite(str(folder / f"{number}.png"), image)
    return str(folder)


def squeezed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(image[::2])


def image_check(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    found: dict[str, str] = next(one for one in json.loads(capsys.readouterr().out) if one["name"] == IMAGE)
    return found


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_the_rotation_is_named_and_all_else_is_as_if_it_was_set(rotate: int, tmp_path: Path) -> None:
    pose = DriverPose(yaw_deg=10.0, pitch_deg=6.0)
    upright = render(pose)
    source = camera(tmp_path, corrected(upright, Mounting(rotate=-rotate % 360)))
    placed = measure(source, Perception(load=kept))
    assert placed.wanted == ({"rotate": rotate} if rotate else {})
    assert placed.view is not None and placed.frame is not None
    assert placed.frame.image.shape == upright.shape
    assert placed.view.aside_deg == pytest.approx(-10.0, abs=4.0)
    assert placed.view.above_deg == pytest.approx(-6.0, abs=6.0)
    # A folder's first frames are those in which the other rotations are tried.
    others = [one for one in checks(placed) if one.name not in ("face", IMAGE)]
    assert {one.result for one in others} == {OK}


def test_a_wrong_setting_is_put_right_and_not_added_to(tmp_path: Path) -> None:
    source = camera(tmp_path, corrected(render(DriverPose()), Mounting(rotate=90)))
    for wrong in (Mounting(rotate=180), Mounting(rotate=180, mirror=True)):
        placed = measure(source, Perception(load=kept), mounting=wrong)
        assert placed.wanted == {"rotate": 270}


def test_a_squeezed_image_is_named_with_its_shape_whichever_way_it_lies(tmp_path: Path) -> None:
    field = squeezed(render(DriverPose()))
    for turned in (0, 90):
        folder = tmp_path / str(turned)
        folder.mkdir()
        placed = measure(camera(folder, field, 8), Perception(load=kept), mounting=Mounting(rotate=turned))
        assert placed.wanted == ({"rotate": 0} if turned else {}) | {"aspect": "4:3"}
    right = measure(str(tmp_path / "0"), Perception(load=kept), mounting=Mounting(aspect=4 / 3))
    assert right.wanted == {}


@pytest.mark.parametrize("turned", [0, 90])
def test_a_cut_changes_neither_distance_nor_directions(turned: int, tmp_path: Path) -> None:
    """It takes pixels away, and moves what is left; the lens is the same."""
    source = camera(tmp_path, corrected(render(DriverPose(yaw_deg=10.0)), Mounting(rotate=turned)), 8)
    cut = (0.1, 0.0, 0.7, 1.0) if turned else (0.0, 0.1, 0.9, 0.7)
    whole, part = (measure(source, Perception(load=kept), mounting=Mounting(crop=crop)).view for crop in (None, cut))
    assert whole is not None and part is not None
    assert part.distance_cm == pytest.approx(whole.distance_cm, rel=0.03)
    assert (part.aside_deg, part.above_deg) == pytest.approx((whole.aside_deg, whole.above_deg), abs=2.0)
    assert part.face_px == pytest.approx(whole.face_px, rel=0.03)


def test_the_command_writes_what_is_right_and_is_content_afterwards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pictures").mkdir()
    source = camera(tmp_path / "pictures", corrected(render(DriverPose()), Mounting(rotate=180)), 40)
    board = tmp_path / "board.toml"
    command = ["doctor", "--placement", "--json", "--source", source, "--config", str(board)]
    assert status([*command, "--fix", "--mirror"]) == 0
    assert "now says [source] mirror = true, rotate = 180" in image_check(capsys)["found"]
    settings, _ = load_settings(board)
    assert settings.source.mounting == Mounting(rotate=180, mirror=True)
    assert status(command) == 0
    assert image_check(capsys)["found"] == "the head is upright, its proportions are right"


def test_without_fix_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pictures").mkdir()
    source = camera(tmp_path / "pictures", corrected(render(DriverPose()), Mounting(rotate=90)))
    board = tmp_path / "board.toml"
    board.write_text(f'[source]\nsource = "{source}"\n')
    assert status(["doctor", "--placement", "--json", "--config", str(board)]) == 1
    check = image_check(capsys)
    assert (check["result"], check["fix"]) == (FAIL, "set [source] rotate = 270; --config FILE --fix does that")
    assert "rotate" not in board.read_text()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--fix"], "add --placement"),
        (["--placement", "--fix"], "add --config FILE"),
        (["--placement", "--rotate", "45"], "it should be 0, 90, 180 or 270"),
        (["--placement", "--crop", "0,0,640,480"], "as shares of the picture from 0 to 1"),
        (["--placement", "--config", "/no/such.toml"], "there is no such file"),
    ],
)
def test_what_cannot_be_done_is_one_line(options: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["doctor", *options]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


@pytest.mark.shared
@pytest.mark.parametrize(
    ("clip", "aspect"),
    [("head-turns-hand.mp4", "4:3"), ("long-closures-phone.mp4", "9:16"), ("talking-car.avi", "4:3")],
)
def test_real_people_in_half_their_lines_are_named_and_nobody_else(
    clips: Path, clip: str, aspect: str, tmp_path: Path
) -> None:
    capture = cv2.VideoCapture(str(clips / clip))
    _, image = capture.read()
    capture.release()
    whole, field = tmp_path / "whole", tmp_path / "field"
    whole.mkdir()
    field.mkdir()
    assert measure(camera(whole, np.asarray(image, np.uint8)), Perception(load=kept)).wanted == {}
    assert measure(camera(field, squeezed(np.asarray(image, np.uint8))), Perception(load=kept)).wanted == {
        "aspect": aspect
    }
