"""The record of a benchmark: everything needed to believe a figure, or to doubt it. Pure; files are ``store``'s.

A figure that could not be had is None, and its reason stands in ``absent`` under the same name: an absent counter is
never 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

SCHEMA = "wakeful-bench"
SCHEMA_VERSION = 1

Value = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Subject:
    """What was measured.

    Attributes:
        kind: ``model``, ``pipeline`` or ``peer``.
        network: a name of the registry, the file's own name, a reader of landmarks, or the name of a peer.
        file, sha256, bytes: of the network; None for what is not one file.
        runtime, precision: as ``litert`` and ``int8``; None for a peer, of which they are not known.
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
        """The subject in a few words; what a row is found by in another record."""
        threads = f"{self.threads} thread{'s' if self.threads != 1 else ''}" if self.threads else None
        return ", ".join(part for part in (self.network, self.precision, self.runtime, threads) if part)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What is known of how exactly a network of this kind answers; None is not known, for the reason in ``absent``.

    Attributes:
        parity: how far its outputs are from the float network's, in words, and the bar it is held to.
        parity_passed: whether it keeps to that bar.
        task: the figure people care about (top-1, pixel error) in words.
        source: where that was measured.
    """

    parity: str | None = None
    parity_passed: bool | None = None
    task: str | None = None
    source: str | None = None
    absent: str | None = None

    @property
    def ranked(self) -> bool:
        """A variant that fails its bar does not compete, however fast it is."""
        return self.parity_passed is not False


UNKNOWN = Accuracy(absent="not looked up")


@dataclass(frozen=True, slots=True)
class Row:
    """One subject in one scenario.

    Attributes:
        figures: by name, with units in the names; see ``FIGURES`` in ``wakeful.device.bench.columns``.
        absent: why a figure that is None is None.
        turns_ms: median time of each turn, in order.
        quantiles_ms: the percentiles 0 to 100 of all times.
        stages: the pipeline's stages in order, each with its figures.
        minutes: a sustained run, minute by minute.
        samples: what the sampler read meanwhile, each half second (thinned out in long runs).
        operators: how many operators each unit executes (``XNNPACK``, ``CPU``, ``QNN``).
        error: why there are no figures.
    """

    subject: Subject
    scenario: str
    figures: dict[str, Value] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    turns_ms: tuple[float, ...] = ()
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
        """What the same row is found by in another record."""
        return self.subject.name, self.scenario


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two subjects that took turns: times of ``second`` over times of ``first``."""

    first: str
    second: str
    scenario: str
    ratio: float
    low: float
    high: float
    turns: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Record:
    """One benchmark.

    Attributes:
        command: the command line.
        began: ISO 8601, with the offset from UTC.
        quick: fewer runs than a figure for publication wants.
        emulated: a simulator or an emulator ran the instructions: the times say nothing about a board.
        emulation: how that was noticed.
        networks: sha256 of every network that took part, by the name of its entry or file.
        wakeful, versions, host: which program, which libraries, which machine; see ``wakeful.device.bench.host``.
        ended: False while it is still being measured, or if it was broken off.
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

    def with_(self, *rows: Row, comparisons: tuple[Comparison, ...] = ()) -> Record:
        """The record with further rows and comparisons."""
        return replace(self, rows=(*self.rows, *rows), comparisons=(*self.comparisons, *comparisons))
