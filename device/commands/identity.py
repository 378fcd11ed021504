"""``wakeful identity``: who is enrolled to be recognized by ``wakeful run --driver auto``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wakeful.device.commands import mounting
from wakeful.device.commands.mounting import Aspect, Crop, Mirror, Rotate, SourceLogin

if TYPE_CHECKING:
    from wakeful.device.config.settings import Settings
    from wakeful.device.identity.store import Store

app = typer.Typer(
    help="Enrol drivers to be recognized by their face (`wakeful run --driver auto`), list and forget them. "
    "Only numbers are kept, no picture. For comfort, never for access.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, dots, dashes and underscores.")]
Key = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="Encrypt with this key: any 32 random bytes or more.")
]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Configuration to use.")]
Source = Annotated[str | None, typer.Option("--source", metavar="S", help="Camera or film, as for `wakeful run`.")]


@app.command("enrol", hidden=True)
@app.command("enroll")
def enroll(
    name: Name,
    source: Source = None,
    images: Annotated[
        Path | None, typer.Option("--images", metavar="DIR|FILE", help="Pictures in place of a camera.")
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Add looks to somebody who is enrolled, as with glasses.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Replace the looks of somebody who is enrolled.")] = False,
    source_login: SourceLogin = None,
    rotate: Rotate = None,
    mirror: Mirror = None,
    crop: Crop = None,
    aspect: Aspect = None,
    config: Config = None,
    key: Key = None,
) -> None:
    """Enrol a driver, in front of the camera or from pictures; one picture is enough, more make it better."""
    from datetime import UTC, datetime

    from wakeful.device.identity.enrolment import Enrolment
    from wakeful.device.identity.network import load_embedder
    from wakeful.device.identity.recognition import read_gallery
    from wakeful.device.identity.store import joined
    from wakeful.errors import ConfigError

    if images is not None and source is not None:
        raise ConfigError("--images and --source: give one of them")
    corrected = mounting.overrides(rotate, mirror, crop, aspect)
    settings = _settings(config, key, {"source.source": source, "source.login": source_login, **corrected})
    store = _store(settings)
    store.file(name)
    enrolled = name in store.names()
    if enrolled and not (add or again):
        raise ConfigError(f"{name} is enrolled: --add adds looks, --again replaces them")
    if add and not enrolled:
        raise ConfigError(f"nobody is enrolled as {name}: leave out --add")
    embedder = load_embedder(settings.perception.threads)
    before = store.load(name) if add else None
    if before is not None and before.network != embedder.version:
        raise ConfigError(f"{name} was enrolled with another network: --again in place of --add")
    everybody = read_gallery(store, embedder)
    enrolment = Enrolment(
        embedder, everybody.without(name), guided=images is None, before=tuple(before.looks) if before else ()
    )
    _collect(settings, images, enrolment)
    if not enrolment.taken:
        raise ConfigError(f"no look at {name} could be taken; nothing was changed")
    template = enrolment.template(name, datetime.now(UTC).date().isoformat())
    store.save(joined(before, template) if before else template)
    typer.echo(f"{name}: {_looks(len(enrolment.taken))} taken, kept as numbers in {store.file(name)}")
    if images is None:
        typer.echo(f"With glasses on or off, once more: wakeful identity enroll {name} --add")


@app.command("list")
def list_(
    config: Config = None,
    key: Key = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List who is enrolled, since when, with how many looks, and what cannot be used."""
    from wakeful.errors import ConfigError

    store = _store(_settings(config, key))
    rows: list[dict[str, Any]] = []
    for name in store.names():
        try:
            one = store.load(name)
            rows.append({"name": name, "looks": len(one.looks), "enrolled": one.enrolled, "network": one.network})
        except ConfigError as error:
            rows.append({"name": name, "problem": str(error)})
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo(
            f"{row['name']}: {row['problem']}"
            if "problem" in row
            else f"{row['name']}: {_looks(row['looks'])} of {row['enrolled']}, network {row['network']}"
        )
    if not rows:
        typer.echo(f"nobody is enrolled in {store.folder}")


@app.command("forget")
def forget(name: Name) -> None:
    """Remove all that is kept of a driver here: the template, and what was learned of the eyes."""
    from wakeful.device.identity.store import Store, identities_folder

    for file in Store(identities_folder()).forget(name):
        typer.echo(f"removed {file}")
    typer.echo(f"{name} is forgotten here; exports, recordings and backups that you made are yours to remove")


@app.command("export")
def export(
    name: Name, file: Annotated[Path, typer.Argument(metavar="FILE")], config: Config = None, key: Key = None
) -> None:
    """Write a driver's template into a file, for another machine; encrypted if there is a key."""
    from wakeful.device.identity.template_file import encoded
    from wakeful.errors import ConfigError
    from wakeful.files import write_file

    store = _store(_settings(config, key))
    try:
        write_file(file, encoded(store.load(name), store.cipher), private=True)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written ({error.strerror}): name another file") from None
    typer.echo(f"{name} is in {file}: who has it can recognize {name}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Another name than in the file.")] = None,
    config: Config = None,
    key: Key = None,
) -> None:
    """Take in a template that `export` wrote."""
    from dataclasses import replace

    from wakeful.device.identity.network import network_version
    from wakeful.device.identity.template_file import MAX_BYTES, TemplateError, decoded
    from wakeful.errors import ConfigError

    store = _store(_settings(config, key))
    try:
        with file.open("rb") as opened:
            template = decoded(opened.read(MAX_BYTES + 1), file, store.cipher)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror})") from None
    if template.network != network_version():
        raise TemplateError(f"{file} comes from another network ({template.network}): enroll {template.name} here")
    template = replace(template, name=name or template.name)
    if template.name in store.names():
        raise ConfigError(f"{template.name} is enrolled: forget {template.name} first, or give another --name")
    store.save(template)
    typer.echo(f"{template.name}: {_looks(len(template.looks))} of {template.enrolled}")


@app.command("test")
def test(
    source: Source = None,
    seconds: Annotated[float, typer.Option("--seconds", min=1.0, help="How long to watch, seconds.")] = 10.0,
    source_login: SourceLogin = None,
    rotate: Rotate = None,
    mirror: Mirror = None,
    crop: Crop = None,
    aspect: Aspect = None,
    config: Config = None,
    key: Key = None,
) -> None:
    """Watch for a while and print whose face it is, look by look, without alerts."""
    from wakeful.device.identity.network import load_embedder
    from wakeful.device.identity.trial import run_trial

    corrected = mounting.overrides(rotate, mirror, crop, aspect)
    settings = _settings(config, key, {"source.source": source, "source.login": source_login, **corrected})
    run_trial(settings, _store(settings), load_embedder(settings.perception.threads), seconds, typer.echo)


def _settings(config: Path | None, key: Path | None, overrides: dict[str, object] | None = None) -> Settings:
    from wakeful.device.config.layers import load_settings

    chosen = {**(overrides or {}), "driver.key": None if key is None else str(key), "perception.expression": False}
    return load_settings(config, None, chosen)[0]


def _looks(count: int) -> str:
    return f"{count} look{'' if count == 1 else 's'}"


def _store(settings: Settings) -> Store:
    from wakeful.device.identity.store import store_for

    return store_for(settings.driver.key)


def _collect(settings: Settings, images: Path | None, enrolment: object) -> None:
    from wakeful.device.identity.enroll import from_pictures, from_source
    from wakeful.device.identity.enrolment import Enrolment

    assert isinstance(enrolment, Enrolment)
    if images is not None:
        from_pictures(images, settings, enrolment, typer.echo)
    else:
        from_source(settings, enrolment, typer.echo)
