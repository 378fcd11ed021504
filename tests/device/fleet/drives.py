"""A small fleet of recorded drives for the tests: a tiring driver, several people and vehicles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tools.rigs.report_logs import LOG_CONFIG, a_tiring_driver, write_log
from wakeful.device.fleet.plan import Plan, make_plan
from wakeful.device.fleet.sources import find
from wakeful.device.record.schema import LogConfig

SECONDS, FPS = 30.0, 10.0
DRIVERS = ("ada", "eve", "")


def head(number: int) -> LogConfig:
    """Of the drive of that number."""
    settings = {"driver": {"name": DRIVERS[number % 3]}, "vehicle": {"name": f"car-{number % 2}"}}
    wall_ns = LOG_CONFIG.wall_ns + number * 3_600_000_000_000
    return replace(LOG_CONFIG, session=f"20261124T0{number}0000Z-{number:04x}", wall_ns=wall_ns, settings=settings)


def write_drive(folder: Path, number: int, config: LogConfig | None = None) -> Path:
    """One recorded drive."""
    config = config or head(number)
    folder.mkdir(parents=True, exist_ok=True)
    inputs = a_tiring_driver(SECONDS, seed=number + 1, fps=FPS)
    return write_log(folder / f"wakeful-{config.session}-{config.part:04}.mcap", inputs, config=config)


def write_fleet(folder: Path, count: int = 6) -> list[Path]:
    """So many drives, in a folder for each vehicle."""
    return [write_drive(folder / f"car-{number % 2}", number) for number in range(count)]


def planned(folder: Path, shards: int | None = None, *, names: bool = False) -> Plan:
    """A plan for all that is in a folder, with the recorded rules."""
    return make_plan(find([str(folder)]), names=names, shards=shards)
