"""The table ``[can]`` of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from wakeful.device.alerts.can.bus import parse_address
from wakeful.device.alerts.can.frames import BASE_ID, parse_frame
from wakeful.device.config.section import Section


def _bus(text: str) -> str:
    parse_address(text)
    return text


def _frame(text: str) -> str:
    parse_frame(text)
    return text


class CanSettings(Section):
    """A CAN bus of the vehicle: alerts and a heartbeat out, speed, ignition and gear in."""

    address: Annotated[str, AfterValidator(_bus)] | None = None
    """Interface and channel, as in socketcan:can0 or slcan:/dev/ttyACM0; unset: no CAN."""
    bitrate: int = Field(default=500_000, ge=5_000, le=8_000_000)
    """Speed of the bus, for interfaces that set it when opened, bits per second."""
    base_id: int = Field(default=BASE_ID, ge=0, le=0x7FD)
    """Identifier of the heartbeat frame; the alert and the acknowledgement have the next two."""
    send: bool = True
    """Send heartbeat and alerts; false: only listen, and send nothing except a configured request."""
    dbc: str | None = Field(default=None, min_length=1)
    """DBC file that describes the vehicle's frames; unset: no vehicle data is read."""
    speed: str | None = Field(default=None, min_length=3)
    """Signal of the vehicle speed as MESSAGE.SIGNAL; after two seconds without it the speed is unknown."""
    speed_factor: float | None = Field(default=None, gt=0)
    """Speed in km/h per unit of the signal; unset: taken from the unit in the DBC file."""
    ignition: str | None = Field(default=None, min_length=3)
    """Signal of the ignition as MESSAGE.SIGNAL; while it is off the vehicle is parked and its bus may be silent."""
    ignition_on: float = Field(default=1.0, ge=-1e9, le=1e9)
    """Value of that signal at or above which the ignition is on."""
    gear: str | None = Field(default=None, min_length=3)
    """Signal of the gear as MESSAGE.SIGNAL; reported with the names in the DBC file."""
    request: Annotated[str, AfterValidator(_frame)] | None = None
    """Frame that requests the speed as ID#DATA in hex, 7DF#02010D0000000000 for OBD-II; unset: nothing is requested."""
    request_hz: float = Field(default=5.0, ge=0.1, le=50)
    """How often the request is sent, times per second."""
