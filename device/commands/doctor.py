"""``wakeful doctor``: what stands between this machine and a running monitor."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from device.doctor_check import Check


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> int:
    """Check this machine, and tell the mend for each trouble."""
    from device.doctor import examine, exit_status

    checks = examine()
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in checks], indent=2))
    else:
        _print(checks)
    return exit_status(checks)


def _print(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colours = {"ok": "green", "warn": "yellow", "fail": "red"}
    table = Table("", "what", box=None, pad_edge=False, show_header=False)
    # Addresses and paths are broken over lines, since a shortened one cannot be copied.
    table.add_column("found", overflow="fold")
    for one in checks:
        found = Text(one.found)
        if one.mend:
            found.append(f"\nmend: {one.mend}", style="bold")
        table.add_row(Text(one.result, style=colours[one.result]), one.name, found)
    Console().print(table)
