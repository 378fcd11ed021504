"""On/off patterns for a lamp or buzzer on one line, for the four levels, as functions of time."""

from __future__ import annotations

from wakeful.device.messages import Level
from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Pattern:
    """On for ``on_s``, off for ``off_s``, and again for ever unless it comes only ``once``. All zero: always off."""

    on_s: float
    off_s: float
    once: bool = False


OFF = Pattern(0.0, 0.0)
STEADY = Pattern(1.0, 0.0)

PATTERNS = {
    Level.NONE: OFF,
    Level.ADVISORY: Pattern(0.2, 0.0, once=True),
    Level.WARNING: Pattern(0.5, 0.5),
    Level.URGENT: Pattern(0.125, 0.125),
    Level.EMERGENCY: STEADY,
}
"""One short pulse; pulses at 1 Hz; fast blinking at 4 Hz; steadily on: a more urgent level is more
conspicuous, and a line that is stuck on is at least noticed."""

HEARTBEAT = Pattern(0.1, 0.9)
"""Each second a pulse that is long enough for any input, and a pause that is not mistaken for a level."""


def is_on(pattern: Pattern, elapsed_s: float) -> bool:
    """Whether the line is on, ``elapsed_s`` seconds after the pattern began."""
    if pattern.once:
        return elapsed_s < pattern.on_s
    period_s = pattern.on_s + pattern.off_s
    return period_s > 0.0 and elapsed_s % period_s < pattern.on_s


def until_change_s(pattern: Pattern, elapsed_s: float) -> float | None:
    """Seconds until the line switches next; None if it never does."""
    if pattern.once:
        return pattern.on_s - elapsed_s if elapsed_s < pattern.on_s else None
    if pattern.on_s <= 0.0 or pattern.off_s <= 0.0:
        return None
    into_period_s = elapsed_s % (pattern.on_s + pattern.off_s)
    return (pattern.on_s if into_period_s < pattern.on_s else pattern.on_s + pattern.off_s) - into_period_s
