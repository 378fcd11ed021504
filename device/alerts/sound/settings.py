"""The table ``[sound]`` of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wakeful.device.config.section import Section

OFF, AUTO = "off", "auto"


Text = Annotated[str, Field(max_length=200)]


class SoundSettings(Section):
    """Alerts as tones."""

    device: str = Field(default=OFF, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.,:=@ -]*$", max_length=200)
    """Where alerts are heard: off, auto (the system's sound, else the terminal's bell), or a device of PipeWire or
    ALSA, such as plughw:1,0 (`aplay -L` lists them)."""
    volume: float = Field(default=0.8, ge=0, le=1)
    """Loudness of the tones before the system's own volume, 0 to 1."""
    voice: str | None = Field(default=None, pattern=r"^[a-z][A-Za-z0-9+_-]*$", max_length=60)
    """Voice in which alerts are spoken after their first tone, as `espeak-ng --voices` lists them (en, de, en+f3), if
    that program is installed; unset: tones alone."""
    words: dict[str, Text] = Field(default_factory=dict)
    """What is spoken, by the code of the alert, in place of the English words: drowsy = "Mach eine Pause"; an empty
    text is not spoken."""
