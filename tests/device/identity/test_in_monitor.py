"""``--driver auto`` through all of the monitor: rendered and real people, right and wrong names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.device.identity.turns import FPS, Picture, Turn, clip, empty, rendered, taken_up, watched
from wakeful.device.config.layers import load_settings
from wakeful.device.driver_store import load_driver, save_driver
from wakeful.device.drivers import Calibration
from wakeful.device.identity.enroll import from_pictures
from wakeful.device.identity.enrolment import Enrolment
from wakeful.device.identity.gallery import Gallery
from wakeful.device.identity.network import load_embedder
from wakeful.device.identity.store import Store
from wakeful.device.messages import Event, Phase
from wakeful.device.moment import Moment
from wakeful.device.record.reader import recordings
from wakeful.device.record.replay import replay
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2

Enroll = Callable[[str, Iterable[Picture]], Store]
LATE_S = 0.2
WITHIN_S = 5.0


@pytest.fixture
def enroll(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Enroll:
    """Enrolls people from pictures, in folders of their own."""
    monkeypatch.setenv("WAKEFUL_IDENTITIES", str(tmp_path / "identities"))
    monkeypatch.setenv("WAKEFUL_DRIVERS", str(tmp_path / "drivers"))
    store = Store(tmp_path / "identities")

    def enroll_one(name: str, pictures: Iterable[Picture]) -> Store:
        folder = tmp_path / name
        folder.mkdir()
        for number, picture in enumerate(pictures):
            cv2.imwrite(str(folder / f"{number}.png"), picture)
        settings, _ = load_settings(None, None, {"perception.expression": False})
        enrolment = Enrolment(load_embedder(), Gallery(), guided=False)
        told: list[str] = []
        from_pictures(folder, settings, enrolment, told.append)
        assert enrolment.taken, told
        store.save(enrolment.template(name, "2026-11-29"))
        return store

    return enroll_one


def of_kind(moments: Iterable[Moment], kind: str) -> list[tuple[float, dict[str, object]]]:
    return [(one.t_s, dict(event.data)) for one in moments for event in one.events if event.kind == kind]


def raised(moments: Iterable[Moment]) -> list[tuple[str, float]]:
    return [
        (alert.code, one.t_s)
        for one in moments
        for alert in one.alerts
        if alert.phase in (Phase.RAISED, Phase.ESCALATED)
    ]


def test_the_rendered_driver_is_recognized_and_taken_up(enroll: Enroll) -> None:
    enroll("anna", [render(DriverPose(), 1)])
    save_driver("anna", Calibration("wakeful", 0.3, 0.3, 0.0, 0.0))
    moments = list(watched(rendered(3.0), driver__name="auto"))
    (at_s, event), *_ = of_kind(moments, "driver")
    assert (event["name"], at_s < 2.0) == ("anna", True)
    assert moments[-1].state.driver == "anna"
    assert moments[-1].state.calibration_pct == 100.0


def test_without_it_nothing_of_it_is_loaded_or_said(enroll: Enroll) -> None:
    enroll("anna", [render(DriverPose(), 1)])
    moments = list(watched(rendered(1.0)))
    assert of_kind(moments, "driver") == []
    assert {one.state.driver for one in moments} == {""}


@pytest.mark.parametrize("publish", ["hash", "none"])
def test_names_leave_the_monitor_only_as_wished(enroll: Enroll, publish: str, tmp_path: Path) -> None:
    enroll("anna", [render(DriverPose(), 1)])
    events, signals = tmp_path / "events", tmp_path / "signals"
    settings = {"driver__name": "auto", "driver__publish": publish}
    files = {"outputs__events": str(events), "outputs__signals": str(signals), "outputs__status": str(tmp_path / "s")}
    moments = list(watched(rendered(2.0), **settings, **files))
    published = {one.state.driver for one in moments} - {""}
    assert "anna" not in events.read_text() + signals.read_text()
    said = [json.loads(line) for line in events.read_text().splitlines()]
    assert [one["name"] for one in said if one["kind"] == "driver"] == list(published)
    assert len(published) == (1 if publish == "hash" else 0)


def test_a_recorded_drive_replays_to_the_same_events(enroll: Enroll, tmp_path: Path) -> None:
    pytest.importorskip("mcap")
    enroll("anna", [render(DriverPose(), 1)])
    save_driver("anna", Calibration("wakeful", 0.3, 0.3, 0.0, 0.0))
    settings = {"driver__name": "auto", "driver__publish": "hash", "record__folder": str(tmp_path / "log")}
    moments = list(watched(rendered(3.0), **settings))
    recording = next(iter(recordings([tmp_path / "log"])))
    replayed = replay(recording)
    assert replayed.now == replayed.then
    names = [one.data["name"] for one in replayed.now if isinstance(one, Event) and one.kind == "driver"]
    assert names == [event["name"] for _, event in of_kind(moments, "driver")]
    assert len(names) == 1
    assert "anna" not in repr([recording.config, *(entry.value for entry in recording.entries())])


# Slow from here: whole drives, in pixels.


def drive_of(opening: float) -> tuple[Picture, ...]:
    """A minute of a driver whose open eyes are so wide: awake, asleep twice, looking aside."""

    def part(seconds: float, **pose: object) -> tuple[Picture, ...]:
        eyes = {"eye_left": opening, "eye_right": opening}
        return rendered(seconds, **(eyes | pose))

    shut = {"eye_left": 0.0, "eye_right": 0.0}
    return (
        *part(12.0),
        *part(2.0, **shut),
        *part(16.0),
        *part(4.0, **shut),
        *part(8.0),
        *part(4.5, yaw_deg=40.0),
        *part(8.0),
        *part(1.5, **shut),
        *part(6.0),
    )


@cache
def aspects() -> tuple[float, float]:
    """What is learned of the rendered driver's eyes, wide and narrow."""
    found = []
    for opening in (1.0, 0.55):
        moments = list(watched(rendered(8.0, eye_left=opening, eye_right=opening)))
        seen = [one.observation.eye_aspect_left for one in moments if one.observation is not None]
        found.append(float(np.quantile([aspect for aspect in seen if aspect is not None], 0.75)))
    return found[0], found[1]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("opening", [1.0, 0.55], ids=["wide", "narrow"])
