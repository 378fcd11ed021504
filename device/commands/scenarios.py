"""``wakeful scenarios``: the functional matrix, a rendered driver through the whole monitor case by case."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wakeful.device.commands.run import Landmarks

if TYPE_CHECKING:
    from wakeful.device.scenarios.matrix import Cell
    from wakeful.device.scenarios.runner import Bench, Result

app = typer.Typer(help="Test the monitor case by case on the synthetic driver.", no_args_is_help=True)

SHOWN_FAILURES = 20

Whole = Annotated[
    bool, typer.Option("--matrix", help="Use all cells (half an hour on one core), not a small selection.")
]
Only = Annotated[
    str, typer.Option(metavar="WORDS", help="Only cells with these words in their names, as in dim,glasses,sleep.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(whole: Whole = False, only: Only = "", as_json: AsJson = False) -> None:
    """List the cells and what is expected of each."""
    cells = _cells(whole, only)
    if as_json:
        typer.echo(json.dumps([{"cell": cell.id, "expected": _expected(cell)} for cell in cells], indent=1))
        return
    for cell in cells:
        typer.echo(f"{cell.id:44} {_expected(cell)}")


@app.command()
def run(
    whole: Whole = False,
    only: Only = "",
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write index.html and matrix.json into this folder.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Number of processes; default: one per core.")
    ] = None,
    landmarks: Annotated[Landmarks, typer.Option(help="Which networks read the face.")] = Landmarks.AUTO,
    profile: Annotated[str, typer.Option(metavar="NAME|FILE", help="Profile: the rules to apply.")] = "vehicle",
    as_json: AsJson = False,
) -> int:
    """Run cells and report pass or fail for each; status 1 if one fails."""
    cells = _cells(whole, only)
    from wakeful.device.config.layers import load_profile
    from wakeful.device.jobs import usable_cores
    from wakeful.device.perception.landmarks import load_reader
    from wakeful.device.scenarios.figures import as_json as figures
    from wakeful.device.scenarios.report import write_report
    from wakeful.device.scenarios.runner import Bench

    # A wrong profile or a missing network is reported at once, by this process.
    load_profile(profile)
    bench = Bench(load_reader(landmarks.value).traits.name, profile)
    begun_s = time.monotonic()
    results = _run(cells, bench, jobs or usable_cores())
    about: dict[str, Any] = {
        "landmarks": bench.landmarks,
        "profile": profile,
        "minutes": round((time.monotonic() - begun_s) / 60.0, 1),
    }
    page = write_report(report, results, about) if report else None
    if as_json:
        typer.echo(json.dumps(figures(results, about), indent=1))
    else:
        _print(results)
        if page:
            typer.echo(f"report: {page}")
    return 0 if all(result.verdict.passed for result in results) else 1


def _cells(whole: bool, only: str) -> tuple[Cell, ...]:
    from wakeful.device.scenarios.matrix import matrix, sample, select
    from wakeful.errors import ConfigError

    # Words select from the whole matrix: someone who names cells wants exactly these.
    cells = select(matrix() if whole or only else sample(), only)
    if not cells:
        raise ConfigError(
            f"--only {only}: no cell matches all of these words; list the cells with `wakeful scenarios list --matrix`"
        )
    return cells


def _run(cells: tuple[Cell, ...], bench: Bench, jobs: int) -> list[Result]:
    """Run them, with progress on the standard error."""
    from wakeful.device.scenarios.runner import run as run_cells

    results: list[Result] = []
    reported = 0.0
    for stage in run_cells(cells, bench, jobs):
        results += stage
        share = len(results) / len(cells)
        live = sys.stderr.isatty()
        if live or share >= reported + 0.1 or share == 1.0:
            reported = share
            failed = sum(not result.verdict.passed for result in results)
            line = f"{len(results)} of {len(cells)} cells, {failed} failed"
            typer.echo(f"\r{line}" if live else line, nl=not live or share == 1.0, err=True)
    return results


def _print(results: list[Result]) -> None:
    from rich.console import Console
    from rich.table import Table

    from wakeful.device.scenarios.figures import by_behaviour, by_group, count

    table = Table("", "cells", "right", "reported unreadable", "failed", box=None, pad_edge=False)
    for name, counted in [*by_group(results), *by_behaviour(results), ("all", count(results))]:
        failed = f"[red]{counted.failed}[/]" if counted.failed else "0"
        table.add_row(name, str(counted.total), str(counted.correct), str(counted.reported_blind), failed)
    console = Console()
    console.print(table)
    failures = [result for result in results if not result.verdict.passed]
    for result in failures[:SHOWN_FAILURES]:
        console.print(f"failed {result.cell.id}: {'; '.join(result.verdict.reasons)}", style="red", soft_wrap=True)
    if len(failures) > SHOWN_FAILURES:
        console.print(f"... and {len(failures) - SHOWN_FAILURES} more; --report DIR shows them all", style="red")


def _expected(cell: Cell) -> str:
    required = [f"{' or '.join(one.any_of)} {one.after_s:.1f}..{one.by_s:.1f} s" for one in cell.expected.required]
    return f"{cell.expected.sight}: " + (", ".join(required) or "no alert")
