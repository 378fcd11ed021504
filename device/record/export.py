"""Logs as tables for other programs: one CSV or Parquet file a channel.

Every table begins with ``t``, seconds since the first frame, and ends with the columns that say which run it was and
when its second 0 was; as in ``--signals``, only the first row fills these. An empty field is unknown. Images stay in
the log.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, fields
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from wakeful.device.alerts.signals import LID_COLUMNS, ORIGIN_COLUMNS
from wakeful.device.landmarks import CONTOUR_POINTS, IRIS_POINTS, MESH_POINTS
from wakeful.device.messages import (
    Acknowledge,
    Alert,
    CommandReceived,
    DriverState,
    Event,
    Level,
    Observation,
    Tick,
    VehicleSpeed,
)
from wakeful.device.record import schema
from wakeful.device.record.encode import COMMANDS, Recorded
from wakeful.device.record.errors import LogError
from wakeful.device.record.face_points import flat
from wakeful.device.record.outcome import run_of
from wakeful.device.record.reader import Recording
from wakeful.device.record.schema import ExpressionReading, LandmarkReading, LogConfig

BATCH_VALUES = 250_000
"""Rows are written when this many fields wait, about 20 MB."""
Row = dict[str, Any]

WHOLE, NUMBER, FLAG, TEXT = "int64", "float64", "bool", "string"
"""Kinds of columns, by the names that Arrow has for them."""
POINT_COLUMNS = (
    *(f"{axis}{point}" for point in range(MESH_POINTS) for axis in "xyz"),
    *(
        f"{side}_{part}_{axis}{point}"
        for side in ("left", "right")
        for part, count in (("contour", CONTOUR_POINTS), ("iris", IRIS_POINTS))
        for point in range(count)
        for axis in "xy"
    ),
)
_KINDS = {"int": WHOLE, "float": NUMBER, "bool": FLAG}


class Table(Protocol):
    """One file that takes rows."""

    def write(self, rows: list[Row]) -> None: ...

    def close(self) -> None: ...


def export(recording: Recording, folder: Path, *, parquet: bool = False) -> dict[str, int]:
    """Write the tables of a recording into ``folder``; gives the rows of each by its file's name.

    Raises:
        LogError: a file cannot be written.
    """
    columns = columns_of(recording.config)
    counts: dict[str, int] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            tables: dict[str, Table] = {}
            waiting: dict[str, list[Row]] = {}
            for topic, row in _rows(recording):
                name = topic[1:] + (".parquet" if parquet else ".csv")
                if name not in tables:
                    tables[name] = (_Parquet if parquet else _Csv)(folder / name, columns[topic])
                    stack.callback(tables[name].close)
                    waiting[name], counts[name] = [], 0
                    row |= _origin(recording.config)
                waiting[name].append(row)
                counts[name] += 1
                if len(waiting[name]) * len(columns[topic]) >= BATCH_VALUES:
                    tables[name].write(waiting[name])
                    waiting[name] = []
            for name, table in tables.items():
                table.write(waiting[name])
    except OSError as error:
        raise LogError(f"{error.filename or folder} cannot be written: {error.strerror or error}") from None
    return counts


def columns_of(config: LogConfig) -> Mapping[str, dict[str, str]]:
    """Name and kind of each column, by channel."""
    shares = {f"p_{name}": NUMBER for name in config.engine_config.expression_classes}
    head = {"t": NUMBER, "t_ns": WHOLE}
    tables = {
        schema.OBSERVATION: head | _columns(Observation) | dict.fromkeys(LID_COLUMNS, NUMBER) | shares,
        schema.STATE: head | _columns(DriverState) | shares,
        schema.ALERT: head | _columns(Alert),
        schema.TICK: head | _columns(Tick),
        schema.VEHICLE: head | {"speed_kmh": NUMBER},
        schema.ACKNOWLEDGE: head | {"alert_seq": WHOLE},
        schema.COMMAND: head | {"command": TEXT, "on": FLAG, "name": TEXT, "duration_s": NUMBER},
        schema.MARKER: head | {"pressed": NUMBER, "text": TEXT},
        schema.EVENT: head | {"kind": TEXT, "start": NUMBER, "end": NUMBER, "data": TEXT},
        schema.HEALTH: head | {"health": TEXT, "reason": TEXT, "note": TEXT, "text": TEXT, "over": WHOLE},
        schema.EXPRESSION: head | {"expression": TEXT} | shares,
        schema.LANDMARKS: head
        | dict.fromkeys(("seq", "width", "height"), WHOLE)
        | dict.fromkeys(POINT_COLUMNS, NUMBER),
    }
    origin = dict(zip(ORIGIN_COLUMNS, (TEXT, WHOLE, WHOLE), strict=True))
    return {topic: columns | origin for topic, columns in tables.items()}


def _origin(config: LogConfig) -> Row:
    run = run_of(config)
    return dict(zip(ORIGIN_COLUMNS, (run.id, run.utc_ns, run.origin_ns), strict=True))


def _columns(message: type) -> dict[str, str]:
    """Those of a dataclass; probabilities have a column for each class instead."""
    kinds = {one.name: _KINDS.get(str(one.type).removesuffix(" | None"), TEXT) for one in schema.recorded(message)}
    return {name: kind for name, kind in kinds.items() if not _is_shares(message, name)}


def _is_shares(message: type, name: str) -> bool:
    return (message, name) in (
        (Observation, "expression"),
        (Observation, "lid_states"),
        (DriverState, "expression_p"),
    )


def _rows(recording: Recording) -> Iterator[tuple[str, Row]]:
    config = recording.config
    topics = [topic for topic in schema.CHANNELS if topic not in (schema.CONFIG, schema.RULES, schema.CAMERA)]
    for entry in recording.entries(*topics):
        yield entry.topic, row_of(entry.value, config)


def row_of(value: Recorded, config: LogConfig) -> Row:
    """One message as a row; absent where unknown."""
    assert not isinstance(value, LogConfig)
    row: Row = {"t": config.seconds(value.t_ns), "t_ns": value.t_ns}
    if isinstance(value, Event):
        return row | _event_row(value, config)
    if isinstance(value, CommandReceived):
        command = value.command
        if isinstance(command, VehicleSpeed):
            return row | {"speed_kmh": command.kmh}
        if isinstance(command, Acknowledge):
            return row | {"alert_seq": command.alert_seq}
        return row | {"command": COMMANDS.get(type(command), "")} | asdict(command)
    if isinstance(value, ExpressionReading):
        return row | {"expression": value.expression} | {f"p_{name}": p for name, p in value.p.items()}
    if isinstance(value, LandmarkReading):
        points = zip(POINT_COLUMNS, flat(value.landmarks).tolist(), strict=True)
        return row | {"seq": value.seq, "width": value.landmarks.width, "height": value.landmarks.height} | dict(points)
    for one in fields(value):
        content = getattr(value, one.name)
        if one.name == "lid_states":
            row |= dict(zip(LID_COLUMNS, content or (), strict=False))
        elif _is_shares(type(value), one.name):
            row |= _shares(content, config)
        elif content is not None:
            row[one.name] = _plain(content)
    return row


def _event_row(event: Event, config: LogConfig) -> Row:
    data = dict(event.data)
    if event.kind == "health":
        return data
    if event.kind == "marker":
        return {"pressed": config.seconds(int(data["pressed_ns"])), "text": data["text"]}
    spans = {key: data.pop(f"{key}_ns", None) for key in ("start", "end")}
    row: Row = {"kind": event.kind} | {key: config.seconds(int(at)) for key, at in spans.items() if at is not None}
    return row | ({"data": json.dumps(data, sort_keys=True)} if data else {})


def _shares(p: tuple[float, ...] | None, config: LogConfig) -> Row:
    return {f"p_{name}": share for name, share in zip(config.engine_config.expression_classes, p or (), strict=False)}


def _plain(content: Any) -> Any:
    if isinstance(content, Level):
        return content.label
    if isinstance(content, Enum):
        return content.value
    if isinstance(content, Mapping):
        return json.dumps(dict(content), sort_keys=True)
    return " ".join(content) if isinstance(content, tuple) else content


class _Csv:
    """One CSV file, readable by its owner alone."""

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        self._file = os.fdopen(_created(path), "w", encoding="utf-8", newline="")
        self._rows = csv.DictWriter(self._file, list(columns), extrasaction="ignore", lineterminator="\n")
        self._rows.writeheader()

    def write(self, rows: list[Row]) -> None:
        self._rows.writerows(
            {name: int(value) if isinstance(value, bool) else value for name, value in row.items()} for row in rows
        )

    def close(self) -> None:
        self._file.close()


class _Parquet:
    """One Parquet file, readable by its owner alone."""

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        import pyarrow
        from pyarrow.parquet import ParquetWriter

        kinds = {WHOLE: pyarrow.int64(), NUMBER: pyarrow.float64(), FLAG: pyarrow.bool_(), TEXT: pyarrow.string()}
        self._schema = pyarrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
        self._file = os.fdopen(_created(path), "wb")
        self._writer = ParquetWriter(self._file, self._schema, compression="zstd")
        self._columns = columns

    def write(self, rows: list[Row]) -> None:
        import pyarrow

        columns = {name: [_of_kind(row.get(name), kind) for row in rows] for name, kind in self._columns.items()}
        self._writer.write_table(pyarrow.table(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()
        self._file.close()


def _of_kind(value: Any, kind: str) -> Any:
    """A value that a log holds in a column of another kind, as a hostile one may, is text or unknown."""
    if value is None or (kind == FLAG and isinstance(value, bool)):
        return value
    if kind == TEXT:
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if kind == NUMBER else int(value)


def _created(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
