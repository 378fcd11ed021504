"""The table ``[sound]`` of the configuration."""

from __future__ import annotations

from pydantic import Field

from wakeful.device.config.section import Section

OFF, AUTO = "off", "auto"


class SoundSettings(Section):
    """Alerts as tones."""

    device: str = Field(default=OFF, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.,:=@ -]*$", max_length=200)
    """Where alerts are heard: off, auto (the system's sound, else the terminal's bell), or a device of PipeWire or
    ALSA, such as plughw:1,0 (`aplay -L` lists them)."""
    volume: float = Field(default=0.8, ge=0, le=1)
    """Loudness of the tones before the system's own volume, 0 to 1."""
