"""The table ``[can]`` of the configuration."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from wakeful.device.alerts.can.bus import FD_INTERFACES, parse_address
from wakeful.device.alerts.can.frames import BASE_ID, IDENTIFIERS, Layout, parse_frame
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
    base_id: int = Field(default=BASE_ID, ge=0, le=0x1FFFFFFD)
    """Identifier of the plain heartbeat frame; the other frames have the next seven, as in the DBC file."""
    layout: Layout = "plain"
    """plain: frames as they are; protected: with counter and CRC, and unsound acknowledgements are refused."""
    extended: bool = False
    """Identifiers of 29 bits for the frames of the monitor, instead of 11."""
    fd: bool = False
    """Send CAN FD frames, with bit rate switch, and receive those of the vehicle."""
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

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        most = (1 << 29 if self.extended else 1 << 11) - IDENTIFIERS[self.layout]
        if self.base_id > most:
            fix = "" if self.extended else ", or extended = true"
            raise ValueError(f"should have a base_id of at most {most} with the layout {self.layout}{fix}")
        if self.fd and self.address and parse_address(self.address)[0] not in FD_INTERFACES:
            raise ValueError(f"should have fd only with an address of {' or '.join(FD_INTERFACES)}")
        return self
