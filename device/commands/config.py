"""``wakeful config``: the settings in effect, and checking a file before it goes onto a board."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Show the settings in effect, or check a configuration file.", no_args_is_help=True)

ConfigFile = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Configuration file.")]
ProfileName = Annotated[str | None, typer.Option("--profile", metavar="NAME|FILE", help="Profile: the rules to apply.")]


@app.command()
def show(
    config: ConfigFile = None,
    profile: ProfileName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of the file instead.")] = False,
) -> None:
    """Print the settings in effect, each with its unit and where it comes from, as a file for --config."""
    from wakeful.device.config.as_text import as_toml, json_schema
    from wakeful.device.config.layers import load

    if schema:
        typer.echo(json.dumps(json_schema(), indent=2))
        return
    effective = load(config, profile)
    typer.echo(effective.settings.model_dump_json(indent=2) if as_json else as_toml(effective), nl=as_json)


@app.command()
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="Configuration or profile to check.")]) -> int:
    """Check a configuration or a profile; status 2 if anything is wrong."""
    from wakeful.device.config.layers import all_mistakes, is_profile, load, merged_profile, read_toml

    layer = read_toml(file)
    mistakes = all_mistakes(layer)
    for mistake in mistakes:
        typer.echo(mistake, err=True)
    if mistakes:
        return 2
    if is_profile(layer.values):
        merged = merged_profile(layer)
        extends = f", extends {' and '.join(merged.parents)}: {merged.changes}" if merged.parents else ""
        typer.echo(f"{file}: ok, a profile with {len(merged.values['rules'])} rules{extends}")
    else:
        typer.echo(f"{file}: ok, for the profile {load(file).settings.profile}")
    return 0
