"""How hot the board is, against where it begins to slow itself down: read from the kernel's thermal zones."""

from __future__ import annotations

from pathlib import Path

from wakeful.files import text_of
from wakeful.frozen import dataclass

ZONES = Path("/sys/class/thermal")
# Sensors that are not there answer with figures like these.
PLAUSIBLE_C = (-40.0, 150.0)


@dataclass(frozen=True, slots=True)
class Zone:
    """One sensor, degrees Celsius.

    Attributes:
        passive_c: from here on the kernel slows the board down to cool it; None where the zone names no such point.
    """

    name: str
    now_c: float
    passive_c: float | None


def hottest(default_limit_c: float, folder: Path = ZONES) -> tuple[float, float] | None:
    """Temperature and limit of the zone that is nearest to its limit, or beyond; None where nothing can be read."""
    readings = [(zone.now_c, min(zone.passive_c or default_limit_c, default_limit_c)) for zone in zones(folder)]
    return max(readings, key=lambda reading: reading[0] - reading[1], default=None)


def zones(folder: Path = ZONES) -> list[Zone]:
    """All zones that answer."""
    found = []
    for zone in sorted(folder.glob("thermal_zone*")):
        now_c = _celsius(zone / "temp")
        if now_c is not None and PLAUSIBLE_C[0] < now_c < PLAUSIBLE_C[1]:
            found.append(Zone(text_of(zone / "type"), now_c, _passive_c(zone)))
    return found


def _passive_c(zone: Path) -> float | None:
    points = [
        _celsius(kind.with_name(kind.name.replace("_type", "_temp")))
        for kind in zone.glob("trip_point_*_type")
        if text_of(kind) == "passive"
    ]
    # A point at or below zero is one that is switched off.
    return min((point for point in points if point is not None and point > 0.0), default=None)


def _celsius(file: Path) -> float | None:
    text = text_of(file)
    try:
        return int(text) / 1000.0
    except ValueError:
        return None
