"""``wakeful devices``: what is plugged in that the monitor could use."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer


def devices(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List cameras, serial ports and GPIO chips."""
    from sensors import discovery

    found = {
        "cameras": [asdict(one) for one in discovery.cameras()],
        "serial ports": [asdict(one) for one in discovery.serial_ports()],
        "GPIO chips": [asdict(one) for one in discovery.gpio_chips()],
    }
    if as_json:
        typer.echo(json.dumps({kind.lower().replace(" ", "_"): items for kind, items in found.items()}, indent=2))
        return
    for kind, items in found.items():
        typer.echo(f"{kind}:" if items else f"{kind}: none")
        for item in items:
            first, *others = (str(value) for value in item.values() if value not in ("", None, ()))
            typer.echo(f"  {first}  {'  '.join(others)}".rstrip())
