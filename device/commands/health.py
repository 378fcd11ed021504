"""``wakeful health``: is the monitor on this machine processing frames? For health checks of containers and scripts."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer


def health(
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Status file of the monitor; by default that of the service."),
    ] = None,
    max_age: Annotated[
        float,
        typer.Option(
            "--max-age", metavar="S", min=0.1, max=3600, help="How old the last processed frame may be, in seconds."
        ),
    ] = 3.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Check that the running monitor processes frames; status 1 if not."""
    from wakeful.device.alerts.status_file import read_status, usual_file

    status = read_status(file or usual_file())
    trouble = status.trouble(time.monotonic(), max_age)
    if as_json:
        typer.echo(json.dumps(asdict(status) | {"trouble": trouble}))
    else:
        reason = f" ({status.reason})" if status.reason else ""
        typer.echo(f"{trouble or 'processing frames'}; health {status.health}{reason}, {status.frames} frames so far")
    return 1 if trouble else 0
