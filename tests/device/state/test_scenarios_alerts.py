"""How alerts live: speed gates, acknowledging, latching, telling again."""

from __future__ import annotations

import pytest

from tests.device.state.drives import Camera, Part, any_camera, assert_alerts, drive, told
from wakeful.device.messages import Acknowledge, Phase, VehicleSpeed

AWAKE = Part(10.0)
KMH = 40.0


@any_camera
def test_the_driver_who_rests_at_the_kerb_is_left_alone(camera: Camera) -> None:
    assert_alerts(drive(AWAKE, Part(30.0, 0.0), AWAKE, speed_kmh=0.0, camera=camera))


@any_camera
@pytest.mark.parametrize(("kmh", "alerts"), [(19.9, 0), (20.0, 1), (None, 1)])
def test_closures_count_from_20_kmh_and_at_unknown_speed(kmh: float | None, alerts: int, camera: Camera) -> None:
    outcome = drive(AWAKE, Part(1.5, 0.0), AWAKE, speed_kmh=kmh, camera=camera)
    assert len(outcome.raised("microsleep")) == alerts


@any_camera
def test_the_sleeper_whose_vehicle_rolls_off_is_told_at_once(camera: Camera) -> None:
    rolling = Part(1.0, 0.0, command=VehicleSpeed(30.0))
    outcome = drive(AWAKE, Part(4.0, 0.0), rolling, Part(20.0), speed_kmh=0.0, camera=camera)
    assert_alerts(
        outcome,
        told("microsleep", "raised", 14.0),
        told("microsleep", "cleared", 15.5),
        told("sleep", "raised", 14.0),
        told("sleep", "cleared", 24.0),
    )


@any_camera
def test_the_sleeper_whose_vehicle_comes_to_a_halt_keeps_the_alert_until_awake(camera: Camera) -> None:
    halted = Part(4.0, 0.0, command=VehicleSpeed(0.0))
    outcome = drive(AWAKE, Part(2.0, 0.0), halted, Part(5.0), speed_kmh=30.0, camera=camera)
    assert_alerts(outcome, told("microsleep", "raised", 11.0), told("microsleep", "cleared", 16.5))


@any_camera
def test_speed_that_wavers_around_the_gate_tells_no_alert_twice(camera: Camera) -> None:
    wavering = [Part(2.5, 0.0, command=VehicleSpeed(kmh)) for kmh in (15.0, 25.0, 15.0, 25.0)]
    outcome = drive(AWAKE, Part(7.0, 0.0, command=VehicleSpeed(25.0)), *wavering, camera=camera)
    assert_alerts(
        outcome,
        told("microsleep", "raised", 11.0),
        told("sleep", "raised", 13.0),
        told("unresponsive", "raised", 16.0),
    )


@any_camera
def test_an_unacknowledged_urgent_alert_stands_for_ten_seconds(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(3.5, 0.0), Part(15.0), speed_kmh=KMH, camera=camera)
    assert outcome.times("sleep", Phase.CLEARED) == [pytest.approx(23.0, abs=0.2)]


@any_camera
def test_the_driver_who_acknowledges_is_rid_of_it_after_two_seconds_of_open_eyes(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(3.5, 0.0), Part(0.5), Part(15.0, command=Acknowledge(2)), speed_kmh=KMH, camera=camera)
    assert_alerts(
        outcome,
        told("microsleep", "raised", 11.0),
        told("microsleep", "cleared", 14.0),
        told("sleep", "raised", 13.0),
        told("sleep", "acknowledged", 14.0),
        told("sleep", "cleared", 15.5),
    )


@any_camera
def test_the_driver_who_acknowledges_with_closed_eyes_is_rid_of_nothing(camera: Camera) -> None:
    outcome = drive(AWAKE, Part(3.5, 0.0), Part(9.0, 0.0, command=Acknowledge(2)), speed_kmh=KMH, camera=camera)
    assert outcome.times("sleep", Phase.ACKNOWLEDGED) == [pytest.approx(13.5, abs=0.1)]
    assert outcome.times("sleep", Phase.CLEARED) == []


def test_the_sleeper_is_told_again_every_minute() -> None:
    outcome = drive(Part(5.0), Part(128.0, 0.0), speed_kmh=KMH, fps=10.0)
    for code, first_s in (("microsleep", 6.0), ("sleep", 8.0), ("unresponsive", 11.0)):
        assert outcome.raised(code) == [pytest.approx(first_s, abs=0.2)]
        expected = [pytest.approx(first_s + 60.0 * n, abs=0.3) for n in (1, 2)]
        assert outcome.times(code, Phase.ESCALATED) == expected


def test_an_acknowledged_alert_whose_cause_lasts_is_told_again_after_a_minute() -> None:
    outcome = drive(Part(5.0), Part(5.0, 0.0), Part(70.0, 0.0, command=Acknowledge(2)), speed_kmh=KMH, fps=10.0)
    assert outcome.times("sleep", Phase.ACKNOWLEDGED) == [pytest.approx(10.0, abs=0.1)]
    assert outcome.times("sleep", Phase.ESCALATED) == [pytest.approx(68.0, abs=0.1)]


def test_acknowledging_twice_or_something_unknown_does_nothing() -> None:
    twice = [Part(1.0, 0.0, command=Acknowledge(seq)) for seq in (2, 2, 99)]
    outcome = drive(Part(5.0), Part(4.0, 0.0), *twice, speed_kmh=KMH)
    assert len(outcome.times("sleep", Phase.ACKNOWLEDGED)) == 1


def test_every_phase_of_one_alert_has_its_number() -> None:
    outcome = drive(AWAKE, Part(3.5, 0.0), Part(20.0), Part(3.5, 0.0), Part(20.0), speed_kmh=KMH)
    numbers: dict[int, list[str]] = {}
    for alert in outcome.alerts:
        numbers.setdefault(alert.seq, []).append(f"{alert.code} {alert.phase.value}")
    assert numbers == {
        1: ["microsleep raised", "microsleep cleared"],
        2: ["sleep raised", "sleep cleared"],
        3: ["microsleep raised", "microsleep cleared"],
        4: ["sleep raised", "sleep cleared"],
    }
