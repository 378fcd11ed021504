"""What comes of one drive, and of one shard: whole numbers and texts, so that sums do not depend on their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from pydantic import TypeAdapter

from wakeful.device.fleet import layout
from wakeful.frozen import dataclass

FORMAT = 1
"""Number of the layout of shards and of ``fleet.json``."""


@dataclass(frozen=True, slots=True)
class Changed:
    """An alert that is raised otherwise than it was at the time.

    Attributes:
        at_ms: since the first frame. by_ms: how much later than at the time; 0 unless it moved.
        what: ``appeared``, ``vanished`` or ``moved``.
    """

    at_ms: int
    code: str
    level: str
    what: str
    by_ms: int = 0


@dataclass(frozen=True, slots=True)
class KindScore:
    """Alerts of a drive against one kind of event of the truth."""

    events: int = 0
    detected: int = 0
    false_alarms: int = 0
    quiet_ms: int = 0
    delays_ms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One judged drive.

    Attributes:
        driver, vehicle: "" where unknown; the driver's name is hashed unless the run was told to keep names.
        begun: by the wall clock, UTC.
        watched_ms: how long somebody could be judged; eyes_ms: with known eyes; health_ms: in each health.
        raised, then: alerts by code: now, and at the time.
        serious, urgent: alerts now that reached a warning, an urgent level.
        differences: alerts and events that are not the same to the last digit.
        appeared, vanished, moved: alerts that changed; ``changes`` holds the first of them.
        warnings: what a reader should know of the log, one line per problem.
        scores: by kind of event, where there is a truth.
    """

    name: str
    driver: str
    vehicle: str
    begun: str
    frames: int
    watched_ms: int
    eyes_ms: int
    health_ms: Mapping[str, int]
    raised: Mapping[str, int]
    then: Mapping[str, int]
    serious: int
    urgent: int
    differences: int
    appeared: int
    vanished: int
    moved: int
    changes: tuple[Changed, ...] = ()
    warnings: tuple[str, ...] = ()
    scores: Mapping[str, KindScore] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """A drive that was not judged.

    Attributes:
        kind: ``foreign``, ``cut``, ``corrupt``, ``changed``, ``copy``, ``unusable``, ``unreadable`` or ``failed``.
        why: one line, with what to do.
    """

    name: str
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class ShardResult:
    """What came of a shard.

    Attributes:
        code: that judged it.
        cpu_ms: processor time it took, and no part of any figure.
    """

    number: int
    code: str
    judged: tuple[Row, ...]
    refused: tuple[Refused, ...]
    cpu_ms: int = 0
    format: int = FORMAT


_RESULT = TypeAdapter(ShardResult)


def to_json(result: ShardResult) -> bytes:
    """The file of a shard."""
    return _RESULT.dump_json(result)


def from_json(data: bytes, name: str) -> ShardResult:
    """Reads the file of a shard.

    Raises:
        FleetError: it is damaged, or of another layout.
    """
    return layout.read(_RESULT, data, name, "result of a shard", FORMAT, "delete it and resume the run")
