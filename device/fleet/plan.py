"""Plans a run: which files make which drive, pinned; what they are judged by; and shards of about the same work."""

from __future__ import annotations

import hashlib
import heapq
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import PurePosixPath
from typing import Any

from pydantic import TypeAdapter

from wakeful.device.config.layers import merged_profile, profile_file, read_toml
from wakeful.device.evaluation.drives import Bounds, kinds_of
from wakeful.device.evaluation.truth import Truth, TruthError
from wakeful.device.fleet import layout
from wakeful.device.fleet.code import judging_code
from wakeful.device.fleet.rows import FORMAT
from wakeful.device.fleet.sources import Head, Pin
from wakeful.frozen import dataclass
from wakeful.version import __version__

JUDGE_S_PER_MB = 0.3
"""Processor seconds to read and judge a million bytes of a log without images, on the machine of docs/fleet.md."""
SHARD_S = 60.0
"""Work of a shard: a task of Metaflow costs under a second of its own."""
LEAST_SHARDS = 8
"""As many at least, as long as each has a drive: so there is progress to be seen, and little is lost."""


@dataclass(frozen=True, slots=True)
class Drive:
    """One recording to judge.

    Attributes:
        name: unique in the plan.
        copy_of: name of a drive with the same content, which is judged in its place.
        truth: the rows about it.
    """

    name: str
    files: tuple[Pin, ...]
    copy_of: str = ""
    truth: tuple[Truth, ...] = ()

    @property
    def bytes(self) -> int:
        return sum(pin.bytes for pin in self.files)


@dataclass(frozen=True, slots=True)
class Rules:
    """Another profile than the recorded ones: its tables, since a worker may not have its file."""

    name: str
    tables: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.tables, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Plan:
    """A run.

    Attributes:
        code: that has to judge it.
        rules: None for those recorded in each log.
        names: drivers are named, not hashed.
        kinds: of events in the truth; none without a truth.
        drives: by name. shards: places in ``drives``.
    """

    code: str
    version: str
    rules: Rules | None
    names: bool
    drives: tuple[Drive, ...]
    shards: tuple[tuple[int, ...], ...]
    kinds: tuple[str, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)
    format: int = FORMAT


_PLAN = TypeAdapter(Plan)


def to_json(plan: Plan) -> bytes:
    """The file of a plan."""
    return _PLAN.dump_json(plan)


def from_json(data: bytes, name: str) -> Plan:
    """Reads the file of a plan.

    Raises:
        FleetError: it is damaged, or of another layout.
    """
    return layout.read(_PLAN, data, name, "plan of a run", FORMAT)


def rules_of(profile: str) -> Rules:
    """The tables of a profile with those of the profiles that it extends.

    Raises:
        ConfigError: it cannot be read, or is wrong.
    """
    tables = dict(merged_profile(read_toml(profile_file(profile))).values)
    tables.pop("settings", None)
    return Rules(profile, tables)


def make_plan(
    found: Iterable[tuple[Pin, Head]],
    rules: Rules | None = None,
    truth: Sequence[Truth] = (),
    bounds: Bounds | None = None,
    *,
    names: bool = False,
    shards: int | None = None,
) -> Plan:
    """A plan for these files.

    Args:
        shards: how many; by default as many as their work asks for.

    Raises:
        TruthError: a row is about none of the drives, or about more than one.
    """
    drives, heads = _drives(found)
    drives = _with_truth(drives, heads, truth, names)
    return Plan(
        code=judging_code(),
        version=__version__,
        rules=rules,
        names=names,
        drives=tuple(drives),
        shards=_shards(drives, shards),
        kinds=kinds_of(truth),
        bounds=bounds or Bounds(),
    )


def pseudonym(name: str) -> str:
    """What stands for a driver's name: the same in every run, and no protection against whoever guesses names."""
    return hashlib.sha256(b"wakeful driver\0" + name.encode(errors="replace")).hexdigest()[:8] if name else ""


