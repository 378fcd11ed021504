"""The table ``[gpio]`` of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from wakeful.device.config.section import Section


def chip_and_line(text: str) -> str:
    """``text`` if it has the form CHIP:LINE; raises ValueError."""
    chip, _, line = text.rpartition(":")
    if not chip or not line:
        raise ValueError("should be CHIP:LINE, as in /dev/gpiochip0:17")
    return text


class GpioSettings(Section):
    """A line that drives a buzzer, lamp or relay."""

    line: Annotated[str, AfterValidator(chip_and_line)] | None = None
    """Chip and line as CHIP:LINE, as in /dev/gpiochip0:17; unset: no GPIO."""
    active_low: bool = False
    """The line is low, not high, during an alert."""
    safe_active: bool = False
    """At the end, and while the monitor hangs, the line has its alert level."""
    heartbeat_line: Annotated[str, AfterValidator(chip_and_line)] | None = None
    """Line of its own, as CHIP:LINE, that pulses each second while frames are judged; unset: none."""
