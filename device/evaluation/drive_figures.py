"""Scores of recorded drives as plain values for JSON, and as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

from rich.console import Console
from rich.table import Table

from wakeful.device.evaluation.drives import Bounds, Drive, Score, by_driver
from wakeful.version import __version__


def drive_figures(drives: Sequence[Drive], kinds: Sequence[str], bounds: Bounds) -> dict[str, Any]:
    """All figures by event and driver; seconds, shares of 1, alarms an hour, intervals of 95 %."""
    events = {}
    for kind in kinds:
        drivers = by_driver(drives, kind, bounds)
        events[kind] = {
            "overall": _plain(reduce(add, drivers.values(), Score())),
            "drivers": {name: _plain(one) for name, one in drivers.items()},
        }
    return {
        "version": __version__,
        "recordings": len(drives),
        "hours": round(sum(drive.watched_s for drive in drives) / 3600.0, 5),
        "late_s": bounds.late_s,
        "kss": bounds.kss,
        "kss_window_s": bounds.kss_window_s,
        "events": events,
    }


def print_drives(drives: Sequence[Drive], kinds: Sequence[str], bounds: Bounds, console: Console) -> None:
    """A row for each event and driver, and one for all."""
    table = Table("event", "driver", "detected", "95 %", "false/h", "95 %", "s to alert", box=None, pad_edge=False)
    for kind in kinds:
        drivers = by_driver(drives, kind, bounds)
        for name, one in sorted(drivers.items()) if len(drivers) > 1 else ():
            table.add_row(kind, name, *_cells(one))
        table.add_row(kind, "all" if len(drivers) > 1 else next(iter(drivers)), *_cells(reduce(add, drivers.values())))
    console.print(table)


def _cells(score: Score) -> list[str]:
    share, rate = score.sensitivity_95, score.alarms_per_h_95
    delay = ""
    if score.median_delay_s is not None:
        delay = f"{score.median_delay_s:.1f} ({min(score.delays_s):.1f}-{max(score.delays_s):.1f})"
    return [
        f"{len(score.delays_s)} of {score.events}",
        f"{share[0]:.0%}-{share[1]:.0%}" if share else "",
        f"{score.alarms_per_h:.1f}" if score.alarms_per_h is not None else "",
        f"{rate[0]:.1f}-{rate[1]:.1f}" if rate else "",
        delay,
    ]


def _plain(score: Score) -> dict[str, Any]:
    return {
        "events": score.events,
        "told": len(score.delays_s),
        "sensitivity": score.sensitivity,
        "sensitivity_95": score.sensitivity_95,
        "false_alarms": score.false_alarms,
        "quiet_h": round(score.quiet_s / 3600.0, 5),
        "false_alarms_per_h": score.alarms_per_h,
        "false_alarms_per_h_95": score.alarms_per_h_95,
        "median_delay_s": score.median_delay_s,
        "delays_s": [round(one, 3) for one in score.delays_s],
    }