@pytest.mark.parametrize("road_deg", [0.0, 35.0])
def test_a_wrong_baseline_is_dropped_within_a_minute_and_costs_no_alert(
    enroll: Enroll, opening: float, road_deg: float
) -> None:
    wide, narrow = aspects()
    wrong = narrow if opening == 1.0 else wide
    enroll("anna", [render(DriverPose(eye_left=opening, eye_right=opening), 1)])
    film = drive_of(opening)
    without = raised(watched(film, vehicle__speed_kmh=60.0))
    save_driver("anna", Calibration("wakeful", wrong, wrong, road_deg, 0.0))
    moments = list(watched(film, vehicle__speed_kmh=60.0, driver__name="auto"))
    dropped = [
        (t_s, data["measure"])
        for t_s, data in of_kind(moments, "calibration")
        if data.get("reason") == "driver_mismatch"
    ]
    assert {code for code, _ in without} >= {"microsleep", "sleep", "long_distraction"}
    wrong_measures = {"eyes", "road"} if road_deg else {"eyes"}
    assert "eyes" in {measure for _, measure in dropped} <= wrong_measures
    assert all(t_s < 60.0 for t_s, _ in dropped)
    recalled = raised(moments)
    for code, t_s in without:
        assert any(one == code and at_s <= t_s + LATE_S for one, at_s in recalled), (code, t_s, recalled)
    assert len(recalled) >= len(without)


PEOPLE = {
    "phone": ("long-closures-phone.mp4", 0.0, 3.0),
    "selfie": ("blinks-glasses-selfie.mp4", 0.0, 4.0),
    "webcam": ("many-blinks-webcam.mp4", 0.0, 4.0),
    "talking": ("talking-face-200s.mp4", 0.0, 20.0),
    "glasses": ("no-blink-glasses.mp4", 0.0, 3.0),
    "woman": ("woman-winks.mp4", 0.0, 3.0),
    "car": ("talking-car.avi", 0.0, 4.0),
}
"""Clip, and from when to when looks are enrolled; what follows is driven."""


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.shared
def test_two_people_in_turn_are_both_taken_up_within_five_seconds(enroll: Enroll, clips: Path) -> None:
    names = list(PEOPLE)
    enroll("rendered", [render(DriverPose(yaw_deg=yaw), round(yaw) + 20) for yaw in (-8.0, 0.0, 8.0)])
    for name, (file, start_s, end_s) in PEOPLE.items():
        enroll(name, clip(clips / file, start_s, end_s - start_s)[:: FPS // 2])
    pairs = [(a, b) for number, a in enumerate(names) for b in names[number + 1 :]][:13]
    pairs += [("rendered", name) for name in names]
    seats = empty(2.0)
    late = []
    for first, second in pairs:
        turns = [Turn(first, _turn(first, clips)), Turn("", seats), Turn(second, _turn(second, clips))]
        film = [picture for turn in turns for picture in turn.pictures]
        times = taken_up(watched(film, driver__name="auto"), turns)
        if any(time is None or time > WITHIN_S for time in times):
            late.append((first, second, times))
    assert len(pairs) == 20
    assert late == []
    assert load_driver("phone") is None


def _turn(name: str, clips: Path) -> tuple[Picture, ...]:
    if name == "rendered":
        return rendered(6.0)
    file, _, end_s = PEOPLE[name]
    return clip(clips / file, end_s, 6.0)
