"""The counters a machine may have: temperature, clock, load, energy. Each reading is a value, or the reason for none.

Everything is read from ``/sys`` and ``/proc`` of Linux; ``root`` replaces the root of that tree, for tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import NamedTuple

from wakeful.files import text_of
from wakeful.frozen import dataclass

RAPL_WRAPS_UJ = 2**32
"""Assumed range of an energy counter that does not publish its own."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A value, or None and the reason."""

    value: float | None
    reason: str = ""


class Ticks(NamedTuple):
    """CPU time of all cores since the machine started, in clock ticks.

    Attributes:
        idle: waiting for a disk included.
        stolen: taken by the hypervisor.
    """

    total: int
    idle: int
    stolen: int


def machine_ticks(root: Path = Path("/")) -> Ticks | None:
    """The first line of ``/proc/stat``; None without that file."""
    lines = _lines(root / "proc/stat")
    if not lines:
        return None
    # user nice system idle iowait irq softirq steal; what follows is already part of user and nice.
    ticks = [int(word) for word in lines[0].split()[1:9]]
    ticks += [0] * (8 - len(ticks))
    return Ticks(sum(ticks), ticks[3] + ticks[4], ticks[7])


@dataclass(slots=True)
class Counters:
    """Reads the counters; the files are looked up once.

    Attributes:
        root: of the tree that holds ``sys`` and ``proc``.
    """

    root: Path = Path("/")
    _temperatures: list[tuple[Path, str]] = field(init=False)
    _clocks: list[Path] = field(init=False)
    _before: Ticks | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._temperatures = _temperature_files(self.root)
        self._clocks = sorted(self.root.glob("sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_cur_freq"))

    def temperature_c(self) -> Reading:
        """The hottest processor or thermal zone, degrees Celsius."""
        values = [value / 1000.0 for path, _ in self._temperatures if (value := _number(path)) is not None]
        if not values:
            return Reading(None, "no sensor in /sys/class/thermal or /sys/class/hwmon")
        return Reading(max(values))

    def clock_mhz(self) -> Reading:
        """Mean clock of the cores, MHz: as the governor sets it, or as an x86 processor reports it."""
        values = [value / 1000.0 for path in self._clocks if (value := _number(path)) is not None]
        if not values:
            lines = _lines(self.root / "proc/cpuinfo")
            values = [float(line.partition(":")[2]) for line in lines if line.startswith("cpu MHz")]
            if not values:
                return Reading(None, "no cpufreq in /sys and no clock in /proc/cpuinfo")
        return Reading(sum(values) / len(values))

    def load(self) -> Reading:
        """Mean number of runnable tasks over the last minute."""
        lines = _lines(self.root / "proc/loadavg")
        return Reading(float(lines[0].split()[0])) if lines else Reading(None, "no /proc/loadavg")

    def busy(self) -> tuple[Reading, Reading]:
        """Since the last call: the share of all cores that was busy, and the share the hypervisor took, 0 to 1."""
        now = machine_ticks(self.root)
        if now is None:
            return Reading(None, "no /proc/stat"), Reading(None, "no /proc/stat")
        before, self._before = self._before, now
        if before is None or now.total <= before.total:
            return Reading(None, "no time has passed yet"), Reading(None, "no time has passed yet")
        passed, idle, stolen = (new - old for new, old in zip(now, before, strict=True))
        return Reading((passed - idle - stolen) / passed), Reading(stolen / passed)

    def energy(self) -> EnergyCounter | None:
        """The energy or power counter, if this machine has one that this user may read."""
        return _energy_counter(self.root)

    def no_energy(self) -> str:
        """Why ``energy`` is None."""
        if any(self.root.glob("sys/class/powercap/*/energy_uj")):
            return "the energy counter in /sys/class/powercap is readable by root only"
        return "no energy or power counter in /sys/class/powercap, hwmon or power_supply"


@dataclass(slots=True)
class EnergyCounter:
    """Energy since the first call of ``step``, joules: a power sensor is integrated, an energy counter subtracted."""

    name: str
    read: Callable[[], float | None]
    """Microjoules so far, or microwatts now."""
    is_power: bool
    wraps_uj: float
    _last: float | None = None
    _last_s: float = 0.0
    _sum_uj: float = 0.0

    def step(self, now_s: float) -> float | None:
        """Joules so far; ``now_s`` is a monotonic time. None if the counter is gone."""
        value = self.read()
        if value is None:
            return None
        if self._last is not None:
            if self.is_power:
                self._sum_uj += 0.5 * (value + self._last) * (now_s - self._last_s)
            else:
                self._sum_uj += (value - self._last) % self.wraps_uj
        self._last, self._last_s = value, now_s
        return self._sum_uj / 1e6


def _energy_counter(root: Path) -> EnergyCounter | None:
    for zone in sorted(root.glob("sys/class/powercap/*:[0-9]")):
        if _number(zone / "energy_uj") is not None:
            wraps = _number(zone / "max_energy_range_uj") or RAPL_WRAPS_UJ
            return EnergyCounter(f"powercap {text_of(zone / 'name')}", _reader([zone / "energy_uj"]), False, wraps)
    for pattern, is_power in (("hwmon*/energy1_input", False), ("hwmon*/power1_input", True)):
        for path in sorted(root.glob(f"sys/class/hwmon/{pattern}")):
            if _number(path) is not None:
                return EnergyCounter(f"hwmon {text_of(path.parent / 'name')}", _reader([path]), is_power, 2.0**64)
    for supply in sorted(root.glob("sys/class/power_supply/*")):
        volts, amperes = supply / "voltage_now", supply / "current_now"
        if _number(supply / "power_now") is not None:
            return EnergyCounter(f"power_supply {supply.name}", _reader([supply / "power_now"]), True, 0.0)
        if _number(volts) is not None and _number(amperes) is not None:
            return EnergyCounter(f"power_supply {supply.name}", _reader([volts, amperes]), True, 0.0)
    return None


def _reader(paths: list[Path]) -> Callable[[], float | None]:
    def read() -> float | None:
        values = [_number(path) for path in paths]
        if any(value is None for value in values):
            return None
        first, *others = (float(value) for value in values if value is not None)
        return abs(first * others[0]) / 1e6 if others else abs(first)  # microvolts x microamperes -> microwatts

    return read


def _temperature_files(root: Path) -> list[tuple[Path, str]]:
    zones = [(zone / "temp", text_of(zone / "type")) for zone in sorted(root.glob("sys/class/thermal/thermal_zone*"))]
    chips = ("coretemp", "k10temp", "cpu_thermal", "soc_thermal")
    sensors = [
        (path, text_of(path.parent / "name"))
        for path in sorted(root.glob("sys/class/hwmon/hwmon*/temp*_input"))
        if text_of(path.parent / "name") in chips
    ]
    return [(path, name) for path, name in (zones or sensors) if _number(path) is not None]


def _number(path: Path) -> float | None:
    try:
        return float(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _lines(path: Path) -> list[str]:
    return text_of(path).splitlines()
