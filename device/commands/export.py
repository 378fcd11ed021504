"""``wakeful export``: the files that other programs need to work with the monitor, as they are shipped with it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from wakeful.errors import ConfigError


class What(StrEnum):
    """The files that can be exported."""

    DBC = "dbc"
    SCHEMA = "schema"
    SYSTEMD = "systemd"


FILES = {
    What.DBC: ("wakeful.device.alerts.can", "wakeful.dbc"),
    What.SCHEMA: ("wakeful.device.alerts", "report.schema.json"),
    What.SYSTEMD: ("wakeful.deploy", "systemd/wakeful.service"),
}


def export(
    what: Annotated[What, typer.Argument(help="dbc: CAN messages; schema: JSON reports; systemd: the service unit.")],
    file: Annotated[Path | None, typer.Argument(help="Where to write it; standard output by default.")] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="With dbc: identifiers of this configuration."),
    ] = None,
) -> None:
    """Print or save the CAN database, the JSON schema or the systemd unit."""
    from importlib import resources

    if config is not None:
        if what is not What.DBC:
            raise ConfigError(f"--config changes nothing of {what}: leave it out")
        from wakeful.device.alerts.can.frames import dbc_text
        from wakeful.device.config.layers import load

        settings = load(config, None).settings.can
        write_text(dbc_text(settings.base_id, settings.extended), file)
        return
    package, name = FILES[what]
    write_text(resources.files(package).joinpath(name).read_text(encoding="utf-8"), file)


def write_text(text: str, file: Path | None) -> None:
    """Print ``text``, or write it to a file that must not exist yet."""
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise ConfigError(f"{file} exists already: name another file, or delete it first") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be written ({error.strerror}): name another file") from error
