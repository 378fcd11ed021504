"""``wakeful devices``: what is plugged in that the monitor could use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer


def devices(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List cameras, serial ports and GPIO chips."""
    from wakeful.sensors import discovery

    cameras, ports, chips = discovery.cameras(), discovery.serial_ports(), discovery.gpio_chips()
    if as_json:
        found: dict[str, Sequence[Any]] = {"cameras": cameras, "serial_ports": ports, "gpio_chips": chips}
        typer.echo(json.dumps({kind: [asdict(one) for one in items] for kind, items in found.items()}, indent=2))
        return
    _print("cameras", [(one.path, one.name, one.by_id) for one in cameras])
    _print("serial ports", [(one.path, one.description, one.by_id) for one in ports])
    _print("GPIO chips", [(one.path, one.label, one.problem or f"{one.lines} lines") for one in chips])


def _print(kind: str, rows: list[tuple[str, str, str]]) -> None:
    typer.echo(f"{kind}:" if rows else f"{kind}: none")
    for row in rows:
        typer.echo("  " + "  ".join(cell for cell in row if cell))
