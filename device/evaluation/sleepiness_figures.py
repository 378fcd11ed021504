"""The figures of ``wakeful evaluate sleepiness`` as tables for people, and as one picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from wakeful.device.evaluation.opening_series import Outcome
from wakeful.device.evaluation.sleepiness import LEVELS, Scored, alerted, reliability
from wakeful.device.evaluation.sleepiness_fit import DROWSY, LOW_VIGILANT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {
    "sleepiness": "sleepiness",
    "number_of_blinks": "their number alone (*)",
    "number_and_frequency": "number, frequency (*)",
    "mean_duration": "mean duration alone",
}


def print_tables(found: Mapping[str, dict[str, Any]], openings: Sequence[Outcome], console: Console) -> None:
    """AUC, alerts and reliability by set of coefficients, then the series of openings."""
    for name, one in found.items():
        table = Table(f"{name}, {one['people']} people", "drowsy/alert (95 %)", "low vigilant/alert (95 %)", box=None)
        for trick, levels in one["auc_95"].items():
            table.add_row(NAMES[trick], *(_auc(levels[LEVELS[level]]) for level in (DROWSY, LOW_VIGILANT)))
        console.print(table)
        console.print("(*) tells the recordings apart, not the people: no part of sleepiness")
        shares = ", ".join(f"{hits} of {all_} {level}" for level, (hits, all_) in one["alerted"].items())
        console.print(f"advisory in {shares} recordings")
        bins = ", ".join(f"{score:.2f}: {share:.2f} of {count}" for score, share, count in one["reliability"])
        console.print(f"drowsy by mean sleepiness: {bins}", soft_wrap=True)
    if openings:
        table = Table("series of openings", "closures", "of 1 s and more", "alerts", "sleepiness", box=None)
        for series in openings:
            counts = Counter(f"{code} {level}" for _, code, level in series.alerts)
            alerts = ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
            last = "unknown" if series.sleepiness is None else f"{series.sleepiness:.2f}"
            long = sum(length >= 1.0 for length in series.closures_s)
            table.add_row(series.name, str(len(series.closures_s)), str(long), alerts, last)
        console.print(table)


def picture(scored: Sequence[Scored], title: str) -> Figure:
    """Reliability, and the share of recordings alerted over the number of blinks."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    bins = reliability(scored)
    left.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    left.plot([score for score, _, _ in bins], [share for _, share, _ in bins], marker="o", color="tab:blue")
    for score, share, count in bins:
        left.annotate(str(count), (score, share), textcoords="offset points", xytext=(6, -10), fontsize=8)
    left.set(xlabel="mean sleepiness of a recording", ylabel="share rated drowsy", xlim=(0, 1), ylim=(0, 1))
    left.set_title("reliability (numbers: recordings)")
    counts = range(0, 301, 5)
    for level, name in LEVELS.items():
        shares = [alerted(scored, level, count)[0] / max(1, alerted(scored, level)[1]) for count in counts]
        right.step(counts, shares, where="post", label=name)
    right.set(xlabel="blinks so far", ylabel="share of people alerted", ylim=(0, 1))
    right.set_title("advisory by the rules of the profile")
    right.legend()
    figure.suptitle(title)
    return figure


def _auc(found: Sequence[float]) -> str:
    middle, low, high = found
    return f"{middle:.3f} ({low:.2f}-{high:.2f})"
