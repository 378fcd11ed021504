"""Joins the shards of a run: sums of whole numbers, sorted by name, so the same bytes however it was cut."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, field

from pydantic import TypeAdapter

from wakeful.device.fleet import layout
from wakeful.device.fleet.errors import FleetError
from wakeful.device.fleet.plan import Plan
from wakeful.device.fleet.rows import FORMAT, KindScore, Refused, Row, ShardResult
from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Sums:
    """What several drives come to. Attributes as of ``Row``; ``differing``: drives that are not as at the time."""

    drives: int = 0
    frames: int = 0
    watched_ms: int = 0
    eyes_ms: int = 0
    health_ms: Mapping[str, int] = field(default_factory=dict)
    raised: Mapping[str, int] = field(default_factory=dict)
    then: Mapping[str, int] = field(default_factory=dict)
    serious: int = 0
    urgent: int = 0
    differing: int = 0
    scores: Mapping[str, KindScore] = field(default_factory=dict)

    @property
    def hours(self) -> float:
        return self.watched_ms / 3_600_000.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """The result of a run.

    Attributes:
        wakeful, code: that judged it.
        profile, profile_digest: the rules that were applied; "" for those recorded in each log.
        late_ms: how late an alert may come and still count as a detection.
        total: over all rows. drivers, vehicles: by name, "" for those unknown.
        rows, refused: by name.
    """

    wakeful: str
    code: str
    profile: str
    profile_digest: str
    late_ms: int
    total: Sums
    drivers: Mapping[str, Sums]
    vehicles: Mapping[str, Sums]
    rows: tuple[Row, ...]
    refused: tuple[Refused, ...]
    format: int = FORMAT


_FLEET = TypeAdapter(Fleet)


def merge(plan: Plan, results: Iterable[ShardResult]) -> Fleet:
    """All shards of a run together.

    Raises:
        FleetError: one is missing, or was judged by other code.
    """
    by_number = {result.number: result for result in results}
    missing = [number for number in range(len(plan.shards)) if number not in by_number]
    if missing:
        raise FleetError(f"{len(missing)} of {len(plan.shards)} shards are not judged yet: resume the run")
    other = sorted({result.code for result in by_number.values()} - {plan.code})
    if other:
        raise FleetError(
            f"shards were judged by other code ({other[0]}) than the plan's ({plan.code}): start a new run"
        )
    rows = sorted((row for result in by_number.values() for row in result.judged), key=lambda row: row.name)
    refused = sorted((one for result in by_number.values() for one in result.refused), key=lambda one: one.name)
    return Fleet(
        wakeful=plan.version,
        code=plan.code,
        profile=plan.rules.name if plan.rules else "",
        profile_digest=plan.rules.digest if plan.rules else "",
        late_ms=round(plan.bounds.late_s * 1000),
        total=sums(rows),
        drivers={name: sums(some) for name, some in _by(rows, "driver").items()},
        vehicles={name: sums(some) for name, some in _by(rows, "vehicle").items()},
        rows=tuple(rows),
        refused=tuple(refused),
    )


def to_json(fleet: Fleet) -> bytes:
    """``fleet.json``."""
    return (json.dumps(asdict(fleet), sort_keys=True, indent=1) + "\n").encode()


def from_json(data: bytes, name: str) -> Fleet:
    """Reads ``fleet.json``.

    Raises:
        FleetError: it is damaged, or of another layout.
    """
    return layout.read(_FLEET, data, name, "result of a run", FORMAT, "`wakeful fleet report RUN` writes it again")


def sums(rows: Sequence[Row]) -> Sums:
    """What these drives come to."""
    return Sums(
        drives=len(rows),
        frames=sum(row.frames for row in rows),
        watched_ms=sum(row.watched_ms for row in rows),
        eyes_ms=sum(row.eyes_ms for row in rows),
        health_ms=_added(row.health_ms for row in rows),
        raised=_added(row.raised for row in rows),
        then=_added(row.then for row in rows),
        serious=sum(row.serious for row in rows),
        urgent=sum(row.urgent for row in rows),
        differing=sum(differs(row) for row in rows),
        scores=_scores(rows),
    )


def differs(row: Row) -> bool:
    """Whether alerts are not those that were raised at the time."""
    return bool(row.appeared or row.vanished or row.moved)


def _by(rows: Iterable[Row], what: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(getattr(row, what), []).append(row)
    return dict(sorted(found.items()))


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(sorted(total.items()))


def _scores(rows: Sequence[Row]) -> dict[str, KindScore]:
    kinds: dict[str, list[KindScore]] = {}
    for row in rows:
        for kind, one in row.scores.items():
            kinds.setdefault(kind, []).append(one)
    return {kind: _joined(some) for kind, some in sorted(kinds.items())}


def _joined(scores: Sequence[KindScore]) -> KindScore:
    return KindScore(
        events=sum(one.events for one in scores),
        detected=sum(one.detected for one in scores),
        false_alarms=sum(one.false_alarms for one in scores),
        quiet_ms=sum(one.quiet_ms for one in scores),
        delays_ms=tuple(sorted(delay for one in scores for delay in one.delays_ms)),
    )
