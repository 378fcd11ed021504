"""Frames of a vehicle's bus, by a description that may not fit them: counted, never raised, and within their bounds."""

from __future__ import annotations

import functools
from pathlib import Path

from tools.fuzz.runner import Parser
from wakeful.device.alerts.can.vehicle_signals import MAX_GEAR_CHARS, MAX_SPEED_KMH, VehicleSignals, Wanted
from wakeful.device.messages import Gear, Ignition, VehicleSpeed

DBC = Path(__file__).parents[1] / "rigs" / "vehicle.dbc"
TRANSMISSION = 0x18FEDF01


@functools.cache
def signals() -> VehicleSignals:
    return VehicleSignals(DBC, Wanted("Brakes.VehicleSpeed", "Body.Ignition", "Transmission.Lever"))


def parse(data: bytes) -> bool:
    """Four bytes of identifier, then up to 64 of data."""
    number = int.from_bytes(data[:4], "big")
    commands = signals().read(number & 0x1FFFFFFF, bool(number >> 31), data[4:68])
    for command in commands:
        if isinstance(command, VehicleSpeed):
            assert command.kmh is not None
            assert 0.0 <= command.kmh <= MAX_SPEED_KMH
        elif isinstance(command, Gear):
            assert 0 < len(command.name) <= MAX_GEAR_CHARS
        else:
            assert isinstance(command, Ignition)
    return bool(commands)


PARSER = Parser(
    "can_signals",
    parse,
    seeds=(
        (256).to_bytes(4, "big") + bytes([0xCE, 0x18, 0, 0, 0, 0, 0, 0]),
        (257).to_bytes(4, "big") + b"\x02\x00",
        (1 << 31 | TRANSMISSION).to_bytes(4, "big") + bytes(8),
    ),
    words=((256).to_bytes(4, "big"), (257).to_bytes(4, "big"), b"\xff\xff", b"\0" * 8),
)
