"""``wakeful study``: answers a question about data or networks by many small trainings."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wakeful.device.commands.train import Device
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

if TYPE_CHECKING:
    from wakeful.device.fleet.runs import Run
    from wakeful.device.fleet.store import Store
    from wakeful.models.studies.study import Result

app = typer.Typer(
    help="Answer a question about data or networks by many small trainings; each study writes one page.",
    no_args_is_help=True,
)


class Name(StrEnum):
    """What can be asked."""

    CURVE = "curve"
    PEOPLE = "people"
    BALANCE = "balance"
    UPDATE = "update"
    ARCHITECTURES = "architectures"
    LAYERS = "layers"


HELP = {
    Name.CURVE: "How accuracy grows with the number of training faces.",
    Name.PEOPLE: "How many different people a network of eye states needs.",
    Name.BALANCE: "What balancing the classes gains and costs.",
    Name.UPDATE: "How a trained network should learn from a new camera.",
    Name.ARCHITECTURES: "Classical networks at one budget, beside the shipped one.",
    Name.LAYERS: "Activation, pooling, drop-out and width, one at a time.",
}


HERE, DEFAULT_STORE = "here", "wakeful-fleet"
StoreOption = Annotated[
    str | None,
    typer.Option("--store", metavar="DIR|s3://", help="Keep the run in a folder or in S3; for tasks wakeful-fleet."),
]


@dataclass(frozen=True, slots=True)
class Carrier:
    """Options that make trainings tasks of a kept run."""

    on: str
    store: str | None
    jobs: int
    remote: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def keeps(self) -> bool:
        return self.store is not None or self.on != HERE or bool(self.remote or self.tags)


def _run(name: Name, data: Path, out: Path | None, steps: int | None, device: Device, threads: int) -> None:
    if out is None:
        raise ConfigError("--out FOLDER: name a folder for the trials, the page and its results")
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from wakeful.models.studies.carry import run_trial
    from wakeful.models.studies.page import write_page
    from wakeful.models.studies.study import study
    from wakeful.models.training.run import prepared

    asked, computer, folder = study(name.value), prepared(device, threads), out / name.value
    trials = asked.trials()
    length, loaded = steps or asked.STEPS, asked.load(data, folder)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    results = []
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task(name.value, total=len(trials) * length)
        for place, trial in enumerate(trials):
            bar.update(task, completed=place * length, description=f"{trial.name}, seed {trial.seed}")

            def stepped(step: int, place: int = place) -> None:
                bar.update(task, completed=place * length + step)

            results.append(run_trial(asked, trial, loaded, folder, steps, computer, stepped))
            bar.console.print(_done(place + 1, len(trials), results[-1]))
    answer = asked.answer(results)
    page = write_page(name.value, asked.QUESTION, answer, results, folder)
    typer.echo(answer.sentence)
    typer.echo(f"page: {page}")


def _done(count: int, of: int, result: Result) -> str:
    return f"{count} of {of}: {result.trial.name}, seed {result.trial.seed}, {result.cpu_s:.0f} s"


def _keep(
    name: Name, data: Path, out: Path | None, steps: int | None, device: Device, threads: int, carrier: Carrier
) -> None:
    from wakeful.device.fleet.metaflow import opened_store
    from wakeful.models.studies import carried

    store = opened_store(carrier.store or DEFAULT_STORE, carrier.on, carrier.remote)
    run = carried.new_run(
        store,
        name.value,
        data,
        steps,
        device=device.value,
        threads=threads,
        on=carrier.on,
        jobs=carrier.jobs,
        remote=carrier.remote,
        tags=carrier.tags,
    )
    typer.echo(f"run {run.id}: {run.shards} tasks", err=True)
    _carry(store, run, out)


def _carry(store: Store, run: Run, out: Path | None) -> None:
    """Does what is left of a kept run and writes its page."""
    from wakeful.models.studies import carried

    of, count = sum(map(len, carried.read_plan(store, run).tasks)), 0

    def seen(number: int, results: Sequence[Result]) -> None:
        nonlocal count
        for result in results:
            count += 1
            typer.echo(_done(count, of, result), err=True)

    carried.carry(store, run, seen)
    answer, page = carried.finish(store, run, out)
    typer.echo(answer.sentence)
    typer.echo(f"page: {page}")


@app.command()
def resume(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run, or `latest`.", show_default=False)],
    store: StoreOption = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="Write the page here too.")] = None,
) -> None:
    """Continue a kept run: trainings go on from their checkpoints."""
    from wakeful.device.fleet import runs
    from wakeful.device.fleet.metaflow import opened_store

    _need()
    opened = opened_store(store or DEFAULT_STORE)
    found = runs.of_kind(opened, run, runs.STUDY)
    opened_store(opened.url, found.on, found.remote)
    _carry(opened, found, out)


def _need() -> None:
    from wakeful.device.extras import need

    need("train", "torch", "onnx", "matplotlib")


def _add(name: Name) -> None:
    def command(
        data: Annotated[
            Path,
            typer.Option(
                "--data",
                metavar="FILE|FOLDER",
                help="Faces made by `wakeful data build ferplus`; for people the folder of the faces.",
            ),
        ],
        out: Annotated[
            Path | None, typer.Option("--out", metavar="FOLDER", help="Trials, page and results; resumed from there.")
        ] = None,
        steps: Annotated[int | None, typer.Option(min=10, help="Length of each training.")] = None,
        device: Annotated[
            Device, typer.Option("--device", help="auto: a graphics card where there is one.")
        ] = Device.CPU,
        threads: Annotated[int, typer.Option(min=0, help="Processor threads; 0: all.")] = 1,
        on: Annotated[str, typer.Option(metavar="here|metaflow", help="What carries the trainings.")] = HERE,
        store: StoreOption = None,
        jobs: Annotated[int, typer.Option(min=1, metavar="N", help="Trainings of a kept run at a time.")] = 1,
        remote: Annotated[
            list[str] | None,
            typer.Option("--with", metavar="DECORATOR", help="Where tasks run: kubernetes, batch:queue=NAME"),
        ] = None,
        tag: Annotated[list[str] | None, typer.Option(metavar="KEY:VALUE", help="Marks the kept run.")] = None,
    ) -> None:
        _need()
        carrier = Carrier(on, store, jobs, tuple(remote or ()), tuple(tag or ()))
        if carrier.keeps:
            _keep(name, data, out, steps, device, threads, carrier)
        else:
            _run(name, data, out, steps, device, threads)

    app.command(name.value, help=HELP[name])(command)


for _name in Name:
    _add(_name)
