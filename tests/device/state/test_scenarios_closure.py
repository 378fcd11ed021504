"""Drivers who close their eyes, for a blink or for good."""

from __future__ import annotations

import pytest

from tests.device.state.drives import Camera, Part, any_camera, assert_alerts, drive, told
from wakeful.device.messages import Health, Unreadable

AWAKE = Part(10.03)
START_S = 10.03
# Fast enough for the rules of closure, too slow for those of PERCLOS, which long closures raise later on.
KMH = 40.0
LADDER = (("microsleep", 1.0, 0.5), ("sleep", 3.0, 2.0), ("unresponsive", 6.0, 2.0))


def ladder(closed_s: float, start_s: float = START_S) -> list[tuple[str, str, float]]:
    """The alerts of one closure followed by open eyes: raised at their bounds, cleared by open eyes and the latch."""
    alerts = []
    for code, bound_s, open_s in LADDER:
        if closed_s >= bound_s:
            latch_s = 10.0 if bound_s >= 3.0 else 0.0
            cleared_s = start_s + max(closed_s + open_s, bound_s + latch_s)
            alerts += [told(code, "raised", start_s + bound_s), told(code, "cleared", cleared_s)]
    return alerts


@any_camera
@pytest.mark.parametrize("closed_s", [0.9, 1.1, 1.4, 1.6, 2.9, 3.1, 5.9, 6.1])
def test_the_lorry_driver_who_nods_off(closed_s: float, camera: Camera) -> None:
    outcome = drive(AWAKE, Part(closed_s, 0.0), Part(20.0), camera=camera, speed_kmh=KMH)
    assert_alerts(outcome, *ladder(closed_s))
    assert outcome.closures() == [pytest.approx((START_S, START_S + closed_s), abs=0.2)]


@any_camera
def test_the_contact_lens_wearer_who_blinks_45_times_a_minute(camera: Camera) -> None:
    outcome = drive(AWAKE, *[Part(0.2, 0.0), Part(60.0 / 45.0 - 0.2)] * 60, camera=camera)
    assert_alerts(outcome)


@any_camera
def test_the_winker_is_awake(camera: Camera) -> None:
    wink = Part(3.0, measures={"eye_aspect_left": 0.0})
    assert_alerts(drive(AWAKE, wink, AWAKE, camera=camera, speed_kmh=KMH))


@any_camera
def test_the_driver_with_an_eye_patch_is_judged_by_the_other_eye(camera: Camera) -> None:
    patch = {"eye_aspect_left": None}
    outcome = drive(
        *(Part(START_S, measures=patch), Part(3.1, 0.0, measures=patch), Part(20.0, measures=patch)),
        camera=camera,
        speed_kmh=KMH,
    )
    assert_alerts(outcome, *ladder(3.1))


@any_camera
def test_the_sleeper_whose_face_is_lost_for_a_moment_sleeps_on(camera: Camera) -> None:
    outcome = drive(
        AWAKE, Part(2.8, 0.0), Part(0.4, face=False), Part(0.3, 0.0), Part(20.0), camera=camera, speed_kmh=KMH
    )
    assert_alerts(
        outcome,
        told("microsleep", "raised", START_S + 1.0),
        told("microsleep", "cleared", START_S + 4.0),
        # What nobody saw raises nothing: the alert comes when the closed eyes are seen again.
        told("sleep", "raised", START_S + 3.2),
        told("sleep", "cleared", START_S + 13.2),
    )


@any_camera
def test_the_sleeper_whose_face_is_lost_for_long_is_not_counted_asleep_meanwhile(camera: Camera) -> None:
    outcome = drive(
        AWAKE, Part(2.0, 0.0), Part(5.0, face=False), Part(2.0, 0.0), Part(20.0), camera=camera, speed_kmh=KMH
    )
    assert [alert.code for alert in outcome.alerts] == ["microsleep"] * len(outcome.alerts)
    assert outcome.closures() == [
        pytest.approx((START_S, START_S + 2.0), abs=0.2),
        pytest.approx((START_S + 7.0, START_S + 9.0), abs=0.2),
    ]


