"""The table ``[serial]`` of the configuration."""

from __future__ import annotations

from pydantic import Field

from wakeful.device.config.section import Section


class SerialSettings(Section):
    """The serial line to the vehicle or a microcontroller."""

    url: str | None = Field(default=None, min_length=1)
    """Serial port or pyserial address, as in /dev/ttyUSB0, loop:// or socket://host:port; unset: no serial line."""
    baud: int = Field(default=115200, ge=300, le=4_000_000)
    """Speed of the line, bits per second."""