def _drives(found: Iterable[tuple[Pin, Head]]) -> tuple[list[Drive], dict[str, list[Head]]]:
    """The recordings that the files belong to, by name, and the heads of each one's files."""
    together: dict[tuple[str, str], list[tuple[Pin, Head]]] = {}
    for pin, head in found:
        # A cut is a recording by itself, as is a file without a head.
        alone = head.cut or not head.session
        folder = pin.place.rpartition("/")[0]
        together.setdefault((pin.place, "") if alone else (folder, head.session), []).append((pin, head))
    named: list[tuple[str, list[tuple[Pin, Head]]]] = []
    for files in together.values():
        files.sort(key=lambda one: (one[1].part, one[0].name))
        first = files[0][0].name
        named.append((first if len(files) == 1 else str(PurePosixPath(first).with_name(files[0][1].session)), files))
    named = _unique(named)
    drives: list[Drive] = []
    heads: dict[str, list[Head]] = {}
    first_with: dict[tuple[tuple[int, str], ...], str] = {}
    for name, files in sorted(named, key=lambda one: one[0]):
        pins = tuple(pin for pin, _ in files)
        content = tuple((pin.bytes, pin.digest) for pin in pins)
        known = all(pin.digest for pin in pins)
        copy_of = first_with.setdefault(content, name) if known else name
        drives.append(Drive(name, pins, "" if copy_of == name else copy_of))
        heads[name] = [head for _, head in files]
    return drives, heads


def _unique(named: Sequence[tuple[str, list[tuple[Pin, Head]]]]) -> list[tuple[str, list[tuple[Pin, Head]]]]:
    """Names that occur twice, as those of equal folders in two places, get a number."""
    seen: Counter[str] = Counter()
    taken = {name for name, _ in named}
    unique = []
    for name, files in named:
        seen[name] += 1
        number, new = seen[name], name
        while number > 1 and (new := f"{name} ({number})") in taken:
            number += 1
        taken.add(new)
        unique.append((new, files))
    return unique


def _with_truth(
    drives: Sequence[Drive], heads: Mapping[str, Sequence[Head]], truth: Sequence[Truth], names: bool
) -> list[Drive]:
    """Each drive with the rows about it."""
    about: dict[str, list[Truth]] = {}
    for row in truth:
        mine = [
            drive.name
            for drive in drives
            if not drive.copy_of
            and (
                (not row.recording and len(drives) == 1)
                or (row.recording and (row.recording in drive.name or row.recording in heads[drive.name][0].session))
            )
        ]
        if len(mine) != 1:
            what = "none" if not mine else str(len(mine))
            raise TruthError(
                f"a row of the truth is about recording {row.recording!r}, which names {what} of the logs given"
            )
        about.setdefault(mine[0], []).append(row if names else replace(row, driver=pseudonym(row.driver)))
    return [replace(drive, truth=tuple(about.get(drive.name, ()))) for drive in drives]


def _shards(drives: Sequence[Drive], wanted: int | None) -> tuple[tuple[int, ...], ...]:
    """Places of the drives, so that the shards have about the same work: the largest first, to the least loaded."""
    total_s = sum(drive.bytes for drive in drives) / 1e6 * JUDGE_S_PER_MB
    count = wanted or max(LEAST_SHARDS, math.ceil(total_s / SHARD_S))
    count = max(1, min(count, len(drives)))
    loads = [(0, number) for number in range(count)]
    shards: list[list[int]] = [[] for _ in range(count)]
    for place in sorted(range(len(drives)), key=lambda place: (-drives[place].bytes, place)):
        load, number = heapq.heappop(loads)
        shards[number].append(place)
        # An empty log is some work too.
        heapq.heappush(loads, (load + drives[place].bytes + 1, number))
    return tuple(tuple(sorted(shard)) for shard in shards)
