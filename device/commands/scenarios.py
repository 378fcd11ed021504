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
    from wakeful.device.fleet.runs import Run as StoredRun
    from wakeful.device.fleet.store import Store
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
HERE, DEFAULT_STORE = "here", "wakeful-fleet"
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run, or `latest`.", show_default=False)]
StoreOption = Annotated[
    str, typer.Option("--store", metavar="DIR|s3://", help="Where runs are kept: a folder or a prefix in S3.")
]


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
    on: Annotated[str, typer.Option(metavar="here|metaflow", help="What carries the work.")] = "here",
    store: Annotated[
        str | None,
        typer.Option("--store", metavar="DIR|s3://", help="Keep the run, every picture of it, in a folder or in S3."),
    ] = None,
    remote: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="DECORATOR", help="Where Metaflow's tasks run: kubernetes, batch:queue=NAME"),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="KEY:VALUE", help="Marks the run; may be repeated.")] = None,
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
    if store is not None or on != HERE or remote or tag:
        from wakeful.device.scenarios import carried

        opened = _store(store or DEFAULT_STORE, on, remote or [])
        kept = carried.new_run(opened, cells, bench, on, jobs or usable_cores(), remote or [], tag or [])
        typer.echo(f"run {kept.id}: {len(cells)} cells in {kept.shards} scenes", err=True)
        return _carry(opened, kept, report, as_json)
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


@app.command()
def resume(
    run: RunName,
    store: StoreOption = DEFAULT_STORE,
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write index.html and matrix.json into this folder too.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Continue a run of a store that was interrupted: finished scenes are kept."""
    from wakeful.device.scenarios import carried

    opened = _store(store)
    found = carried.load(opened, run)
    _store(store, found.on, list(found.remote))
    return _carry(opened, found, report, as_json)


@app.command()
def show(
    run: RunName,
    cell: Annotated[str, typer.Argument(metavar="CELL", help="As in dim/none/yaw0/pitch0/sleep.", show_default=False)],
    store: StoreOption = DEFAULT_STORE,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write its images as one PNG.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Draw its images again and compare them.")] = False,
    as_json: AsJson = False,
) -> int:
    """Show one case of a run: what its images were made of, and what was reported; status 1 if --again differs."""
    from wakeful.device.scenarios import carried
    from wakeful.device.scenarios.strip import differing, write_strip

    opened = _store(store)
    found = carried.cell_of(opened, carried.load(opened, run), cell)
    other = differing(found) if again else []
    if out:
        write_strip(found, out)
    if as_json:
        shown = {**found, "moments": len(found["moments"]), "differing": other if again else None}
        typer.echo(json.dumps(shown, indent=1))
    else:
        _print_cell(found)
        if again:
            same = len(found["pictures"]) - len(other)
            code = "" if found["code"] == carried.rendering_code() else ", by other code than this"
            typer.echo(f"drawn again: {same} of {len(found['pictures'])} images are the same{code}")
        if out:
            typer.echo(f"images: {out}")
    return 1 if other else 0


def _store(store: str, on: str = HERE, remote: list[str] | None = None) -> Store:
    from wakeful.device.fleet.metaflow import opened_store

    return opened_store(store, on, remote or ())


def _carry(store: Store, run: StoredRun, report: Path | None, as_json: bool) -> int:
    """Does what is left of a run and stitches its page."""
    from wakeful.device.scenarios import carried
    from wakeful.device.scenarios.figures import as_json as figures

    begun_s, images, scenes = time.monotonic(), 0, 0

    def seen(number: int, results: list[Result]) -> None:
        nonlocal images, scenes
        images, scenes = images + carried.images_of(results), scenes + 1
        typer.echo(f"{scenes} of {run.shards} scenes", err=True)

    carried.carry(store, run, seen)
    results, page = carried.finish(store, run, report)
    minutes = (time.monotonic() - begun_s) / 60.0
    if as_json:
        typer.echo(json.dumps(figures(results, {"run": run.id, "minutes": round(minutes, 2)}), indent=1))
    else:
        _print(results)
        typer.echo(f"{images} images shown in {minutes:.1f} min, {images / max(minutes, 1e-6):.0f} a minute")
        typer.echo(f"run {run.id}: {page}")
    return 0 if all(result.verdict.passed for result in results) else 1


def _print_cell(found: dict[str, Any]) -> None:
    typer.echo(f"{found['cell']}: {found['outcome']}, code {found['code']}")
    for name, value in found["parameters"].items():
        typer.echo(f"  {name}: {', '.join(f'{k} {v}' for k, v in value.items()) if isinstance(value, dict) else value}")
    for reason in found["reasons"]:
        typer.echo(f"  failed: {reason}")
    for alert in found["alerts"]:
        typer.echo(f"  {alert['t_s']:.2f} s: {alert['code']} ({alert['level']})")
    pictures = found["pictures"]
    seeds = f", seeds {pictures[0]['seed']} to {pictures[-1]['seed']}" if pictures else ""
    typer.echo(f"  {len(pictures)} images{seeds}")


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
