"""``wakeful log``: what is in recorded logs, and what else can be made of them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from wakeful.device.record.contents import Contents
    from wakeful.device.record.reader import Recording

app = typer.Typer(help="Inspect, repair, cut and export recorded logs.", no_args_is_help=True)

SHOWN_GAPS = 10
FARTHEST_S = 1e9
"""Beyond the ends of every log."""

Logs = Annotated[list[Path], typer.Argument(metavar="LOG...", help="Logs, or folders of logs.", show_default=False)]
Log = Annotated[Path, typer.Argument(metavar="LOG", help="A log, or a folder with one recording.", show_default=False)]


@app.command()
def info(logs: Logs, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show what was recorded, for how long, with which rules, and where there are gaps."""
    from wakeful.device.record.contents import contents
    from wakeful.device.record.reader import recordings

    _need()
    found = [(one, contents(one)) for one in recordings(logs)]
    if as_json:
        typer.echo(json.dumps([_as_json(one, inside) for one, inside in found], indent=1))
        return
    for one, inside in found:
        _print(one, inside)


@app.command()
def repair(
    logs: Logs,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="By default LOG.repaired.mcap beside each.")
    ] = None,
) -> None:
    """Recover what is readable from logs that were not closed: after a killed process, a power cut, a pulled card."""
    from wakeful.device.record.reader import log_files
    from wakeful.device.record.repair import repair as repair_log
    from wakeful.errors import ConfigError

    _need()
    files = log_files(logs)
    if output and len(files) > 1:
        raise ConfigError(f"-o takes one log, not {len(files)}")
    for file in files:
        result = repair_log(file, output)
        if result is None:
            typer.echo(f"{file}: whole, nothing to repair")
            continue
        lost = f", {result.unread_bytes} bytes lost" if result.unread_bytes else ""
        typer.echo(f"{result.file}: {result.messages} messages, {result.seconds:.1f} s{lost}")
        for damage in result.damage:
            typer.echo(f"  {damage}")


@app.command()
def cut(
    log: Log,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The new log.")],
    from_s: Annotated[float, typer.Option("--from", metavar="S", help="Seconds since the first frame.")] = 0.0,
    to_s: Annotated[float, typer.Option("--to", metavar="S", help="Seconds since the first frame.")] = float("inf"),
) -> None:
    """Write a part of a recording to a new log."""
    from wakeful.device.record.reader import recording
    from wakeful.device.record.repair import cut as cut_log
    from wakeful.errors import ConfigError

    _need()
    if not from_s < to_s:
        raise ConfigError(f"--from {from_s:g} --to {to_s:g} is not a range: --from must be below --to")
    count = cut_log(recording(log), output, max(from_s, -FARTHEST_S), min(to_s, FARTHEST_S))
    typer.echo(f"{output}: {count} messages")


@app.command()
def export(
    log: Log,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the tables.")],
    parquet: Annotated[bool, typer.Option("--parquet", help="Parquet files instead of CSV.")] = False,
) -> None:
    """Write a recording as tables, one file per channel."""
    from wakeful.device.extras import need
    from wakeful.device.record.export import export as export_log
    from wakeful.device.record.reader import recording

    _need()
    if parquet:
        need("parquet", "pyarrow")
    for name, rows in export_log(recording(log), output, parquet=parquet).items():
        typer.echo(f"{output / name}: {rows} rows")


@app.command()
def layout(
    output: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")] = Path("wakeful-foxglove.json"),
) -> None:
    """Write a layout for Foxglove: import it there, then open a log."""
    from wakeful.errors import ConfigError
    from wakeful.files import write_file

    content = Path(__file__).parent.parent.joinpath("record", "foxglove.json").read_bytes()
    try:
        write_file(output, content, private=False)
    except OSError as error:
        raise ConfigError(f"{output} cannot be written: {error.strerror}") from None
    typer.echo(f"{output}: in Foxglove, Layouts, Import from file")


def _need() -> None:
    from wakeful.device.extras import need

    need("record", "mcap", "zstandard")


def _as_json(recording: Recording, inside: Contents) -> dict[str, Any]:
    config = recording.config
    return {
        "recording": recording.name,
        "files": [str(file.path) for file in recording.files],
        "bytes": recording.bytes,
        "begun": _clock(config.wall_ns),
        "seconds": round(inside.seconds, 3),
        "version": config.version,
        "profile": config.profile_name,
        "driver": config.driver or None,
        "about": config.about,
        "models": config.models,
        "messages": dict(inside.messages),
        "message_bytes": dict(inside.bytes),
        "raised": dict(inside.raised),
        "health_frames": dict(inside.health_frames),
        "markers": [{"t": round(at_s, 3), "text": text} for at_s, text in inside.markers],
        "gaps": [{"from": round(gap.from_s, 3), "s": round(gap.length_s, 3)} for gap in inside.gaps],
        "missing": recording.missing,
        "complete": recording.complete,
        "damage": recording.damage,
    }


def _print(recording: Recording, inside: Contents) -> None:
    from rich.table import Table

    from wakeful.device.commands.plain_console import PlainConsole
    from wakeful.device.record.outcome import warnings

    console = PlainConsole(wrap=False)
    config = recording.config
    files = f"{len(recording.files)} files, " if len(recording.files) > 1 else ""
    console.print(f"{recording.name}  {files}{recording.bytes / 1e6:.1f} MB", style="bold")
    driver = f", driver {config.driver}" if config.driver else ""
    console.print(f"begun {_clock(config.wall_ns)}, {inside.seconds:.1f} s{driver}")
    source, landmarks = config.about.get("source", "?"), config.engine_config.reader.name
    console.print(f"wakeful {config.version}, profile {config.profile_name}, source {source}, landmarks {landmarks}")
    table = Table("channel", "messages", "1/s", "kB", box=None, pad_edge=False)
    for topic, count in sorted(inside.messages.items()):
        rate = f"{count / inside.seconds:.1f}" if inside.seconds else ""
        table.add_row(topic, str(count), rate, f"{inside.bytes[topic] / 1000:.0f}")
    console.print(table)
    raised = ", ".join(f"{count} {code}" for code, count in sorted(inside.raised.items()) if count) or "none"
    console.print(f"alerts raised: {raised}")
    for at_s, text in inside.markers:
        console.print(f"marker at {at_s:.1f} s: {text}")
    for gap in inside.gaps[:SHOWN_GAPS]:
        what = "nothing recorded for" if gap.length_s > 0 else "the clock jumped by"
        console.print(f"at {gap.from_s:.1f} s: {what} {gap.length_s:.1f} s", style="yellow")
    if len(inside.gaps) > SHOWN_GAPS:
        console.print(f"... and {len(inside.gaps) - SHOWN_GAPS} more gaps", style="yellow")
    for warning in warnings(recording):
        console.print(warning, style="yellow")
    if recording.damage:
        console.print("`wakeful log repair` makes a whole log of what is readable")


def _clock(wall_ns: int) -> str:
    """The time of day, in universal time; hostile ones are none."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(wall_ns // 1_000_000_000))
    except (OverflowError, ValueError, OSError):
        return "at no known time"
