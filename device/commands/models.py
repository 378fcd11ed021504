"""``wakeful models``: lists, downloads and verifies the networks."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from wakeful.models.pull import Progress
    from wakeful.models.registry import Network, Origin, State

app = typer.Typer(help="List, download and verify the networks.", no_args_is_help=True)

# Where the output is not a terminal, a running download is reported this often.
LINE_EVERY_S = 3.0

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the networks and their state."""
    from wakeful.models import registry

    states = _states()
    if as_json:
        typer.echo(json.dumps([_as_dict(one, state) for one, state in states], indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("network", "for readers", "size", "licence", "state", box=None, pad_edge=False)
    for one, state in states:
        table.add_row(one.name, ", ".join(one.readers), _megabytes(one.bytes), one.licence, _coloured(state))
    console = Console()
    console.print(table)
    console.print("\nterms of the training images (the licence covers only the files):")
    by_terms: dict[str, list[str]] = {}
    for one, _ in states:
        by_terms.setdefault(one.training_terms, []).append(one.name)
    for terms, names in by_terms.items():
        console.print(f"  {', '.join(names)}: {terms}", soft_wrap=True)
    console.print(f"\ncache: {registry.cache_folder()}", style="dim", soft_wrap=True)
    _hint_at_optional()


@app.command()
def pull(
    folder: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FOLDER",
            help="Take the files from a folder that holds the networks, their wheel, or an archive.",
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print nothing unless something is downloaded or fails.")
    ] = False,
) -> None:
    """Download the networks into the cache (36 MB, once)."""
    from wakeful.models import registry
    from wakeful.models.pull import pull as pull_from_index
    from wakeful.models.pull import pull_from

    fetched = pull_from(folder) if folder else pull_from_index(_progress())
    if fetched and not folder and sys.stderr.isatty():
        typer.echo(err=True)
    for one in fetched:
        typer.echo(f"fetched {one.name} ({_megabytes(one.bytes)}), sha256 verified")
    _demand_required()
    if not quiet:
        typer.echo(f"the networks are in {registry.cache_folder()}")
        _hint_at_optional()


@app.command()
def verify(as_json: AsJson = False) -> int:
    """Check every sha256; status 4 if one is wrong or missing."""
    from wakeful.models.registry import State

    states = _states()
    if as_json:
        typer.echo(json.dumps({one.name: state.value for one, state in states}, indent=2))
    else:
        for one, state in states:
            optional = "" if one.required else " (optional)"
            typer.echo(f"{state.value:8} {one.name}{optional}")
    wrong = [one for one, state in states if state is State.CORRUPT or (state is State.MISSING and one.required)]
    return 4 if wrong else 0


def _states() -> list[tuple[Network, State]]:
    from wakeful.models import registry

    return [(one, registry.state(one.name)) for one in registry.networks().values()]


def _demand_required() -> None:
    from wakeful.models import registry

    for one in registry.networks().values():
        if one.required:
            registry.path(one.name)


def _hint_at_optional() -> None:
    from wakeful.models import registry

    for one in registry.networks().values():
        if not one.required and one.of_use and not registry.available(one.name):
            typer.echo(f"optional: {one.name}, {one.about}; to have it, {registry.how_to_get(one)}")


def _progress() -> Progress:
    """On a terminal one line that counts up, elsewhere a line every few seconds; on stderr, once a download begins."""
    begun_s = time.monotonic()
    due_s = 0.0

    def show(origin: Origin, arrived: int) -> None:
        nonlocal due_s
        elapsed_s = time.monotonic() - begun_s
        share_pct = min(arrived, origin.bytes) * 100 // origin.bytes
        share = f"{share_pct:3} %" if share_pct else "waiting for the index"
        line = f"downloading {origin.requirement} ({_megabytes(origin.bytes)}): {share}, {elapsed_s:.0f} s"
        if sys.stderr.isatty():
            typer.echo(f"\r{line}\x1b[K", nl=False, err=True)
        elif elapsed_s >= due_s:
            typer.echo(line, err=True)
            due_s = elapsed_s + LINE_EVERY_S

    return show


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _coloured(state: State) -> str:
    colour = {"present": "green", "missing": "yellow", "corrupt": "red"}[state.value]
    return f"[{colour}]{state.value}[/]"


def _as_dict(one: Network, state: State) -> dict[str, object]:
    from wakeful.models import registry

    return asdict(one) | {"state": state.value, "path": str(registry.location(one))}
