"""What the monitor says of itself."""

from __future__ import annotations

import pytest

from wakeful.device.messages import Health
from wakeful.device.state.health import HealthMonitor
from wakeful.device.state.profile import HealthSection


def judged(*parts: tuple[float, bool, bool], calibrated: bool = True, why: str = "off_axis") -> list[Health]:
    """Parts of (seconds, face, readable) at 10 fps; gives the health at the end of each."""
    judge = HealthMonitor(HealthSection())
    ends, frame = [], 0
    for seconds, face, readable in parts:
        for _ in range(round(seconds * 10)):
            reason = "" if readable else why
            health = judge.see(round(frame * 1e8), face=face, unreadable=reason, calibrated=calibrated)
            frame += 1
        ends.append(health)
    return ends


def test_a_readable_face_is_ok_once_calibrated() -> None:
    assert judged((1.0, True, True)) == [Health.OK]
    assert judged((1.0, True, True), calibrated=False) == [Health.CALIBRATING]


def test_an_empty_seat_is_told_from_the_first_frame() -> None:
    assert judged((0.1, False, False)) == [Health.NO_FACE]


def test_a_face_that_is_gone_for_a_moment_is_not_told() -> None:
    assert judged((5.0, True, True), (0.9, False, False), (1.0, False, False)) == [Health.OK, Health.OK, Health.NO_FACE]


def test_unreadable_eyes_are_degraded_after_five_seconds_and_ok_again_within_two() -> None:
    assert judged((5.0, True, True), (4.5, True, False), (1.0, True, False), (1.0, True, True)) == [
        Health.OK,
        Health.OK,
        Health.DEGRADED,
        Health.OK,
    ]


@pytest.mark.parametrize("why", ["dark", "glare", "blur"])
def test_light_that_hides_the_eyes_is_degraded_within_a_second_but_not_after_a_blink(why: str) -> None:
    blink, hidden = (0.3, True, False), (1.0, True, False)
    assert judged((5.0, True, True), blink, (2.0, True, True), hidden, (1.1, True, True), why=why) == [
        Health.OK,
        Health.OK,
        Health.OK,
        Health.DEGRADED,
        Health.OK,
    ]
    assert judged((1.0, True, False), why=why, calibrated=False) == [Health.DEGRADED]


def unclear(*parts: tuple[float, float]) -> list[str]:
    """Parts of (seconds, age of unclear lids at its begin; negative: none) at 10 fps; health at the end of each."""
    judge, ends, frame = HealthMonitor(HealthSection()), [], 0
    for seconds, age_s in parts:
        for at in range(round(seconds * 10)):
            age = age_s + at / 10.0 if age_s >= 0.0 else 0.0
            health = judge.see(round(frame * 1e8), face=True, unreadable="", calibrated=True, unclear_s=age)
            frame += 1
        ends.append(f"{health} {judge.reason}".strip())
    return ends


def test_lids_that_may_be_closed_are_never_ok_for_long() -> None:
    assert unclear((1.0, -1.0), (1.7, 0.0), (0.3, 1.7), (0.9, -1.0), (0.3, -1.0)) == [
        "ok",
        "ok",
        "degraded unclear",
        "degraded unclear",
        "ok",
    ]


def test_lids_that_are_unclear_again_at_once_stay_reported() -> None:
    assert unclear((2.0, 0.0), (0.5, -1.0), (1.5, 0.0))[-1] == "degraded unclear"


def test_an_absence_alone_is_no_fault_of_the_eyes() -> None:
    assert judged((5.0, True, True), (10.0, False, False), (0.1, True, True), (3.0, True, True)) == [
        Health.OK,
        Health.NO_FACE,
        Health.OK,
        Health.OK,
    ]


def test_who_comes_back_with_unreadable_eyes_is_told_within_a_second() -> None:
    assert judged((5.0, True, True), (10.0, False, False), (0.3, True, False), (0.7, True, False)) == [
        Health.OK,
        Health.NO_FACE,
        Health.NO_FACE,
        Health.DEGRADED,
    ]


def test_one_frame_with_something_like_a_face_fills_no_empty_seat() -> None:
    moment = (0.1, True, False)
    assert judged((9.0, False, False), moment, (0.5, False, False), moment) == [Health.NO_FACE] * 4


def test_a_face_found_and_lost_in_turn_whose_eyes_are_unreadable_stays_degraded() -> None:
    found, lost = (1.5, True, False), (2.5, False, False)
    assert judged(found, lost, found, lost, found, lost, found)[2:] == [Health.DEGRADED] * 5


def test_a_face_found_and_lost_in_turn_whose_eyes_are_read_is_judged() -> None:
    found, lost = (3.0, True, True), (1.5, False, False)
    assert judged(found, lost, found, lost, found)[::2] == [Health.OK] * 3


def test_a_face_that_was_seen_badly_is_gone_after_five_seconds() -> None:
    assert judged((6.0, True, False), (4.5, False, False), (1.0, False, False)) == [
        Health.DEGRADED,
        Health.DEGRADED,
        Health.NO_FACE,
    ]


def test_a_face_that_comes_back_as_unreadable_as_before_is_told_at_once() -> None:
    assert judged(
        (6.0, True, False), (6.0, False, False), (0.5, True, True), (0.1, True, False), (1.1, True, True)
    ) == [
        Health.DEGRADED,
        Health.NO_FACE,
        Health.DEGRADED,
        Health.DEGRADED,
        Health.OK,
    ]


def turned(*parts: tuple[float, bool, str, bool]) -> list[str]:
    """Parts of (seconds, face, why unreadable, rotated) at 5 fps; gives health and reason at the end of each."""
    judge = HealthMonitor(HealthSection())
    ends, frame = [], 0
    for seconds, face, reason, rotated in parts:
        for _ in range(round(seconds * 5)):
            health = judge.see(round(frame * 2e8), face=face, unreadable=reason, calibrated=True, rotated=rotated)
            frame += 1
        ends.append(f"{health} {judge.reason}".strip())
    return ends


def test_a_turned_picture_is_degraded_after_three_seconds_and_ok_as_soon_as_it_is_upright() -> None:
    assert turned((1.8, True, "", True), (0.6, True, "", True), (0.2, True, "", False)) == [
        "ok",
        "degraded rotated",
        "ok",
    ]


def test_a_turned_picture_is_told_before_what_keeps_the_eyes_from_being_read() -> None:
    assert turned((8.0, True, "dark", True), (0.2, True, "dark", False)) == ["degraded rotated", "degraded dark"]


def test_nobody_in_a_turned_picture_is_nobody() -> None:
    told = turned((3.0, True, "", True), (0.8, False, "", False), (1.0, False, "", False), (0.2, True, "", True))
    assert told == ["degraded rotated", "degraded rotated", "no_face rotated", "degraded rotated"]
