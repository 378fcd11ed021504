"""Sleep that no alert is on its way for is never behind a good health: eyes that are lost, or read now so, now so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.device.state.drives import CAMERAS, Camera, Outcome, Part, any_camera, drive
from tests.device.state.test_scenarios_lids import CLOSED, LOWERED, NARROWED, OPEN
from wakeful.device.messages import Unreadable
from wakeful.device.state.lid_states import States

KMH = 60.0
AWAKE = Part(10.0, lids=OPEN)
ONE_EYE = replace(AWAKE, measures={"eye_aspect_right": None})
COVERED = Part(6.0, None, unreadable=Unreadable.OCCLUDED)
PERHAPS: States = (0.35, 0.4, 0.13, 0.12)
"""Closed eyes behind something, as the network reads them in between: neither open nor shut for certain."""
DUE_S = 3.0


def watched(*parts: Part, camera: Camera = CAMERAS[2], profile: str = "vehicle") -> Outcome:
    return drive(*parts, camera=camera, speed_kmh=KMH, profile=profile)


def degraded(outcome: Outcome) -> list[tuple[float, str]]:
    return [(t_s, health) for t_s, health in outcome.health() if health.startswith("degraded")]


@any_camera
@pytest.mark.parametrize(
    ("before", "closing"),
    [
        (ONE_EYE, Part(0.15, 0.8, lids=OPEN, measures={"eye_aspect_right": None})),
        (AWAKE, Part(0.8, 0.0, lids=CLOSED)),
        (ONE_EYE, Part(0.3, 0.0, lids=CLOSED, measures={"eye_aspect_right": None})),
    ],
    ids=["the only eye that was seen", "while they were shut", "the only eye, shut"],
)
def test_eyes_that_are_lost_while_they_close_are_reported_before_the_sleep_would_be(
    before: Part, closing: Part, camera: Camera
) -> None:
    outcome = watched(before, closing, COVERED, camera=camera)
    assert not outcome.raised("sleep")
    assert outcome.health_at(before.seconds + DUE_S) == "degraded occluded"


@any_camera
def test_a_hand_over_both_open_eyes_has_its_own_time(camera: Camera) -> None:
    told = degraded(watched(AWAKE, COVERED, AWAKE, camera=camera))
    assert [health for _, health in told] == ["degraded occluded"]
    assert told[0][0] == pytest.approx(15.0, abs=0.5)
    assert not degraded(watched(AWAKE, replace(COVERED, seconds=3.0), AWAKE, camera=camera))


@any_camera
@pytest.mark.parametrize(("opened", "told"), [(0.8, False), (0.4, True)])
def test_lids_far_apart_that_are_read_as_lowered_are_seen_open(camera: Camera, opened: float, told: bool) -> None:
    yawn = Part(6.0, opened, lids=(0.32, 0.38, 0.14, 0.16))
    outcome = watched(AWAKE, yawn, AWAKE, camera=camera)
    assert bool(outcome.raised("long_distraction")) is told
    assert not degraded(outcome)


@any_camera
@pytest.mark.parametrize(("yaw_deg", "told"), [(0.0, True), (27.0, False)])
def test_one_eye_of_a_face_that_shows_both_is_behind_something_unless_it_is_open(
    camera: Camera, yaw_deg: float, told: bool
) -> None:
    veiled = Part(6.0, 0.8, lids=(0.3, 0.17, 0.48, 0.05), yaw_deg=yaw_deg, measures={"eye_aspect_right": None})
    assert bool(degraded(watched(AWAKE, veiled, AWAKE, camera=camera))) is told
    assert not degraded(watched(AWAKE, replace(veiled, lids=OPEN), AWAKE, camera=camera))


@any_camera
def test_closed_eyes_that_are_read_now_so_now_so_are_not_behind_a_good_health(camera: Camera) -> None:
    flicker = [Part(0.7, 0.05, lids=CLOSED), Part(0.3, 0.6, lids=PERHAPS)]
    outcome = watched(AWAKE, *flicker * 6, Part(6.0, lids=OPEN), camera=camera)
    assert not outcome.raised("sleep")
    assert outcome.health_at(10.0 + DUE_S) == "degraded unclear"
    assert outcome.health_at(19.0) in ("ok", "calibrating")


@any_camera
def test_who_is_asleep_from_the_first_frame_and_hardly_seen_is_no_calibration(camera: Camera) -> None:
    flicker = [Part(0.4, 0.5, lids=PERHAPS), Part(0.4, None, unreadable=Unreadable.OCCLUDED)]
    assert watched(*flicker * 6, camera=camera).health_at(DUE_S).startswith("degraded")


@any_camera
@pytest.mark.parametrize(
    "parts",
    [
        [Part(2.0, lids=OPEN), Part(0.2, 0.0, lids=CLOSED)] * 5,
        [Part(1.2, lids=OPEN), Part(0.7, 0.0, lids=CLOSED)] * 5,
        [Part(7.0, 0.0, lids=CLOSED), Part(12.0, lids=OPEN)],
        [Part(6.0, 0.15, lids=LOWERED, pitch_deg=-20.0), Part(3.0, lids=OPEN)],
        [Part(6.0, 0.5, lids=NARROWED)],
        [Part(3.0, None, yaw_deg=70.0, unreadable=Unreadable.OFF_AXIS), Part(3.0, lids=OPEN)],
        [Part(6.0, lids=OPEN, measures={"eye_aspect_left": None})],
    ],
    ids=["blinks", "long blinks", "a sleep that is alerted", "a look down", "a squint", "a turned head", "one eye"],
)
def test_who_is_seen_awake_or_alerted_is_no_hidden_sleep(parts: list[Part], camera: Camera) -> None:
    assert not degraded(watched(AWAKE, *parts, camera=camera))


def test_a_pause_without_frames_is_no_hidden_sleep_and_neither_is_an_empty_seat() -> None:
    gone = Part(8.0, face=False)
    assert not degraded(watched(AWAKE, gone, replace(AWAKE, seconds=2.0)))
    assert not degraded(watched(AWAKE, Part(0.1, 0.0, lids=CLOSED, clock_s=20.0), replace(AWAKE, seconds=2.0)))


def test_a_robot_reports_it_too() -> None:
    assert watched(ONE_EYE, COVERED, profile="robot").health_at(10.0 + DUE_S) == "degraded occluded"
