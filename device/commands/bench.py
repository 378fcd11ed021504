"""``wakeful bench``: how fast the networks and the whole monitor are on this machine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wakeful.device.commands import mounting
from wakeful.device.commands.mounting import Aspect, Crop, Mirror, Rotate
from wakeful.device.commands.run import Landmarks, Runtime

if TYPE_CHECKING:
    from wakeful.device.bench.session import Session

app = typer.Typer(help="Measure networks and the whole monitor on this machine.", no_args_is_help=True)


class Scenario(StrEnum):
    """How a network is measured."""

    COLD = "cold"
    SINGLE_STREAM = "single-stream"
    PACED = "paced"
    SUSTAINED = "sustained"


class PipelineScenario(StrEnum):
    """How the whole monitor is measured."""

    COLD = "cold"
    PIPELINE = "pipeline"
    PACED = "paced"
    SUSTAINED = "sustained"


Quick = Annotated[bool, typer.Option("--quick", help="Seconds instead of minutes; the record is marked as quick.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE.json", help="Write the record here, and beside it .csv and .html.")
]
Fps = Annotated[float, typer.Option(min=1, max=1000, metavar="N", help="The camera's rate in the paced scenario.")]
Minutes = Annotated[
    float | None,
    typer.Option("--minutes", min=0.01, metavar="N", help="Length of the sustained scenario, 10 by default."),
]


@app.command()
def model(
    network: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A network of `wakeful models list`, or a file.")],
    scenario: Annotated[
        list[Scenario] | None,
        typer.Option("--scenario", help="May be repeated; by default cold and single-stream."),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against", metavar="NAME|FILE", help="Compare with this network, in alternating turns; may be repeated."
        ),
    ] = None,
    runtime: Annotated[
        str, typer.Option(metavar="NAME", help="litert, ort, qnn; auto: what the monitor uses on this machine.")
    ] = "auto",
    precision: Annotated[
        str | None, typer.Option(metavar="NAME", help="float, int8, a16w8; by default that of the network's own file.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Processor threads of a network.")] = 1,
    fps: Fps = 30.0,
    minutes: Minutes = None,
    quick: Quick = False,
    out: Out = None,
) -> int:
    """Measure one network: cold start, back to back, at a camera's rate, or for minutes."""
    from wakeful.device.bench.plan import planned
    from wakeful.device.bench.session import Session, contender, measure
    from wakeful.device.bench.subject import candidate

    _check_out(out)
    plan = planned(quick, fps, minutes)
    wanted = [network, *(against or [])]
    contenders = [contender(candidate(one, runtime, threads, precision)) for one in wanted]
    session = Session(plan, out, _progress if not quick else None)
    chosen = [one.value for one in scenario or (Scenario.COLD, Scenario.SINGLE_STREAM)]
    measure(session, contenders, chosen, plan)
    return _finish(session, out)


@app.command()
def pipeline(
    source: Annotated[
        str,
        typer.Option(metavar="FILE|FOLDER|synthetic[:SCENARIO]|DEVICE", help="What the monitor watches, in a loop."),
    ] = "synthetic",
    rotate: Rotate = None,
    mirror: Mirror = None,
    crop: Crop = None,
    aspect: Aspect = None,
    scenario: Annotated[
        list[PipelineScenario] | None,
        typer.Option("--scenario", help="May be repeated; by default cold and pipeline."),
    ] = None,
    landmarks: Annotated[
        list[Landmarks] | None,
        typer.Option("--landmarks", help="Which networks read the face; if repeated, they take turns."),
    ] = None,
    runtime: Annotated[Runtime, typer.Option(help="Runtime of the networks, as in `wakeful run`.")] = Runtime.AUTO,
    threads: Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Processor threads of a network.")] = 1,
    profile: Annotated[str, typer.Option(metavar="NAME|FILE", help="Rules for the alerts.")] = "vehicle",
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Configuration file; its outputs are opened too.")
    ] = None,
    peer: Annotated[
        list[str] | None,
        typer.Option(
            "--peer", metavar="COMMAND", help="Compare with another program, in alternating turns; may be repeated."
        ),
    ] = None,
    minutes: Minutes = None,
    quick: Quick = False,
    out: Out = None,
) -> int:
    """Measure the whole monitor, stage by stage, from image to alert."""
    from wakeful.device.bench.pipeline import measure, monitors
    from wakeful.device.bench.plan import planned
    from wakeful.device.bench.session import Session

    _check_out(out)
    plan = planned(quick, minutes=minutes)
    chosen = [one.value for one in scenario or (PipelineScenario.COLD, PipelineScenario.PIPELINE)]
    readers = [one.value for one in landmarks or [Landmarks.AUTO]]
    corrected = mounting.overrides(rotate, mirror, crop, aspect)
    entrants = monitors(source, readers, runtime.value, threads, profile, config, peer or [], corrected)
    session = Session(plan, out, _progress if not quick else None)
    measure(session, entrants, chosen, plan)
    return _finish(session, out)


@app.command()
def matrix(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.toml", help="Combinations to measure; the format is described in device/bench/README.md."
        ),
    ],
    quick: Quick = False,
    out: Out = None,
) -> int:
    """Measure networks x runtimes x precisions x threads; the variants of a network take turns."""
    from wakeful.device.bench.matrix import groups, read
    from wakeful.device.bench.plan import planned
    from wakeful.device.bench.session import Session, measure

    _check_out(out)
    wanted = read(file)
    plan = planned(quick, wanted.fps, None if quick else wanted.minutes)
    session = Session(plan, out, _progress if not quick else None)
    for group in groups(wanted):
        session.skip(group.failed)
        for combination in group.left_out:
            _progress(f"left out, cannot be run: {combination}")
        if group.contenders:
            measure(session, group.contenders, wanted.scenarios, plan)
    return _finish(session, out)


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A.json", help="The earlier record.")],
    second: Annotated[Path, typer.Argument(metavar="B.json", help="The later record.")],
    fail_if_slower: Annotated[
        str | None,
        typer.Option("--fail-if-slower", metavar="N%", help="Status 1 if a row is slower by more than this."),
    ] = None,
) -> int:
    """Compare two records row by row."""
    from rich.console import Console

    from wakeful.device.bench.compare import compare as compare_records
    from wakeful.device.bench.compare import share
    from wakeful.device.bench.store import load
    from wakeful.device.bench.table import show_comparisons

    allowed = share(fail_if_slower) if fail_if_slower is not None else None
    compared = compare_records(load(first), load(second), allowed)
    for warning in compared.warnings:
        typer.echo(warning, err=True)
    show_comparisons(compared.comparisons, Console())
    if compared.slower:
        typer.echo(
            f"slower by more than {fail_if_slower}: {'; '.join(one.second for one in compared.slower)}", err=True
        )
    return 1 if compared.slower else 0


def _progress(line: str) -> None:
    """Show the progress of a long measurement, on standard error: the tables are the output."""
    typer.echo(line, err=True)


def _check_out(out: Path | None) -> None:
    """Without .json in its name, the three files would overwrite each other."""
    from wakeful.errors import ConfigError

    if out is not None and out.suffix != ".json":
        raise ConfigError(f"--out {out}: should end in .json; the .csv and .html are written beside it")


def _finish(session: Session, out: Path | None) -> int:
    """Show what was measured; status 1 if something could not be."""
    from wakeful.device.bench.table import show

    session.end()
    show(session.record)
    if out is not None:
        typer.echo(f"\nrecord: {out}, {out.with_suffix('.csv').name}, {out.with_suffix('.html').name}")
    return 1 if session.failed else 0
