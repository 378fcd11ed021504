"""The record of a benchmark: everything needed to trust a figure, or to doubt it. No files; see ``store``.

A figure that is not available is None, and ``absent`` holds the reason under the same name: an absent counter is
never 0.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from wakeful.frozen import dataclass

if TYPE_CHECKING:
    from wakeful.device.bench.statistics import Ratio

SCHEMA = "wakeful-bench"
SCHEMA_VERSION = 1

Value = float | int | str | bool | None

WALL_TIME, CPU_TIME, MEAN_TIME = "wall time", "CPU time", "mean time"
"""What a comparison may be made by."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What was measured.

    Attributes:
        kind: ``model``, ``pipeline`` or ``peer``.
        network: a name of the registry, the name of a file, a landmark reader, or the name of a peer.
        file, sha256, bytes: of the network; None if the subject is not a single file.
        runtime, precision: as ``litert`` and ``int8``; None for a peer, where they are unknown.
        command: of a peer.
    """

    kind: str
    network: str
    runtime: str | None = None
    precision: str | None = None
    threads: int | None = None
    file: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    command: str | None = None

    @property
    def name(self) -> str:
        """The subject in a few words; identifies a row in another record."""
        threads = f"{self.threads} thread{'s' if self.threads != 1 else ''}" if self.threads else None
        return ", ".join(part for part in (self.network, self.precision, self.runtime, threads) if part)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The known accuracy of a network file; None is unknown, for the reason in ``absent``.

    Attributes:
        parity: how far its outputs are from the float network's, in words, and the allowed bound.
        parity_passed: whether it is within that bound.
        task: the figure people care about (top-1, pixel error) in words.
        source: the data it was measured on.
    """

    parity: str | None = None
    parity_passed: bool | None = None
    task: str | None = None
    source: str | None = None
    absent: str | None = None

    @property
    def ranked(self) -> bool:
        """A variant outside its bound is not ranked, however fast it is."""
        return self.parity_passed is not False


UNKNOWN = Accuracy(absent="not looked up")


@dataclass(frozen=True, slots=True)
class Row:
    """One subject in one scenario.

    Attributes:
        figures: by name, with units in the names; ``wakeful.device.bench.table`` gives their headings.
        absent: why a figure that is None is None.
        turns_ms: median time of each turn, in order.
        turns_cpu_ms: CPU time of a run in each turn; empty if it was not measured turn by turn.
        turns_queued_ms: how long a run of each turn waited for a core; empty if unknown.
        turns_others: cores that other programs used in each turn; empty if unknown.
        busy: why the machine counts as busy during this measurement, "" if it does not.
        quantiles_ms: the percentiles 0 to 100 of all times.
        stages: the pipeline's stages in order, each with its figures.
        minutes: a sustained run, minute by minute.
        samples: counters of the machine, each half second (fewer in long runs).
        operators: how many operators each unit executes (``XNNPACK``, ``CPU``, ``QNN``).
        error: why there are no figures.
    """

    subject: Subject
    scenario: str
    figures: dict[str, Value] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    turns_ms: tuple[float, ...] = ()
    turns_cpu_ms: tuple[float, ...] = ()
    turns_queued_ms: tuple[float, ...] = ()
    turns_others: tuple[float, ...] = ()
    busy: str = ""
    quantiles_ms: tuple[float, ...] = ()
    stages: tuple[dict[str, Value], ...] = ()
    minutes: tuple[dict[str, Value], ...] = ()
    samples: tuple[dict[str, Value], ...] = ()
    operators: dict[str, int] | None = None
    accuracy: Accuracy = UNKNOWN
    error: str | None = None

    def __post_init__(self) -> None:
        silent = [name for name, value in self.figures.items() if value is None and name not in self.absent]
        if silent:
            raise ValueError(f"absent without a reason: {', '.join(silent)}")

    @property
    def key(self) -> tuple[str, str]:
        """Identifies the same row in another record."""
        return self.subject.name, self.scenario


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two subjects: times of ``second`` over times of ``first``.

    Attributes:
        by: ``wall time``, medians of turns; ``CPU time`` if the machine was busy; ``mean time``, means of turns.
        note: why wall time was used although the machine was busy, "" if there is nothing to say.
    """

    first: str
    second: str
    scenario: str
    ratio: float
    low: float
    high: float
    turns: int
    verdict: str
    by: str = WALL_TIME
    note: str = ""

    @classmethod
    def of(cls, found: Ratio, first: str, second: str, scenario: str, by: str, note: str) -> Comparison:
        """A comparison with this ratio."""
        ratio, low, high = (round(one, 5) for one in (found.ratio, found.low, found.high))
        return cls(first, second, scenario, ratio, low, high, found.turns, found.verdict.value, by, note)


@dataclass(frozen=True, slots=True)
class Record:
    """One benchmark.

    Attributes:
        command: the command line.
        began: ISO 8601, with the offset from UTC.
        quick: fewer runs than a figure for publication needs.
        emulated: a simulator or an emulator executed the instructions: the times say nothing about a board.
        emulation: how that was detected.
        networks: sha256 of every network that was used, by the name of its entry or file.
        wakeful, versions, host: which program, which libraries, which machine; see ``wakeful.device.bench.host``.
        ended: False while it is still being measured, or if it was interrupted.
    """

    command: str
    began: str
    quick: bool
    emulated: bool
    emulation: str | None
    wakeful: dict[str, Value]
    versions: dict[str, str]
    host: dict[str, Any]
    rows: tuple[Row, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    networks: dict[str, str] = field(default_factory=dict)
    ended: bool = False
    schema: str = SCHEMA
    schema_version: int = SCHEMA_VERSION

    @property
    def busy(self) -> tuple[str, ...]:
        """Why the machine was busy while rows were measured, each reason once."""
        return tuple(dict.fromkeys(row.busy for row in self.rows if row.busy))

    def with_(self, *rows: Row, comparisons: tuple[Comparison, ...] = ()) -> Record:
        """The record with further rows and comparisons."""
        return replace(self, rows=(*self.rows, *rows), comparisons=(*self.comparisons, *comparisons))
