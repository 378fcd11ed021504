"""The exposure of a camera is lowered while the face is overlit, and given back; who has no say over it is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.compare_events import Line, comparable
from tools.rigs.looped import MICROSLEEPS, looped, rendered, run_looped
from wakeful.device.exposure_control import AWAY_LOOKS, DIM_LOOKS, LEAST, STEP, ExposureControl
from wakeful.device.perception.pipeline import Perception
from wakeful.device.supervision.notes import Notes
from wakeful.sensors.camera import open_source
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import Source, Wrapped

Picture = NDArray[np.uint8]
ROUND_S = 2.4
LOOK_S = 0.34
FACE = render(DriverPose())
EMPTY = render(DriverPose(present=False))


def overlit(picture: Picture, light: float) -> Picture:
    return np.asarray(np.clip(picture * light, 0, 255), np.uint8)


class Lamp(Wrapped):
    """A camera under a lamp that gives this many times the light from one second on to another."""

    def __init__(self, source: Source, light: float, *, adjustable: bool = True) -> None:
        super().__init__(source)
        self._light, self._adjustable = light, adjustable
        self.exposure = 1.0
        self.asked: list[float | None] = []

    def read_latest(self, max_age_s: float) -> Frame:
        frame = self._source.read_latest(max_age_s)
        return Frame(overlit(frame.image, self._light * self.exposure), frame.t_ns, frame.seq)

    def expose(self, factor: float | None) -> bool:
        if self._adjustable:
            self.asked.append(factor)
            self.exposure = 1.0 if factor is None else self.exposure * factor
        return self._adjustable


class Watching:
    """The control over a camera whose pictures are made as they are asked for."""

    def __init__(self, *, adjustable: bool = True) -> None:
        self.notes = Notes()
        self.camera = Lamp(looped([FACE], realtime=False), 1.0, adjustable=adjustable)
        self.control = ExposureControl(self.camera.expose, self.notes)
        self._perception = Perception("wakeful")
        self._t_s = 0.0

    def look(self, picture: Picture, light: float, count: int = 1, pause_s: float = LOOK_S) -> None:
        for _ in range(count):
            self._t_s += pause_s
            frame = Frame(overlit(picture, light * self.camera.exposure), round(self._t_s * 1e9), 0)
            self.control.frame(frame, self._perception.look(frame))


@pytest.mark.parametrize("light", [2.0, 3.0, 5.0])
def test_exposure_falls_until_the_face_is_no_longer_overlit(light: float) -> None:
    watching = Watching()
    watching.look(FACE, 1.0)
    watching.look(FACE, light, 12)
    assert 0.5 < light * watching.camera.exposure < 1.8
    asked = list(watching.camera.asked)
    watching.look(FACE, light, 12)
    assert watching.camera.asked == asked == [STEP] * len(asked)
    assert watching.notes.codes == ("overlit",)


@pytest.mark.parametrize("light", [0.15, 0.5, 1.0, 1.2])
def test_exposure_stays_in_other_light(light: float) -> None:
    watching = Watching()
    watching.look(FACE, light, 3 * DIM_LOOKS)
    assert watching.camera.asked == []
    assert watching.notes.codes == ()


def test_exposure_comes_back_step_by_step_once_the_lamp_is_off() -> None:
    watching = Watching()
    watching.look(FACE, 3.0, 12)
    lowered = len(watching.camera.asked)
    assert lowered >= 2
    watching.look(FACE, 0.5, DIM_LOOKS * (lowered + 1))
    assert watching.camera.asked[-1] is None
    assert watching.camera.exposure == watching.control.share == 1.0
    assert watching.notes.codes == ()


def test_exposure_comes_back_when_nobody_is_there_any_more() -> None:
    watching = Watching()
    watching.look(FACE, 3.0, 12)
    watching.look(EMPTY, 0.5, AWAY_LOOKS + 8)
    assert watching.camera.asked[-1] is None
    assert watching.notes.codes == ()


def test_a_picture_that_is_burnt_out_is_searched_once_with_less_exposure() -> None:
    watching = Watching()
    white = np.full_like(FACE, 200)
    watching.look(white, 4.0, 3)
    assert watching.camera.asked == [STEP] * 3
    watching.look(white, 0.5, AWAY_LOOKS + 1)
    watching.look(white, 4.0, 5)
    assert watching.camera.exposure == 1.0
    watching.look(FACE, 1.0)
    watching.look(white, 4.0)
    assert watching.camera.asked[-2:] == [None, STEP]


def test_a_camera_that_was_opened_again_begins_with_its_own_exposure() -> None:
    watching = Watching()
    watching.look(FACE, 3.0, 12)
    watching.camera.exposure = 1.0
    watching.look(FACE, 3.0, pause_s=3.0)
    watching.look(FACE, 3.0, 11)
    assert 3.0 * watching.camera.exposure < 1.8
    assert watching.control.share == pytest.approx(watching.camera.exposure)


def test_there_is_an_end_to_it() -> None:
    watching = Watching()
    watching.look(FACE, 1.0)
    watching.control._ask = lambda _: True  # a camera that says yes and does nothing
    watching.look(FACE, 3.0, 40)
    assert watching.control.share >= LEAST
    assert "at its end" in watching.notes.changes()[-1].text


def test_who_cannot_lower_it_is_told_at_once() -> None:
    watching = Watching(adjustable=False)
    watching.look(FACE, 1.0)
    watching.look(FACE, 3.0)
    assert "turn the lamp away" in watching.notes.changes()[-1].text
    watching.look(FACE, 1.0)
    assert watching.notes.codes == ()


def test_the_control_gives_the_exposure_back_when_the_run_ends() -> None:
    watching = Watching()
    watching.look(FACE, 3.0, 6)
    watching.control.close()
    assert watching.camera.exposure == 1.0


def drive(folder: Path, source: Source, **settings: object) -> list[Line]:
    out = folder / "events.jsonl"
    overrides = {"outputs.events": str(out), "terminal.live": False}
    overrides |= {name.replace("__", "."): value for name, value in settings.items()}
    assert run_looped(source, overrides) == 0
    return comparable(out.read_text(encoding="utf-8"))


def lamp(light: float, rounds: int) -> Lamp:
    return Lamp(looped(rendered(MICROSLEEPS), realtime=False, duration_s=rounds * ROUND_S), light)


def test_a_sleeper_in_a_lamp_is_warned_once_the_exposure_is_right(tmp_path: Path) -> None:
    source = lamp(4.0, 6)
    lines = drive(tmp_path, source)
    raised = [line["t"] for line in lines if line.get("code") == "microsleep" and line["phase"] == "raised"]
    assert {"overlit"} == {line["note"] for line in lines if "note" in line}
    assert source.asked[:2] == [STEP, STEP] and source.asked[-1] is None
    assert len([t for t in raised if t > 2 * ROUND_S]) == 4


def test_an_exposure_that_the_user_has_set_is_left_alone(tmp_path: Path) -> None:
    source = lamp(2.0, 1)
    lines = drive(tmp_path, source, source__exposure=80)
    assert source.asked == []
    assert "lower [source] exposure" in next(line["text"] for line in lines if line.get("note") == "overlit")


@pytest.mark.shared
def test_a_real_sleeper_at_five_times_the_light_is_warned_in_time_by_a_camera_that_can_be_set(
    clips: Path, tmp_path: Path
) -> None:
    source = Lamp(open_source(str(clips / "long-closures-phone.mp4")), 5.0)
    lines = drive(tmp_path, source, source__duration_s=11.0, vehicle__speed_kmh=60.0)
    raised = [(line["code"], line["t"]) for line in lines if line["kind"] == "alert" and line["phase"] == "raised"]
    assert [code for code, _ in raised] == ["microsleep", "sleep"]
    assert [t_s for _, t_s in raised] == pytest.approx([7.6, 9.6], abs=0.2)
