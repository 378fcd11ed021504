"""A speed that is no longer told is unknown, and the monitor says so."""

from __future__ import annotations

from wakeful.device.alerts.speed_watch import LOST_AFTER_S, NOTE, SpeedWatch
from wakeful.device.messages import Command, VehicleSpeed
from wakeful.device.supervision.notes import Notes


class Vehicle:
    """A watch and what it said."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.notes = Notes()
        self.watch = SpeedWatch("the CAN bus", self.commands.append, self.notes)

    def speeds(self) -> list[float | None]:
        return [command.kmh for command in self.commands if isinstance(command, VehicleSpeed)]


def test_a_speed_that_goes_silent_is_lost_after_two_seconds_and_back_with_the_next() -> None:
    vehicle = Vehicle()
    vehicle.watch.received(60.0, 0.0)
    vehicle.watch.look(LOST_AFTER_S - 0.01)
    assert vehicle.speeds() == [60.0]
    vehicle.watch.look(LOST_AFTER_S)
    vehicle.watch.look(LOST_AFTER_S + 5.0)
    assert vehicle.speeds() == [60.0, None]
    assert NOTE in vehicle.notes.codes
    vehicle.watch.received(60.0, 9.0)
    assert vehicle.speeds() == [60.0, None, 60.0]
    assert NOTE not in vehicle.notes.codes


def test_nothing_is_lost_that_was_never_told_unless_it_is_expected() -> None:
    vehicle = Vehicle()
    vehicle.watch.look(100.0)
    assert NOTE not in vehicle.notes.codes
    assert vehicle.watch.due_in_s(100.0) == float("inf")
    vehicle.watch.expect(100.0)
    assert vehicle.watch.due_in_s(100.0) == LOST_AFTER_S
    vehicle.watch.look(102.0)
    assert NOTE in vehicle.notes.codes


def test_a_vehicle_that_does_not_know_its_speed_opens_the_gates_at_once() -> None:
    vehicle = Vehicle()
    vehicle.watch.received(60.0, 0.0)
    vehicle.watch.received(None, 0.5)
    assert vehicle.speeds() == [60.0, None]
    assert NOTE in vehicle.notes.codes


def test_a_vehicle_that_is_switched_off_stands_and_may_be_silent() -> None:
    vehicle = Vehicle()
    vehicle.watch.received(5.0, 0.0)
    vehicle.watch.ignition(False, 1.0)
    vehicle.watch.look(1000.0)
    assert vehicle.speeds() == [5.0, 0.0]
    assert NOTE not in vehicle.notes.codes
    vehicle.watch.ignition(True, 1001.0)
    vehicle.watch.look(1003.1)
    assert vehicle.speeds() == [5.0, 0.0, None]


def test_a_speed_told_a_hundred_times_a_second_is_passed_on_ten_times() -> None:
    vehicle = Vehicle()
    for number in range(200):
        vehicle.watch.received(50.0 + number / 100, number / 100)
    assert 15 <= len(vehicle.commands) <= 22


def test_the_same_speed_again_is_no_news_but_a_sign_of_life() -> None:
    vehicle = Vehicle()
    for number in range(100):
        vehicle.watch.received(50.0, number / 10)
        vehicle.watch.look(number / 10)
    assert vehicle.speeds() == [50.0]
