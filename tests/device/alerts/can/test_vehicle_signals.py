"""Speed, ignition and gear out of frames, by a vehicle's own description."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tools import rigs
from wakeful import ConfigError
from wakeful.device.messages import Gear, Ignition, VehicleSpeed

pytest.importorskip("cantools", reason="CAN needs cantools")

from wakeful.device.alerts.can.vehicle_signals import VehicleSignals, Wanted

DBC = Path(rigs.__file__).with_name("vehicle.dbc")
OBD2 = Path(__file__).parents[4] / "deploy" / "can" / "obd2.dbc"
ALL = Wanted("Brakes.VehicleSpeed", "Body.Ignition", "Transmission.Lever", ignition_on=2.0)
TRANSMISSION = 2566844161 & 0x1FFFFFFF


def test_speed_ignition_and_gear_are_read() -> None:
    signals = VehicleSignals(DBC, ALL)
    assert signals.read(256, False, struct.pack("<HHHH", 6350, 0, 0, 0)) == [VehicleSpeed(63.5)]
    assert signals.read(257, False, b"\x02\x00") == [Ignition(True)]
    assert signals.read(257, False, b"\x01\x00") == [Ignition(False)]
    assert signals.read(TRANSMISSION, True, bytes([1, 0, 0, 0, 0, 0, 0, 0])) == [Gear("R")]
    assert signals.read(TRANSMISSION, True, bytes([9, 0, 0, 0, 0, 0, 0, 0])) == [Gear("9")]


def test_other_frames_say_nothing() -> None:
    signals = VehicleSignals(DBC, ALL)
    assert signals.read(258, False, bytes(8)) == []
    assert signals.read(256, True, bytes(8)) == []
    assert signals.broken == 0


def test_a_frame_too_short_for_its_description_is_counted() -> None:
    signals = VehicleSignals(DBC, ALL)
    assert signals.read(256, False, b"\x01") == []
    assert signals.broken == 1


def test_a_value_that_the_signal_cannot_have_is_not_said() -> None:
    assert VehicleSignals(DBC, ALL).read(256, False, b"\xff\xff" + bytes(6)) == []


def test_units_are_understood() -> None:
    signals = VehicleSignals(DBC, Wanted("Brakes.WheelSpeed"))
    assert signals.read(256, False, struct.pack("<HHHH", 0, 6000, 0, 0)) == [VehicleSpeed(96.6)]


def test_a_unit_that_is_no_speed_needs_a_factor() -> None:
    with pytest.raises(ConfigError, match="speed_factor"):
        VehicleSignals(DBC, Wanted("Brakes.Pulses"))
    signals = VehicleSignals(DBC, Wanted("Brakes.Pulses", speed_factor=0.1))
    assert signals.read(256, False, struct.pack("<HHHH", 0, 0, 800, 0)) == [VehicleSpeed(80.0)]


def test_a_misspelt_signal_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(ConfigError, match=r"did you mean Brakes\.VehicleSpeed"):
        VehicleSignals(DBC, Wanted("Brake.VehicleSped"))


@pytest.mark.parametrize("text", ["no DBC at all", "BO_ 1 Broken", "\x00\xff" * 50])
def test_what_is_no_dbc_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "broken.dbc"
    file.write_text(text)
    with pytest.raises(ConfigError, match="not a DBC file") as refused:
        VehicleSignals(file, ALL)
    assert len(str(refused.value).splitlines()) == 1
    with pytest.raises(ConfigError, match="cannot be read"):
        VehicleSignals(tmp_path / "nowhere.dbc", ALL)


def test_the_speed_of_obd2_is_read_and_other_answers_are_not() -> None:
    signals = VehicleSignals(OBD2, Wanted("Obd2Response.VehicleSpeed"))
    assert signals.read(0x7E8, False, bytes([3, 0x41, 0x0D, 88, 0, 0, 0, 0])) == [VehicleSpeed(88.0)]
    assert signals.read(0x7E8, False, bytes([4, 0x41, 0x0C, 1, 2, 0, 0, 0])) == []
