"""``wakeful fleet``: judges many recorded drives, on this machine or on many, and keeps what came of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from wakeful.device.fleet.compare import Comparison
    from wakeful.device.fleet.merge import Fleet
    from wakeful.device.fleet.runs import Run
    from wakeful.device.fleet.store import Store

app = typer.Typer(help="Judge many recorded drives, on this machine or on a cluster.", no_args_is_help=True)

SHOWN = 20
StoreOption = Annotated[
    str, typer.Option("--store", metavar="DIR|s3://", help="Where runs are kept: a folder or a prefix in S3.")
]
DEFAULT_STORE = "wakeful-fleet"
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run, or `latest`.", show_default=False)]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder for fleet.json and the page; by default in the store.")
]


@app.command()
def replay(
    logs: Annotated[
        list[str], typer.Argument(metavar="LOG...", help="Logs, folders of logs, s3:// prefixes.", show_default=False)
    ],
    profile: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Apply these rules instead of the recorded ones.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(metavar="CSV", help="What really happened, as for `wakeful evaluate log`.")
    ] = None,
    on: Annotated[str, typer.Option(metavar="here|metaflow", help="What carries the work.")] = "here",
    store: StoreOption = DEFAULT_STORE,
    jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Shards at a time; default: one per core.")
    ] = None,
    shards: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Parts of the work; default: about a minute each.")
    ] = None,
    remote: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="DECORATOR", help="Where its tasks run: kubernetes, batch:queue=NAME"),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="KEY:VALUE", help="Marks the run; may be repeated.")] = None,
    names: Annotated[bool, typer.Option("--names", help="Keep drivers' names; else they are hashed.")] = False,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Put the plan into the store, for a scheduler of your own.")
    ] = False,
    out: Out = None,
) -> int:
    """Judge recorded drives again, with their rules or others: rates, coverage, what changed, what is damaged."""
    from wakeful.device.evaluation.truth import read_truth
    from wakeful.device.fleet.plan import make_plan, rules_of
    from wakeful.device.fleet.sources import find
    from wakeful.device.fleet.start import carry, new_run
    from wakeful.device.jobs import usable_cores

    opened = _opened(store, on, remote or [])
    rules = rules_of(profile) if profile else None
    rows = read_truth(truth) if truth else ()
    plan = make_plan(find(logs), rules, rows, names=names, shards=shards)
    run = new_run(opened, plan, on, jobs or usable_cores(), remote or [], tag or [])
    megabytes = sum(drive.bytes for drive in plan.drives) / 1e6
    typer.echo(f"run {run.id}: {len(plan.drives)} drives, {megabytes:.0f} MB, {run.shards} shards", err=True)
    if plan_only:
        typer.echo(run.id)
        return 0
    carry(opened, run, plan)
    return _finish(opened, run, out)


@app.command()
def resume(run: RunName, store: StoreOption = DEFAULT_STORE, out: Out = None) -> int:
    """Continue a run that was interrupted: finished shards are kept."""
    from wakeful.device.fleet.start import carry
    from wakeful.device.fleet.worker import read_plan

    opened = _opened(store)
    found = _run(opened, run)
    _opened(store, found.on, list(found.remote))
    carry(opened, found, read_plan(opened, found))
    return _finish(opened, found, out)


@app.command("runs")
def runs_(
    store: StoreOption = DEFAULT_STORE, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """List the runs of a store."""
    from dataclasses import asdict

    from rich.table import Column, Table

    from wakeful.device.commands.plain_console import PlainConsole
    from wakeful.device.fleet import runs

    opened = _opened(store)
    found = [(run, len(runs.finished(opened, run))) for run in runs.every(opened)]
    if as_json:
        typer.echo(json.dumps([asdict(run) | {"finished": done} for run, done in found], indent=1))
        return
    # Names are copied from here: a narrow terminal shortens the rest.
    name = Column("run", min_width=max((len(run.id) for run, _ in found), default=0))
    table = Table(name, "what", "on", "shards", "", "tags", box=None, pad_edge=False)
    for run, done in found:
        about = ", ".join(f"{name} {value}" for name, value in run.about.items())
        on = " ".join([run.on, *run.remote])
        state = "finished" if run.done else "not finished"
        table.add_row(run.id, f"{run.kind}: {about}", on, f"{done} of {run.shards}", state, ", ".join(run.tags))
    PlainConsole().print(table if found else f"{opened.url} holds no runs")


@app.command()
def report(run: RunName, store: StoreOption = DEFAULT_STORE, out: Out = None) -> int:
    """Write the result and the page of a run again; also of one that a cluster carried by itself."""

    opened = _opened(store)
    return _finish(opened, _run(opened, run), out)


@app.command()
def compare(
    first: RunName,
    second: RunName,
    store: StoreOption = DEFAULT_STORE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two runs: which drives changed, and the ratio of each rate with its exact interval."""
    from dataclasses import asdict

    from wakeful.device.fleet.compare import compare as compare_runs
    from wakeful.device.fleet.results import result

    opened = _opened(store)
    found = compare_runs(*(result(opened, _run(opened, name)) for name in (first, second)))
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=1))
        return
    _print_comparison(found)


