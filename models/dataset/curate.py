"""Writes a cleaned data set, with a record of every decision that led to it.

What is tested on stays as it was published, so that figures before and after can be compared: of copies in several
splits, those in the split that comes first in train, valid, test are dropped, and no other rule reaches valid or test.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wakeful.errors import ConfigError
from wakeful.files import write_file
from wakeful.frozen import dataclass
from wakeful.models.dataset.copies import Copies
from wakeful.models.dataset.inspection import Inspection
from wakeful.version import __version__

DECISIONS, RECORD = "decisions.csv", "curate.json"
HELD_OUT = ("valid", "test")


@dataclass(frozen=True, slots=True)
class Rules:
    """What is dropped.

    Attributes:
        near: near copies in several splits, as exact ones always are.
        near_inside: near copies within a split but for one. Frames of a video are near copies, and most of them go.
        conflicts: exact copies with conflicting labels, unless more than half agree: then those that disagree.
        held_out: valid and test are cleaned of copies inside and of conflicts too.
        dropped: rows that a person dropped by hand, and why.
    """

    near: bool = True
    near_inside: bool = False
    conflicts: bool = True
    held_out: bool = False
    dropped: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Why a picture was dropped, and for which other one."""

    why: str
    beside: int | None = None


def decide(seen: Inspection, rules: Rules) -> dict[int, Decision]:
    """What is dropped, by row; everything else is kept."""
    gone = {int(i): Decision("cannot be decoded") for i in seen.unreadable}
    for row, why in rules.dropped:
        gone.setdefault(row, Decision(why))
    if rules.conflicts and seen.labels:
        _drop_conflicts(seen, rules, gone)
    _drop_copies(seen, seen.exact, "exact copy", True, rules, gone)
    if seen.near is not None and rules.near:
        _drop_copies(seen, seen.near, "near copy", rules.near_inside, rules, gone)
    return gone


def write_curated(seen: Inspection, rules: Rules, out: Path) -> dict[str, Any]:
    """Writes the kept pictures and the record into the new folder ``out``; gives the record.

    Raises:
        ConfigError: the folder is not empty, nothing would be left, or it cannot be written.
    """
    gone = decide(seen, rules)
    kept = [i for i in range(len(seen.measured)) if i not in gone]
    if not kept:
        raise ConfigError("nothing would be left of the data set: curate it by fewer rules")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} is there already: name a new folder for the curated set")
    record = {
        "wakeful": __version__,
        "source": seen.pictures.source.name,
        "rules": asdict(rules) | {"dropped": len(rules.dropped)},
        "pictures": len(seen.measured),
        "kept": len(kept),
        "dropped": dict(Counter(one.why for one in gone.values()).most_common()),
        "splits": {
            name: {"was": int((seen.split == i).sum()), "is": int((seen.split[kept] == i).sum())}
            for i, name in enumerate(seen.splits)
        },
    }
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        seen.pictures.write(kept, out)
        write_file(out / DECISIONS, _decisions(seen, gone), private=True)
        write_file(out / RECORD, json.dumps(record, indent=1) + "\n", private=True)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror or error}; is there room?") from None
    return record


def read_dropped(file: Path, seen: Inspection) -> tuple[tuple[int, str], ...]:
    """Rows that a person chose out of ``look_at.csv``: whatever is still in the table is dropped.

    Raises:
        ConfigError: it is no such table, or one of another set.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
        found = [(int(row["row"]), row["name"], row.get("why") or "by hand") for row in rows]
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise ConfigError(f"{file} is not a table with row and name, as `data inspect --out` writes: {error}") from None
    items = seen.pictures.items
    for row, name, _ in found:
        if not 0 <= row < len(items) or items[row].name != name:
            raise ConfigError(f"{file}: row {row} of this data set is not {name}: it belongs to another one")
    return tuple((row, f"by hand: {why}") for row, _, why in found)


def _may_clean(seen: Inspection, rules: Rules, index: int) -> bool:
    return rules.held_out or seen.splits[seen.split[index]] not in HELD_OUT


def _drop_conflicts(seen: Inspection, rules: Rules, gone: dict[int, Decision]) -> None:
    column = seen.pictures.columns[0]
    for conflict in seen.conflicts:
        if conflict.column != column or not conflict.exact:
            continue
        known = Counter(one for one in conflict.labels if one)
        label, votes = known.most_common(1)[0]
        agreed = votes * 2 > sum(known.values())
        for member, says in zip(conflict.members, conflict.labels, strict=True):
            if (not agreed or says != label) and _may_clean(seen, rules, member):
                why = f"conflicting labels, {'outvoted' if agreed else 'undecided'}"
                gone.setdefault(member, Decision(why, next(i for i in conflict.members if i != member)))


def _drop_copies(
    seen: Inspection, copies: Copies, kind: str, inside: bool, rules: Rules, gone: dict[int, Decision]
) -> None:
    """Of each group, keeps what is in the last of its splits; ``inside``: only the first of these."""
    for group in copies.groups():
        members = [int(i) for i in group if int(i) not in gone]
        if len(members) < 2:
            continue
        last = max(seen.split[members])
        staying = [i for i in members if seen.split[i] == last]
        for member in members:
            if seen.split[member] != last:
                gone[member] = Decision(f"{kind} of one in {seen.splits[last]}", staying[0])
        if inside and _may_clean(seen, rules, staying[0]):
            for member in staying[1:]:
                gone[member] = Decision(f"{kind} in the same split", staying[0])


def _decisions(seen: Inspection, gone: dict[int, Decision]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("row", "name", "split", *seen.pictures.columns, "decision", "why", "beside"))
    items = seen.pictures.items
    for index, item in enumerate(items):
        one = gone.get(index)
        beside = "" if one is None or one.beside is None else items[one.beside].name
        said = ("keep", "", "") if one is None else ("drop", one.why, beside)
        rows.writerow((index, item.name, item.split, *item.labels, *said))
    return text.getvalue()
