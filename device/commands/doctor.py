"""``wakeful doctor``: what prevents this machine from running the monitor."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from wakeful.device.doctor.check import Check


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    placement: Annotated[
        bool,
        typer.Option(
            "--placement", help="Check the placement of the camera instead; the driver must look at the road."
        ),
    ] = False,
    source: Annotated[str, typer.Option("--source", help="With --placement: a camera or a video.")] = "auto",
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.5, max=60, help="With --placement: how long to watch, seconds.")
    ] = 5.0,
    focal_px: Annotated[
        float | None, typer.Option("--focal-px", min=1, help="With --placement: the camera's focal length, pixels.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.png", help="With --placement: save an image of the result, with the face."),
    ] = None,
) -> int:
    """Check this machine, or the placement of its camera, and print a fix for each problem."""
    from wakeful.device.doctor.checks import examine, exit_status

    checks = _placed(source, seconds, focal_px, out) if placement else examine()
    if as_json:
        # `mend` is the former name of `fix`, which other programs still read.
        typer.echo(json.dumps([asdict(one) | {"mend": one.fix} for one in checks], indent=2))
    else:
        _print(checks)
    return exit_status(checks)


def _placed(source: str, seconds: float, focal_px: float | None, out: Path | None) -> list[Check]:
    from wakeful.device.doctor.placement import measure
    from wakeful.device.doctor.placement_checks import checks
    from wakeful.device.doctor.placement_picture import check_name, save
    from wakeful.device.perception.pipeline import Perception

    if out is not None:
        check_name(out)
    placed = measure(source, Perception(focal_px=focal_px), focal_px, seconds)
    if out is not None:
        save(placed, out)
    return checks(placed)


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
        if one.fix:
            found.append(f"\nfix: {one.fix}", style="bold")
        table.add_row(Text(one.result, style=colours[one.result]), one.name, found)
    Console().print(table)
