"""Two records against each other: did a change make it faster or slower?

They were measured at different times, so the interval does not cover what else changed in between; where that matters,
take turns (``--against``). Records of an emulator are never compared.
"""

from __future__ import annotations

import re

from wakeful.device.bench.busy import no_cpu_comparison
from wakeful.device.bench.record import CPU_TIME, WALL_TIME, Comparison, Record, Row
from wakeful.device.bench.statistics import Verdict, ratio_apart
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

HOST = ("machine", "processor", "soc", "board", "cores", "affinity", "kernel", "governor", "features")
COMPARED = ("single-stream", "pipeline", "paced", "sustained", "cold")


class NotComparable(ConfigError):
    """Two records that cannot be compared."""


@dataclass(frozen=True, slots=True)
class RecordComparison:
    """The result of comparing two records.

    Attributes:
        comparisons: of rows that both have; ``first`` is the row of the first record.
        warnings: what differs between the two besides the times.
        slower: those of the comparisons that are slower by more than is allowed.
    """

    comparisons: tuple[Comparison, ...]
    warnings: tuple[str, ...]
    slower: tuple[Comparison, ...]


def compare(first: Record, second: Record, allowed: float | None = None) -> RecordComparison:
    """Compare the rows that two records have in common.

    Args:
        allowed: how much slower the second may be, as a share of the first; None allows everything.

    Raises:
        NotComparable: one is of an emulator, or they have no row in common.
    """
    for name, record in (("first", first), ("second", second)):
        if record.emulated:
            why = record.emulation or "an emulator"
            raise NotComparable(f"the {name} record is emulated ({why}): its times mean nothing and are not compared")
    second_rows = {row.key: row for row in second.rows if row.turns_ms}
    pairs = [(row, second_rows[row.key]) for row in first.rows if row.turns_ms and row.key in second_rows]
    pairs = [pair for pair in pairs if pair[0].scenario in COMPARED]
    if not pairs:
        raise NotComparable(
            "the two records have no row in common: they must have measured the same network, precision, runtime and "
            "threads in the same scenario"
        )
    comparisons = tuple(_compare_rows(one, two) for one, two in pairs)
    slower = [
        one
        for one in comparisons
        if one.verdict == Verdict.SLOWER and allowed is not None and one.ratio > 1.0 + allowed
    ]
    return RecordComparison(comparisons, tuple(_warnings(first, second, pairs)), tuple(slower))


def share(text: str) -> float:
    """``5%`` as 0.05.

    Raises:
        ConfigError: it is not a percentage.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", text)
    if not found:
        raise ConfigError(f"--fail-if-slower {text}: should be a percentage, as in 5%")
    return float(found[1]) / 100.0


def _compare_rows(one: Row, two: Row) -> Comparison:
    """By CPU time if either was measured on a busy machine and both have it."""
    busy = bool(one.busy or two.busy)
    obstacle = next(filter(None, (_no_cpu_comparison(row) for row in (one, two))), "")
    by_cpu = busy and not obstacle
    return Comparison.of(
        ratio_apart(one.turns_cpu_ms if by_cpu else one.turns_ms, two.turns_cpu_ms if by_cpu else two.turns_ms),
        first="before",
        second=f"{one.subject.name}, {one.scenario}",
        scenario=one.scenario,
        by=CPU_TIME if by_cpu else WALL_TIME,
        note=obstacle if busy else "",
    )


def _no_cpu_comparison(row: Row) -> str:
    shortest_ms = min((*row.quantiles_ms[:1], *row.turns_ms))
    return no_cpu_comparison(row.turns_ms, row.turns_cpu_ms, shortest_ms, row.turns_queued_ms)


def _warnings(first: Record, second: Record, pairs: list[tuple[Row, Row]]) -> list[str]:
    warnings = [
        f"{name} differs: {first.host.get(name)} and {second.host.get(name)}"
        for name in HOST
        if first.host.get(name) != second.host.get(name)
    ]
    packages = sorted(first.versions.keys() | second.versions.keys())
    warnings += [
        f"{name} differs: {first.versions.get(name, 'none')} and {second.versions.get(name, 'none')}"
        for name in packages
        if first.versions.get(name) != second.versions.get(name)
    ]
    named = (("first", first), ("second", second))
    warnings += [f"the {name} record is a quick one" for name, record in named if record.quick]
    warnings += [f"the {name} record: busy machine, {why}" for name, record in named for why in record.busy]
    warnings += [
        f"{one.subject.name}: another file ({(one.subject.sha256 or '')[:12]}, {(two.subject.sha256 or '')[:12]})"
        for one, two in pairs
        if one.subject.sha256 != two.subject.sha256
    ]
    common = {one.key for one, _ in pairs}
    every = [row for record in (first, second) for row in record.rows if row.error is None]
    alone = [row.key for row in every if row.key not in common]
    warnings += [f"only in one of the two: {name}, {scenario}" for name, scenario in dict.fromkeys(alone)]
    return warnings
