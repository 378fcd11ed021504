"""Records as files: JSON that can be loaded again, CSV for spreadsheets, one HTML page for people.

Rewritten atomically after every row: finished rows are kept, even if a later one fails.
"""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from wakeful.device.bench.record import SCHEMA, SCHEMA_VERSION, WALL_TIME, Record, Row
from wakeful.errors import ConfigError
from wakeful.files import write_file

MAX_BYTES = 256 * 2**20
"""Records are far smaller; a larger file is something else."""


class RecordError(ConfigError):
    """A file that is not a record of this schema."""


def save(record: Record, target: Path) -> list[Path]:
    """Write ``target`` (JSON) and, beside it, the same as .csv and .html; returns their paths.

    Raises:
        ConfigError: they cannot be written.
    """
    from wakeful.device.bench.page import page

    texts = {
        target: json.dumps(asdict(record), indent=1) + "\n",
        target.with_suffix(".csv"): as_csv(record),
        target.with_suffix(".html"): page(record),
    }
    for path, text in texts.items():
        try:
            write_file(path, text, private=True)
        except OSError as error:
            raise ConfigError(f"{path}: the record cannot be written ({error.strerror}); choose another file") from None
    return list(texts)


def load(path: Path) -> Record:
    """Read a record.

    Raises:
        RecordError: it cannot be read, or is not a record of this schema.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        given: Any = json.loads(content) if len(content) <= MAX_BYTES else None
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise RecordError(f"{path}: is not JSON; give a record that `wakeful bench ... --out` wrote") from None
    if not isinstance(given, dict) or given.get("schema") != SCHEMA:
        raise RecordError(f"{path}: is not a record of `wakeful bench`")
    if given.get("schema_version") != SCHEMA_VERSION:
        raise RecordError(
            f"{path}: has schema version {given.get('schema_version')}, this wakeful reads {SCHEMA_VERSION}; "
            "measure again with one version"
        )
    try:
        record = TypeAdapter(Record).validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise RecordError(f"{path}: is a damaged record ({where}: {first['msg']})") from None
    if not all(0.0 < one < math.inf for row in record.rows for one in row.turns_ms):
        raise RecordError(f"{path}: is a damaged record (a turn without a time)")
    return record


def as_csv(record: Record) -> str:
    """One line per row; an absent figure is empty, and its reason is in the column ``absent``."""
    names = list(dict.fromkeys(name for row in record.rows for name in row.figures))
    about = ["network", "precision", "runtime", "threads", "scenario", "emulated", "quick", "ranked"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*about, *names, "parity", "task", "verdict", "error", "absent", "busy"])
    for row in record.rows:
        subject = row.subject
        verdict = "; ".join(
            f"{one.verdict} ({one.ratio:.3f} of {'' if one.by == WALL_TIME else f'the {one.by} of '}{one.first})"
            for one in record.comparisons
            if one.second == subject.name and one.scenario == row.scenario
        )
        writer.writerow(
            [
                subject.network,
                subject.precision,
                subject.runtime,
                subject.threads,
                row.scenario,
                record.emulated,
                record.quick,
                _ranked(row),
                *(row.figures.get(name) for name in names),
                row.accuracy.parity,
                row.accuracy.task,
                verdict,
                row.error,
                "; ".join(f"{name}: {reason}" for name, reason in row.absent.items()),
                row.busy,
            ]
        )
    return out.getvalue()


def _ranked(row: Row) -> bool:
    return row.error is None and row.accuracy.ranked
