"""Two runs over the same drives: which drives changed, and how the rates of alerts relate."""

from __future__ import annotations

from collections.abc import Mapping

from wakeful.device.evaluation.binomial import share_interval
from wakeful.device.fleet.merge import Fleet
from wakeful.device.fleet.rows import Row
from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """Alerts of one code in both runs.

    Attributes:
        ratio: rate of the second run over that of the first; None where the first has none.
        low, high: exact bounds of it at 95 %; None above is without bound.
    """

    code: str
    first: int
    second: int
    ratio: float | None
    low: float
    high: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One drive that the runs judge differently. ``more``: alerts of each code in the second run beyond the first."""

    name: str
    more: Mapping[str, int]
    moved: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs.

    Attributes:
        hours: judged in each, over the drives that both judged.
        rates: by code. differences: by the name of the drive.
        first_only, second_only: drives that only one of them judged.
    """

    hours: tuple[float, float]
    drives: int
    rates: tuple[Rate, ...]
    differences: tuple[Difference, ...]
    first_only: tuple[str, ...]
    second_only: tuple[str, ...]


def compare(first: Fleet, second: Fleet) -> Comparison:
    """What the second run makes of the drives that both judged, against the first.

    Raises:
        ConfigError: scipy is not installed.
    """
    before, after = ({row.name: row for row in fleet.rows} for fleet in (first, second))
    both = sorted(before.keys() & after.keys())
    hours = tuple(sum(rows[name].watched_ms for name in both) / 3.6e6 for rows in (before, after))
    codes = sorted({code for rows in (before, after) for name in both for code in rows[name].raised})
    counts = {
        code: tuple(sum(rows[name].raised.get(code, 0) for name in both) for rows in (before, after)) for code in codes
    }
    return Comparison(
        hours=(hours[0], hours[1]),
        drives=len(both),
        rates=tuple(rate(code, (n[0], n[1]), (hours[0], hours[1])) for code, n in counts.items()),
        differences=tuple(one for name in both if (one := _difference(before[name], after[name])) is not None),
        first_only=tuple(sorted(before.keys() - after.keys())),
        second_only=tuple(sorted(after.keys() - before.keys())),
    )


def rate(code: str, counts: tuple[int, int], hours: tuple[float, float]) -> Rate:
    """The ratio of two Poisson rates with its exact interval, conditional on the sum of the counts.

    Given that sum, the second count is binomial with p = r t2 / (t1 + r t2): Clopper and Pearson's bounds of p are
    bounds of the ratio r (Przyborowski and Wilenski, Biometrika 31, 1940).
    """
    first, second = counts
    if first + second == 0 or min(hours) <= 0.0:
        return Rate(code, first, second, None, 0.0, None)
    low, high = share_interval(second, first + second)
    scale = hours[0] / hours[1]
    return Rate(
        code,
        first,
        second,
        second / first * scale if first else None,
        low / (1.0 - low) * scale,
        high / (1.0 - high) * scale if high < 1.0 else None,
    )


def _difference(before: Row, after: Row) -> Difference | None:
    codes = sorted({*before.raised, *after.raised})
    more = {code: n for code in codes if (n := after.raised.get(code, 0) - before.raised.get(code, 0))}
    moved = not more and before.changes != after.changes
    return Difference(before.name, more, moved) if more or moved else None