@any_camera
def test_the_driver_behind_a_hand_is_not_asleep(camera: Camera) -> None:
    hand = Part(8.0, None, unreadable=Unreadable.OCCLUDED)
    assert_alerts(drive(AWAKE, hand, AWAKE, camera=camera, speed_kmh=KMH))


@any_camera
@pytest.mark.parametrize("down_s", [1.2, 2.0, 2.8])
def test_the_map_reader_with_lowered_lids_glances_down_and_is_not_asleep(down_s: float, camera: Camera) -> None:
    outcome = drive(AWAKE, Part(down_s, 0.1, drop=0.12), AWAKE, camera=camera, speed_kmh=KMH)
    assert_alerts(outcome)
    assert outcome.closures() == []
    assert outcome.spans("glance") == [pytest.approx((START_S, START_S + down_s), abs=0.25)]
    assert [event.data["zone"] for event in outcome.events if event.kind == "glance"] == ["lap"]


@any_camera
def test_the_map_reader_who_keeps_the_lids_down_for_three_seconds_counts_as_asleep_all_the_same(
    camera: Camera,
) -> None:
    outcome = drive(AWAKE, Part(3.4, 0.1, drop=0.12), Part(20.0), camera=camera, speed_kmh=KMH)
    assert_alerts(
        outcome,
        told("microsleep", "raised", START_S + 3.0),
        told("microsleep", "cleared", START_S + 3.9),
        told("sleep", "raised", START_S + 3.0),
        told("sleep", "cleared", START_S + 13.0),
    )


@any_camera
def test_the_sleeper_whose_lower_lids_rise_is_no_map_reader(camera: Camera) -> None:
    assert_alerts(drive(AWAKE, Part(1.5, 0.0, drop=-0.05), Part(20.0), camera=camera, speed_kmh=KMH), *ladder(1.5))


@any_camera
def test_the_squinter_against_the_sun_is_awake(camera: Camera) -> None:
    assert_alerts(drive(AWAKE, Part(20.0, 0.55), AWAKE, camera=camera, speed_kmh=KMH))


@any_camera
def test_the_driver_whose_lids_tremble_at_the_bound_has_one_closure(camera: Camera) -> None:
    tremble = [Part(0.2, 0.2), Part(0.2, 0.42)] * 4
    outcome = drive(AWAKE, *tremble, Part(20.0), camera=camera, speed_kmh=KMH)
    assert_alerts(outcome, *ladder(1.6))
    assert len(outcome.closures()) == 1


@any_camera
def test_the_driver_who_wakes_for_a_moment_and_sleeps_on_is_told_twice(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(1.5, 0.0), Part(2.0), Part(1.5, 0.0), Part(20.0), camera=camera, speed_kmh=KMH)
    assert_alerts(outcome, *ladder(1.5), *ladder(1.5, START_S + 3.5))


@any_camera
def test_the_sleeper_who_slumps_out_of_the_picture_does_not_end_the_alert(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(6.5, 0.0), Part(60.0, face=False), camera=camera, speed_kmh=KMH)
    assert not [alert for alert in outcome.alerts if alert.phase.value == "cleared"]
    assert outcome.steps[-1].state.code == "unresponsive"
    assert outcome.steps[-1].state.health is Health.NO_FACE


def test_the_sleeper_whose_eyes_flicker_between_seen_and_unseen_is_found() -> None:
    flicker = [Part(0.2, 0.0), Part(0.1, None)] * 12
    outcome = drive(AWAKE, *flicker, Part(20.0), speed_kmh=KMH)
    assert [alert.code for alert in outcome.alerts if alert.phase.value == "raised"] == ["microsleep", "sleep"]
