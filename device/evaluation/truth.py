"""What really happened on recorded drives, from a CSV file: marked intervals of a video, and ratings of the driver.

    recording,driver,event,start,end,value
    20261124T093007Z-209c,ada,microsleep,42.0,43.5,
    20261124T093007Z-209c,ada,kss,2026-11-24T09:35:00Z,,7

| column | holds |
|---|---|
| `event` | `drowsy`, `microsleep`, `sleep`, `unresponsive`, `distraction`, `yawning`, `distress`, `kss` |
| `start`, `end` | seconds since the first frame, or a time of day as in ISO 8601; `end` may be empty |
| `value` | of a rating on the Karolinska Sleepiness Scale (`kss`), 1 to 9 |
| `driver` | who drove; else as named in the recording |
| `recording` | part of the recording's name; may be left out where there is but one |

A rating covers some minutes before it: from a bound on it is drowsiness, below it is none.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

GROUPS: Mapping[str, tuple[str, ...]] = {
    "drowsy": ("drowsy", "microsleep", "sleep", "unresponsive"),
    "microsleep": ("microsleep", "sleep", "unresponsive"),
    "sleep": ("sleep", "unresponsive"),
    "unresponsive": ("unresponsive",),
    "distraction": ("long_distraction", "short_distraction"),
    "yawning": ("yawning",),
    "distress": ("distress",),
}
"""Event -> the alerts that tell it: a stronger one tells the weaker too."""
KSS = "kss"
COLUMNS = ("recording", "driver", "event", "start", "end", "value")
MAX_ROWS = 1_000_000


class TruthError(ConfigError):
    """A file of truth that cannot be read, with the line."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as it is written: seconds since the first frame, or Unix ns."""

    seconds: float | None = None
    unix_ns: int | None = None

    def at(self, wall_ns: int) -> float:
        """Seconds since the first frame, which was at Unix time ``wall_ns``."""
        if self.unix_ns is not None:
            return (self.unix_ns - wall_ns) / 1e9
        return self.seconds or 0.0


@dataclass(frozen=True, slots=True)
class Truth:
    """One row."""

    event: str
    start: Moment
    end: Moment | None = None
    value: float | None = None
    driver: str = ""
    recording: str = ""


def read_truth(file: Path) -> tuple[Truth, ...]:
    """All rows of a file.

    Raises:
        TruthError: it cannot be read, or a row is invalid; the message names the line.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            rows = csv.DictReader(opened)
            _check_columns(file, rows.fieldnames)
            read = tuple(_row(f"{file}: line {rows.line_num}", row) for row in islice(rows, MAX_ROWS + 1))
    except OSError as error:
        raise TruthError(f"{file} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise TruthError(f"{file} is not a CSV file in UTF-8: {error}") from None
    if len(read) > MAX_ROWS:
        raise TruthError(f"{file} has more than {MAX_ROWS} rows: split it by recording")
    return read


def _check_columns(file: Path, names: object) -> None:
    found = list(names) if isinstance(names, list) else []
    missing = [name for name in ("event", "start") if name not in found]
    unknown = [str(name) for name in found if name not in COLUMNS]
    if missing or unknown:
        what = f"has no column {missing[0]}" if missing else f"has a column {unknown[0]} that is unknown"
        raise TruthError(f"{file} {what}: its first line should be {','.join(COLUMNS)}")


def _row(where: str, row: Mapping[str | None, str | None]) -> Truth:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if None in row:
        raise TruthError(f"{where}: more fields than the first line names")
    event = cells["event"]
    if event != KSS and event not in GROUPS:
        raise TruthError(f"{where}: event {event!r} should be one of {', '.join([*GROUPS, KSS])}")
    start, end = _moment(where, cells["start"]), _moment(where, cells["end"]) if cells["end"] else None
    if end and start.seconds is not None and end.seconds is not None and end.seconds < start.seconds:
        raise TruthError(f"{where}: it ends before it starts")
    value = _number(where, "value", cells["value"]) if cells["value"] else None
    if event == KSS and (value is None or not 1.0 <= value <= 9.0):
        raise TruthError(f"{where}: a kss rating needs a value from 1 to 9")
    return Truth(event, start, end, value, cells["driver"], cells["recording"])


def _moment(where: str, text: str) -> Moment:
    try:
        seconds = float(text)
    except ValueError:
        return _time_of_day(where, text)
    if not math.isfinite(seconds):
        raise TruthError(f"{where}: {text} is not a time")
    return Moment(seconds=seconds)


def _time_of_day(where: str, text: str) -> Moment:
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return Moment(unix_ns=round(moment.timestamp() * 1e9))
    except (ValueError, OverflowError):
        raise TruthError(
            f"{where}: {text!r} is not a time: give seconds since the first frame, or as in 2026-11-24T09:35:00Z"
        ) from None


def _number(where: str, name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise TruthError(f"{where}: {name} {text!r} is not a number") from None
