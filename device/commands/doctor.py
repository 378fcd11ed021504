"""``wakeful doctor``: what prevents this machine from running the monitor."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wakeful.device.commands import mounting
from wakeful.device.commands.mounting import Aspect, Crop, Mirror, Rotate, SourceLogin

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
    source: Annotated[str | None, typer.Option("--source", help="With --placement: a camera or a video.")] = None,
    source_login: SourceLogin = None,
    rotate: Rotate = None,
    mirror: Mirror = None,
    crop: Crop = None,
    aspect: Aspect = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="With --placement: configuration to use.")
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="With --placement: write the right [source] settings into that file.")
    ] = False,
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
    from wakeful.errors import ConfigError

    if fix and not placement:
        raise ConfigError("--fix writes what --placement finds: add --placement")
    if fix and config is None:
        raise ConfigError("--fix needs a configuration to write into: add --config FILE, and run with that file")
    if placement:
        corrected = mounting.overrides(rotate, mirror, crop, aspect)
        chosen = {"source.source": source, "source.login": source_login, "perception.focal_px": focal_px}
        checks = _placed(chosen | corrected, config, seconds, out, fix=fix)
    else:
        checks = examine()
    if as_json:
        # `mend` is the former name of `fix`, which other programs still read.
        typer.echo(json.dumps([asdict(one) | {"mend": one.fix} for one in checks], indent=2))
    else:
        _print(checks)
    return exit_status(checks)


def _placed(
    overrides: dict[str, object], config: Path | None, seconds: float, out: Path | None, *, fix: bool
) -> list[Check]:
    from wakeful.device.config.edit import remember
    from wakeful.device.config.layers import load_settings
    from wakeful.device.doctor.placement import measure
    from wakeful.device.doctor.placement_checks import checks, fixed
    from wakeful.device.doctor.placement_picture import check_name, save
    from wakeful.device.perception.pipeline import Perception

    if out is not None:
        check_name(out)
    settings, _ = load_settings(None if fix and config and not config.exists() else config, None, overrides)
    source = settings.source
    perception = Perception(focal_px=settings.perception.focal_px, seat=settings.driver.seat)
    login = source.login.get_secret_value() if source.login else None
    placed = measure(source.source, perception, seconds, source.mounting, login)
    if out is not None:
        save(placed, out)
    found = checks(placed)
    given = {
        key: getattr(source, key)
        for key in ("rotate", "mirror", "crop", "aspect")
        if overrides[f"source.{key}"] is not None
    }
    if fix and config is not None and (given or placed.wanted):
        remember(config, "source", given | placed.wanted)
        found = fixed(found, config, given | placed.wanted)
    return found


def _in_short(checks: list[Check]) -> list[Check]:
    """The networks that are as they should be in one line, in place of the first of them."""
    from wakeful.device.doctor.check import OK, Check
    from wakeful.device.doctor.checks import NETWORK, VERIFIED

    whole = [one for one in checks if one.name.startswith(NETWORK) and (one.result, one.found) == (OK, VERIFIED)]
    if len(whole) < 2:
        return checks
    line = Check("networks", OK, f"{len(whole)} with the right sha256; `wakeful models list` names them")
    return [line if one is whole[0] else one for one in checks if one is whole[0] or one not in whole]


def _print(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colours = {"ok": "green", "warn": "yellow", "fail": "red"}
    table = Table("", "what", box=None, pad_edge=False, show_header=False)
    # Addresses and paths are broken over lines, since a shortened one cannot be copied.
    table.add_column("found", overflow="fold")
    for one in _in_short(checks):
        found = Text(one.found)
        if one.fix:
            found.append(f"\nfix: {one.fix}", style="bold")
        table.add_row(Text(one.result, style=colours[one.result]), one.name, found)
    Console().print(table)
