"""Everybody in view, from the command's setting to every output: beside the watched person, whom it never changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import wakeful
from tests.device.scripted_monitor import ScriptedPerception, ScriptedSource, monitor, seconds
from tools.rigs.heard import Heard
from wakeful.device.messages import DriverState
from wakeful.device.people import Person
from wakeful.device.perception.pipeline import Sighting
from wakeful.device.supervision.notes import Notes
from wakeful.sensors.driver_face import DriverPose
from wakeful.sensors.driver_group import Stand, render_group
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

SOMEBODY = Person(id=2, watched=False, x=0.5, y=0.5, width=0.1, height=0.2)


def without_people(states: list[DriverState]) -> list[DriverState]:
    return [replace(state, people=None, notes=()) for state in states]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of two people, 1 s at 10 fps: the nearer one closes the eyes, the other one looks aside."""
    images = tmp_path_factory.mktemp("two")
    for seq in range(10):
        eyes = 1.0 if seq < 4 else 0.0
        nearer = Stand(-12, 0, 80, DriverPose(eye_left=eyes, eye_right=eyes))
        picture = render_group([nearer, Stand(30, 0, 110, DriverPose(yaw_deg=35))], seq)
        cv2.imwrite(str(images / f"{seq:02}.png"), picture)
    return images


def watched(folder: Path, everyone: int) -> list[wakeful.Moment]:
    settings = {"perception.everyone": everyone}
    with wakeful.watch(folder, profile="robot", settings=settings) as driver:
        return list(driver)


def test_the_library_gives_everybody_and_the_watched_person_as_without(folder: Path) -> None:
    alone, beside = watched(folder, 1), watched(folder, 2)
    assert [moment.observation for moment in beside] == [moment.observation for moment in alone]
    assert without_people([moment.state for moment in beside]) == [moment.state for moment in alone]
    assert [(moment.alerts, moment.events) for moment in beside] == [(one.alerts, one.events) for one in alone]
    assert {moment.state.people for moment in alone} == {None}
    state = beside[-1].state
    assert state.people is not None
    first, other = state.people
    assert (first.id, first.watched, other.id, other.watched) == (1, True, 2, False)
    assert (first.looking, first.distance_m) == (state.looking, state.distance_m)
    assert (first.expression, first.expression_p) == (state.expression, state.expression_p)
    assert first.x < 0.5 < other.x and first.width > other.width and other.looking is False


def test_alerts_are_out_before_the_others_are_read() -> None:
    heard = Heard()
    found: list[int] = []

    def everybody(frame: Frame, seen: Sighting, state: DriverState) -> tuple[Person, ...]:
        found.append(len(heard.alerts))
        return (SOMEBODY,)

    monitor(ScriptedSource(seconds(0.0, 5.0)), heard, ScriptedPerception((2.0, 5.0)), everybody=everybody).run()
    assert heard.states[-1].people == (SOMEBODY,)
    assert found[-1] == len(heard.alerts) > 0


def test_a_fault_with_the_others_costs_the_watched_person_nothing() -> None:
    plain, heard, notes = Heard(), Heard(), Notes()

    def broken(frame: Frame, seen: Sighting, state: DriverState) -> tuple[Person, ...]:
        if frame.seq < 20:
            raise MemoryError("none left")
        return ()

    shut = ScriptedPerception((1.0, 3.0))
    monitor(ScriptedSource(seconds(0.0, 3.0)), plain, shut).run()
    monitor(ScriptedSource(seconds(0.0, 3.0)), heard, shut, notes=notes, everybody=broken).run()
    assert without_people(heard.states) == without_people(plain.states)
    assert heard.alerts == plain.alerts
    assert heard.states[10].people is None and heard.states[10].notes == ("people_failed",)
    assert heard.states[30].people == () and heard.states[30].notes == ()


def test_a_moment_without_a_frame_says_nothing_of_people() -> None:
    heard = Heard()
    script = [*seconds(0.0, 0.5), *[None] * 10]
    monitor(ScriptedSource(script), heard, everybody=lambda frame, seen, state: (SOMEBODY,)).run()
    assert heard.states[0].people == (SOMEBODY,)
    assert heard.states[-1].people is None
