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
        table.add_row(name, *cells, f"{report.cost_ms[name]:.2f}" if name in report.cost_ms else "-")
    console.print(table)
    for title, rows in (
        ("Yale, normal enrolled", report.yale),
        ("Yale, three neutral enrolled", report.yale_three),
        ("Yale, all other pictures enrolled", report.yale_left_out),
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
    if report.whole_ms:
        console.print("processor time: " + ", ".join(f"{name} {ms:.2f} ms" for name, ms in report.whole_ms.items()))
    if report.at_threshold:
        at = report.at_threshold
        console.print(
            f"at the shipped threshold ({at['similarity']:.3f}): {at['false_acceptance']:.3%} of others pass, "
            f"{at['accepted']:.1%} of the same are accepted",
            soft_wrap=True,
        )


def picture(report: Report) -> Figure:
    """Rank 1 over enrolled images, right answers by condition, and the receiver's curve, each way in one colour."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 5), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    colour = {name: f"C{place}" for place, name in enumerate(report.orl)}
    for name, by_count in report.orl.items():
        counts = list(by_count)
        means, spreads = (np.array([by_count[count][i] for count in counts]) * 100 for i in (0, 1))
        left.errorbar(counts, means, spreads, label=name, color=colour[name], marker="o", markersize=3, capsize=2)
    left.set(xlabel="enrolled images of each person", ylabel="rank 1, %", title="ORL, 40 people", xticks=list(ENROLLED))
    left.legend(fontsize=8)
    bars = [(f"{group},\none enrolled", report.yale, group) for group in YALE_GROUPS]
    bars.append(("light, all\nothers enrolled", report.yale_left_out, "light"))
    width = 0.8 / max(len(report.yale), 1)
    for i, name in enumerate(report.yale):
        shares = [100 * hits / count for hits, count in (found[name].get(group, (0, 1)) for _, found, group in bars)]
        middle.bar(np.arange(len(bars)) + (i - len(report.yale) / 2 + 0.5) * width, shares, width, color=colour[name])
    middle.set(title="Yale, 15 people", ylabel="rank 1, %", xticks=range(len(bars)))
    middle.set_xticklabels([label for label, _, _ in bars])
    for name, shares in report.curves.items():
        right.plot(RATES * 100, np.array(shares) * 100, color=colour[name], label=name)
    right.set(
        xscale="log", xlabel="false acceptance, %", ylabel="accepted, %", title="LFW, people apart", ylim=(0, 100)
    )
    right.axvline(0.1, color="0.7", linewidth=1)
    right.legend(fontsize=8)
    return figure


def _interval(value: float, bounds: tuple[float, float]) -> str:
    return f"{value:.2%} ({100 * bounds[0]:.1f}-{100 * bounds[1]:.1f})"
