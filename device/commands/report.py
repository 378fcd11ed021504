"""``wakeful report``: writes a recorded drive as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    logs: Annotated[
        list[Path], typer.Argument(metavar="LOG [LOG]", help="A log, or the folder of a recording; two are compared.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The page to write.")] = Path("report.html"),
) -> int:
    """Write the report of a recorded drive, or of two side by side, as one HTML page."""
    from wakeful.device.extras import need
    from wakeful.errors import ConfigError

    need("record", "mcap", "zstandard")
    if len(logs) > 2:
        raise ConfigError("give one log, or two to compare; a recording of several files is given as its folder")
    from wakeful.device.record.reader import recording
    from wakeful.device.view.report import write_report

    write_report([recording(log) for log in logs], out)
    typer.echo(f"{out} ({out.stat().st_size / 1e6:.1f} MB)")
    return 0
