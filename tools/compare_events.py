"""Whether two revisions report the same: ``python -m tools.compare_events OLD NEW``, files or folders of ``--events``.

Before lines are compared, what version 0.2 added is taken away, and nothing else: the first line of kind ``run``, and
of alerts the fields ``time``, ``run``, ``id`` and ``step``. Renamed values are mapped to their new names.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ADDED_TO_ALERTS = ("time", "run", "id", "step")
RENAMED_NOTES = {"saving": "reduced"}

Line = dict[str, Any]


def comparable(text: str) -> list[Line]:
    """The lines of one file of events, without what 0.2 added."""
    lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    return [_plain(line) for line in lines if line["kind"] != "run"]


def _plain(line: Line) -> Line:
    if line["kind"] == "alert":
        return {key: value for key, value in line.items() if key not in ADDED_TO_ALERTS}
    if "note" in line:
        return line | {"note": RENAMED_NOTES.get(line["note"], line["note"])}
    return line


def first_difference(old: list[Line], new: list[Line]) -> str | None:
    """The first pair of lines that differs, in words; None where all are equal."""
    for number, (one, other) in enumerate(zip(old, new, strict=False), 1):
        if one != other:
            return f"line {number}: {json.dumps(one)} became {json.dumps(other)}"
    if len(old) != len(new):
        return f"{len(old)} lines became {len(new)}"
    return None


def main() -> None:
    """Prints one line per file and exits with 1 if any differs."""
    parser = argparse.ArgumentParser(prog="python -m tools.compare_events", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    given = parser.parse_args()
    pairs = [(given.old, given.new)]
    if given.old.is_dir():
        pairs = [(file, given.new / file.name) for file in sorted(given.old.glob("*.jsonl"))]
    different = 0
    for old, new in pairs:
        found = first_difference(comparable(old.read_text("utf-8")), comparable(new.read_text("utf-8")))
        different += found is not None
        print(f"{old.name}: {found or 'equal'}")
    print(f"{len(pairs) - different} of {len(pairs)} equal")
    sys.exit(1 if different or not pairs else 0)


if __name__ == "__main__":
    main()
