"""Two records against each other: did a change make it faster or slower?

They were measured at different times, so the interval knows nothing of what else changed meanwhile; where that matters
take turns (``--against``). Figures of an emulator are not compared at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wakeful import ConfigError
from wakeful.device.bench.record import Comparison, Record, Row
from wakeful.device.bench.statistics import Verdict, ratio_apart

HOST = ("machine", "processor", "soc", "board", "cores", "affinity", "kernel", "governor", "features")
COMPARED = ("single-stream", "pipeline", "paced", "sustained", "cold")


class NotComparable(ConfigError):
    """Two records that cannot be set against each other."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the comparison found.

    Attributes:
        comparisons: of rows that both have; ``first`` is the row of the first record.
        warnings: what differs between the two besides the times.
        slower: those of the comparisons that are slower by more than is allowed.
    """

    comparisons: tuple[Comparison, ...]
    warnings: tuple[str, ...]
    slower: tuple[Comparison, ...]


def compare(first: Record, second: Record, allowed: float | None = None) -> Judged:
    """Set the rows of two records against each other.

    Args:
        allowed: how much slower the second may be, as a share of the first; None allows everything.

    Raises:
        NotComparable: one is of an emulator, or they have no row in common.
    """
    for name, record in (("first", first), ("second", second)):
        if record.emulated:
            why = record.emulation or "an emulator"
            raise NotComparable(f"the {name} record is emulated ({why}): its times say nothing, so nothing is compared")
    theirs = {row.key: row for row in second.rows if row.turns_ms}
    pairs = [(row, theirs[row.key]) for row in first.rows if row.turns_ms and row.key in theirs]
    pairs = [pair for pair in pairs if pair[0].scenario in COMPARED]
    if not pairs:
        raise NotComparable(
            "the two records have no row in common: they must have measured the same network, precision, runtime and "
            "threads in the same scenario"
        )
    comparisons = tuple(_ratio(one, two) for one, two in pairs)
    slower = [one for one in comparisons if one.verdict == Verdict.SLOWER and _beyond(one, allowed)]
    return Judged(comparisons, tuple(_warnings(first, second, pairs)), tuple(slower))


def share(text: str) -> float:
    """``5%`` as 0.05.

    Raises:
        ConfigError: it is no percentage.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", text)
    if not found:
        raise ConfigError(f"--fail-if-slower {text}: should be a percentage, as in 5%")
    return float(found[1]) / 100.0


def _ratio(one: Row, two: Row) -> Comparison:
    told = ratio_apart(one.turns_ms, two.turns_ms)
    return Comparison(
        first="before",
        second=f"{one.subject.name}, {one.scenario}",
        scenario=one.scenario,
        ratio=round(told.ratio, 5),
        low=round(told.low, 5),
        high=round(told.high, 5),
        turns=told.turns,
        verdict=told.verdict.value,
    )


def _beyond(one: Comparison, allowed: float | None) -> bool:
    return allowed is not None and one.ratio > 1.0 + allowed


def _warnings(first: Record, second: Record, pairs: list[tuple[Row, Row]]) -> list[str]:
    told = [
        f"{name} differs: {first.host.get(name)} and {second.host.get(name)}"
        for name in HOST
        if first.host.get(name) != second.host.get(name)
    ]
    packages = sorted(first.versions.keys() | second.versions.keys())
    told += [
        f"{name} differs: {first.versions.get(name, 'none')} and {second.versions.get(name, 'none')}"
        for name in packages
        if first.versions.get(name) != second.versions.get(name)
    ]
    told += [f"the {name} record is a quick one" for name, one in (("first", first), ("second", second)) if one.quick]
    told += [
        f"{one.subject.name}: another file ({(one.subject.sha256 or '')[:12]}, {(two.subject.sha256 or '')[:12]})"
        for one, two in pairs
        if one.subject.sha256 != two.subject.sha256
    ]
    common = {one.key for one, _ in pairs}
    every = [row for record in (first, second) for row in record.rows if row.error is None]
    alone = [row.key for row in every if row.key not in common]
    told += [f"only in one of the two: {name}, {scenario}" for name, scenario in dict.fromkeys(alone)]
    return told
