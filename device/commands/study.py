"""``wakeful study``: answers a question about data or networks by many small trainings."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from wakeful.device.commands.train import Device

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


def _run(name: Name, data: Path, out: Path, steps: int | None, device: Device, threads: int) -> None:
    from wakeful.device.extras import need

    need("train", "torch", "onnx", "matplotlib")
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
            bar.console.print(
                f"{place + 1} of {len(trials)}: {trial.name}, seed {trial.seed}, {results[-1].cpu_s:.0f} s"
            )
    answer = asked.answer(results)
    page = write_page(name.value, asked.QUESTION, answer, results, 0, folder)
    typer.echo(answer.sentence)
    typer.echo(f"page: {page}")


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
            Path, typer.Option("--out", metavar="FOLDER", help="Trials, page and results; resumed from there.")
        ],
        steps: Annotated[int | None, typer.Option(min=10, help="Length of each training.")] = None,
        device: Annotated[
            Device, typer.Option("--device", help="auto: a graphics card where there is one.")
        ] = Device.CPU,
        threads: Annotated[int, typer.Option(min=0, help="Processor threads; 0: all.")] = 1,
    ) -> None:
        _run(name, data, out, steps, device, threads)

    app.command(name.value, help=HELP[name])(command)


for _name in Name:
    _add(_name)