@app.command()
def prune(
    keep: Annotated[int, typer.Option(min=0, metavar="N", help="So many of the newest runs are kept.")],
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Delete old runs, with what Metaflow keeps of them."""
    from wakeful.device.fleet import runs

    gone = runs.prune(_opened(store), keep)
    typer.echo(f"{len(gone)} runs deleted" + (f": {', '.join(run.id for run in gone)}" if gone else ""))


def _opened(store: str, on: str = "here", remote: list[str] | None = None) -> Store:
    """The store, once all that the command needs is known to be installed."""
    from wakeful.device.extras import need
    from wakeful.device.fleet.metaflow import opened_store

    need("fleet", "mcap", "zstandard", "scipy")
    return opened_store(store, on, remote or ())


def _run(store: Store, name: str) -> Run:
    from wakeful.device.fleet import runs

    return runs.of_kind(store, name, runs.REPLAY)


def _finish(store: Store, run: Run, out: Path | None) -> int:
    from wakeful.device.commands.plain_console import PlainConsole
    from wakeful.device.fleet.results import finish

    fleet, page, problems = finish(store, run, out)
    _print(fleet)
    console = PlainConsole()
    for problem in problems:
        console.print(problem, style="yellow", soft_wrap=True)
    console.print(f"run {run.id}: {page}", soft_wrap=True)
    return 0


def _print(fleet: Fleet) -> None:
    """The rates, and the drives that were not judged or that changed, the first of them."""
    from rich.table import Table

    from wakeful.device.commands.plain_console import PlainConsole
    from wakeful.device.evaluation.poisson import rate_interval
    from wakeful.device.fleet.merge import differs

    console, total = PlainConsole(), fleet.total
    table = Table("alert", "number", "an hour", "95 %", "at the time", box=None, pad_edge=False)
    for code in sorted({*total.raised, *total.then}) if total.hours else ():
        count = total.raised.get(code, 0)
        low, high = rate_interval(count, total.hours)
        table.add_row(
            code, str(count), f"{count / total.hours:.3g}", f"{low:.3g}-{high:.3g}", str(total.then.get(code, 0))
        )
    eyes = f"{total.eyes_ms / total.watched_ms:.1%}" if total.watched_ms else "never"
    console.print(f"{total.drives} drives, {total.hours:.2f} h judged, eyes known {eyes}")
    console.print(table)
    changed = [row.name for row in fleet.rows if differs(row)]
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        console.print(f"not as at the time ({len(changed)}): {', '.join(changed[:SHOWN])}{more}", soft_wrap=True)
    if fleet.refused:
        console.print(f"not judged: {len(fleet.refused)}, with reasons on the page", style="yellow")


def _print_comparison(found: Comparison) -> None:
    from rich.table import Table

    from wakeful.device.commands.plain_console import PlainConsole

    console = PlainConsole()
    console.print(f"{found.drives} drives in both, {found.hours[0]:.2f} and {found.hours[1]:.2f} h judged")
    table = Table("alert", "first", "second", "ratio of the rates", "95 %", box=None, pad_edge=False)
    for one in found.rates:
        ratio = "" if one.ratio is None else f"{one.ratio:.3g}"
        high = "without bound" if one.high is None else f"{one.high:.3g}"
        table.add_row(one.code, str(one.first), str(one.second), ratio, f"{one.low:.3g} to {high}")
    console.print(table)
    console.print(f"{len(found.differences)} drives changed" if found.differences else "no drive changed")
    for drive in found.differences[:SHOWN]:
        what = ", ".join(f"{code} {n:+d}" for code, n in drive.more.items()) or "alerts moved"
        console.print(f"  {drive.name}: {what}", soft_wrap=True)
    if len(found.differences) > SHOWN:
        console.print(f"  ... and {len(found.differences) - SHOWN} more; --json lists them")
    for which, only in (("first", found.first_only), ("second", found.second_only)):
        if only:
            console.print(f"{len(only)} drives only in the {which}, as {only[0]}", style="yellow", soft_wrap=True)
