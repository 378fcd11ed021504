"""Whether a camera hangs well: each wrong place is named with a fix, on the rendered driver and the real reader."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, repeat
from pathlib import Path

import cv2
import numpy as np
import pytest

from tools.rigs.networks import kept
from wakeful.device.cli import status
from wakeful.device.doctor.check import FAIL, OK, WARN, Check
from wakeful.device.doctor.placement import Placement, View, frames, summarise
from wakeful.device.doctor.placement_checks import checks
from wakeful.device.doctor.placement_picture import HEIGHT_PX, WIDTH_PX, drawn
from wakeful.device.perception.pipeline import Perception, Sighting
from wakeful.device.perception.seat import Seat
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import EndOfSource, SourceInfo, StaleFrame

GOOD = View(aside_deg=5.0, above_deg=-15.0, distance_cm=65.0, x=0.5, y=0.45, face_px=160.0)


def looks(pose: DriverPose, count: int = 3, seat: Seat | None = None) -> Iterator[tuple[Frame, Sighting]]:
    perception = Perception("mesh+iris", load=kept, seat=seat)
    image = render(pose)
    for seq in range(count):
        frame = Frame(image, seq * 33_000_000, seq)
        yield frame, perception.look(frame)


def of(view: View | None = GOOD, brightness: float | None = 120.0, eyes_share: float = 1.0) -> Placement:
    share = 1.0 if view else 0.0
    return Placement(view, 100, share, eyes_share, "" if eyes_share == 1.0 else "glare", brightness, 640, 480)


def wrong(placed: Placement) -> dict[str, Check]:
    return {check.name: check for check in checks(placed) if check.result != OK}


def accepted(placed: Placement) -> bool:
    return all(check.result != FAIL for check in checks(placed))


def test_the_driver_in_front_of_the_camera_is_accepted() -> None:
    placed = summarise(looks(DriverPose()))
    assert accepted(placed)
    assert wrong(placed) == {}


@pytest.mark.parametrize(
    ("pose", "name", "told"),
    [
        (DriverPose(distance=2.2), "distance", "far"),
        (DriverPose(distance=0.38), "distance", "near"),
        (DriverPose(pitch_deg=45.0), "height", "low"),
        (DriverPose(pitch_deg=-40.0), "height", "high"),
        (DriverPose(yaw_deg=-45.0), "side", "to the driver's left"),
        (DriverPose(yaw_deg=45.0), "side", "to the driver's right"),
        (DriverPose(brightness=0.2, noise=2.0), "light", "dark"),
        (DriverPose(eyewear="sunglasses"), "eyes", "occluded"),
    ],
)
def test_a_wrong_place_is_named_with_a_mend(pose: DriverPose, name: str, told: str) -> None:
    check = wrong(summarise(looks(pose)))[name]
    assert told in check.found
    assert check.fix


def test_an_empty_seat_is_no_place_for_a_camera() -> None:
    placed = summarise(looks(DriverPose(present=False)))
    assert not accepted(placed)
    assert list(wrong(placed)) == ["face"]


def test_only_the_seat_that_is_set_is_looked_at_and_doubted() -> None:
    placed = summarise(looks(DriverPose(), seat=Seat.of(None, (0.0, 0.0, 0.3, 1.0))))
    assert "check [driver] side and region" in wrong(placed)["face"].fix
    assert wrong(summarise(looks(DriverPose(), seat=Seat.of("right")))) == {}


def test_where_the_camera_is_does_not_depend_on_where_in_the_picture_the_face_is() -> None:
    image = render(DriverPose())
    moved = np.roll(image, (60, -130), axis=(0, 1))
    seen = []
    for picture in (image, moved):
        frame = Frame(picture, 0, 0)
        placed = summarise([(frame, Perception("mesh+iris", load=kept).look(frame))])
        assert placed.view is not None
        seen.append(placed.view)
    # A head that is moved across the picture without being turned sees the camera under another angle.
    assert seen[1].aside_deg - seen[0].aside_deg == pytest.approx(np.degrees(np.arctan2(130, 640)), abs=4.0)
    assert seen[1].above_deg - seen[0].above_deg == pytest.approx(np.degrees(np.arctan2(60, 640)), abs=4.0)


@pytest.mark.parametrize(
    ("change", "name", "result"),
    [
        ({"face_px": 99.0}, "distance", WARN),
        ({"face_px": 79.0}, "distance", FAIL),
        ({"face_px": 250.0}, "distance", WARN),
        ({"face_px": 320.0}, "distance", FAIL),
        ({"above_deg": 16.0}, "height", WARN),
        ({"above_deg": -37.0}, "height", FAIL),
        ({"aside_deg": -21.0}, "side", WARN),
        ({"aside_deg": 31.0}, "side", FAIL),
        ({"x": 0.15}, "framing", WARN),
        ({"y": 0.95}, "framing", FAIL),
    ],
)
def test_each_bound_has_two_steps(change: dict[str, float], name: str, result: str) -> None:
    fields = {key: getattr(GOOD, key) for key in View.__slots__}
    found = wrong(of(View(**fields | change)))
    assert {one: check.result for one, check in found.items()} == {name: result}


def test_light_and_eyes_are_judged_too() -> None:
    assert wrong(of(brightness=50.0))["light"].result == WARN
    assert wrong(of(brightness=30.0))["light"].result == FAIL
    assert "too bright" in wrong(of(brightness=240.0))["light"].found
    assert "mostly glare" in wrong(of(eyes_share=0.5))["eyes"].found


@dataclass
class Camera:
    """A source of ``given`` frames, ``None`` where none comes in time; each reading takes ``step_s``."""

    given: Iterator[Frame | None]
    step_s: float = 0.2
    now_s: float = 0.0
    info: SourceInfo = field(default_factory=lambda: SourceInfo("camera", True, 640, 480, 30.0))
    dropped: int = 0
    lost: str | None = None

    def read_latest(self, max_age_s: float) -> Frame:
        self.now_s += self.step_s
        try:
            frame = next(self.given)
        except StopIteration:
            raise EndOfSource("over") from None
        if frame is None:
            raise StaleFrame("none")
        return frame

    def close(self) -> None: ...


def numbered(count: int) -> list[Frame | None]:
    return [Frame(np.zeros((8, 8, 3), np.uint8), seq * 100_000_000, seq) for seq in range(count)]


def test_it_looks_for_the_time_that_was_asked_for() -> None:
    camera = Camera(iter(numbered(100)))
    assert len(list(frames(camera, 2.0, lambda: camera.now_s))) == 21


def test_a_camera_that_gives_nothing_is_not_waited_for_for_ever() -> None:
    camera = Camera(repeat(None))
    assert list(frames(camera, 2.0, lambda: camera.now_s)) == []
    assert camera.now_s < 6.0
    (check,) = checks(summarise([]))
    assert (check.name, check.result) == ("picture", FAIL)


def test_a_camera_that_falls_silent_ends_the_look() -> None:
    camera = Camera(iter([*numbered(3), *islice(repeat(None), 100)]))
    assert len(list(frames(camera, 60.0, lambda: camera.now_s))) == 3


@pytest.mark.parametrize("placed", [of(), of(None, None), Placement(None, 0, 0, 0, "", None, 0, 0)])
def test_anything_can_be_drawn(placed: Placement) -> None:
    assert drawn(placed).shape == (HEIGHT_PX, WIDTH_PX, 3)


@pytest.mark.parametrize("angle_deg", [-170.0, -90.0, 0.0, 90.0, 170.0])
def test_cameras_at_any_angle_are_drawn_inside_the_panel(angle_deg: float) -> None:
    view = View(angle_deg, angle_deg, 1000.0, 0.5, 0.5, 30.0)
    assert (drawn(of(view))[:, :680] == drawn(of(View(angle_deg, angle_deg, 10.0, 0.5, 0.5, 30.0)))[:, :680]).all()


def test_the_command_checks_draws_and_ends_with_status_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "placement.png"
    command = ["doctor", "--placement", "--source", "synthetic:attentive", "--seconds", "0.5", "--json"]
    assert status([*command, "--out", str(out)]) == 0
    assert {one["name"] for one in json.loads(capsys.readouterr().out)} >= {"distance", "height", "side", "light"}
    picture = cv2.imread(str(out))
    assert picture is not None and picture.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_the_command_ends_with_status_1_where_nobody_is_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((240, 320, 3), 90, np.uint8))
    assert status(["doctor", "--placement", "--source", str(tmp_path)]) == 1
    assert "aim the camera" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told", "expected"),
    [
        (["--source", "/no/such.mp4"], "/no/such.mp4", 3),
        (["--source", "synthetic", "--out", "p.jpg"], "ends in .png", 2),
        (["--source", "synthetic", "--seconds", "0.5", "--out", "/no/folder/p.png"], "cannot write", 2),
        (["--seconds", "0"], "--seconds", 2),
    ],
)
def test_what_cannot_be_done_is_one_line(
    options: list[str], told: str, expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(["doctor", "--placement", *options]) == expected
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1
