"""The figures of ``wakeful evaluate identity`` as tables for people, and as one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

from wakeful.models.identity.evaluate import ENROLLED, RATES, YALE_GROUPS, Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = (1, 3, 5, 9)


def print_tables(report: Report, console: Console) -> None:
    """Identification on ORL and Yale, verification on LFW."""
    found = ", ".join(f"{name} {hits} of {count}" for name, (hits, count) in report.found.items())
    console.print(f"faces found by {report.reader}: {found}", soft_wrap=True)
    table = Table("ORL, rank 1 by enrolled images", *map(str, SHOWN), "ms a face", box=None)
    for name, by_count in report.orl.items():
        cells = [f"{by_count[count][0]:.1%}" if count in by_count else "-" for count in SHOWN]
        table.add_row(name, *cells, f"{report.cost_ms[name]:.2f}")
    console.print(table)
    for title, rows in (
        ("Yale, normal enrolled", report.yale),
        ("Yale, three neutral enrolled", report.yale_three),
        ("Yale, all other conditions enrolled", report.yale_left_out),
    ):
        table = Table(title, *YALE_GROUPS, "all", box=None)
        for name, counts in rows.items():
            if counts:
                shown = [counts.get(group) for group in (*YALE_GROUPS, "all")]
                table.add_row(name, *("-" if one is None else f"{one[0]} of {one[1]}" for one in shown))
        console.print(table)
    table = Table("LFW, people apart", "accuracy at equal error (95 %)", "accepted at 0.1 % (95 %)", box=None)
    for name, one in report.verification.items():
        table.add_row(name, _interval(one.accuracy, one.accuracy_95), _interval(one.accepted, one.accepted_95))
    console.print(table)
    if report.at_threshold:
        at = report.at_threshold
        console.print(
            f"at the shipped threshold ({at['similarity']:.3f}): {at['false_acceptance']:.3%} of others pass, "
            f"{at['accepted']:.1%} of the same are accepted",
            soft_wrap=True,
        )


def picture(report: Report) -> Figure:
    """Rank 1 over enrolled images, right answers by condition, and the receiver's curve."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 5), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for name, by_count in report.orl.items():
        counts = list(by_count)
        means, spreads = (np.array([by_count[count][i] for count in counts]) * 100 for i in (0, 1))
        left.errorbar(counts, means, spreads, label=name, marker="o", markersize=3, capsize=2)
    left.set(xlabel="enrolled images of each person", ylabel="rank 1, %", title="ORL, 40 people", xticks=list(ENROLLED))
    left.legend(fontsize=8)
    groups = (*YALE_GROUPS, "all")
    width = 0.8 / max(len(report.yale_three), 1)
    for i, (name, conditions) in enumerate(report.yale_three.items()):
        mine = {group: conditions[group] for group in groups if group in conditions}
        at = np.array([groups.index(group) for group in mine]) + (i - len(report.yale_three) / 2 + 0.5) * width
        middle.bar(at, [100 * hits / count for hits, count in mine.values()], width, label=name)
    middle.set(title="Yale, three neutral images enrolled", ylabel="rank 1, %", xticks=range(len(groups)))
    middle.set_xticklabels(groups)
    for name, shares in report.curves.items():
        right.plot(RATES * 100, np.array(shares) * 100, label=name)
    right.set(
        xscale="log", xlabel="false acceptance, %", ylabel="accepted, %", title="LFW, people apart", ylim=(0, 100)
    )
    right.axvline(0.1, color="0.7", linewidth=1)
    right.legend(fontsize=8)
    return figure


def _interval(value: float, bounds: tuple[float, float]) -> str:
    return f"{value:.2%} ({100 * bounds[0]:.1f}-{100 * bounds[1]:.1f})"
