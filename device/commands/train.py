"""``wakeful train``: makes the weights of the project's own networks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from wakeful.models.expression.curve import Epoch
    from wakeful.models.eyes.train import Epoch as EyeEpoch

app = typer.Typer(help="Train the project's own networks.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command("expression")
def expression(
    data: Annotated[Path, typer.Option("--data", metavar="FILE", help="Made by `wakeful data build ferplus`.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Weights, checkpoint and curve go here.")],
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over all faces.")] = None,
    batch: Annotated[int | None, typer.Option(min=2, help="Faces per step.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same weights.")] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Weights or exported network of an earlier training, used as a teacher."),
    ] = None,
    float32: Annotated[bool, typer.Option("--float32", help="Train in 32 bits throughout.")] = False,
    threads: Annotated[int, typer.Option(min=0, help="Processor threads; 0: all.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Continue from the checkpoint in --out.")] = False,
) -> None:
    """Train the expression network, then write its float and int8 ONNX files."""
    from wakeful.device.extras import need

    need("train", "torch", "onnx", "matplotlib")
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from wakeful.models.expression.data import load
    from wakeful.models.expression.export import export
    from wakeful.models.expression.train import Settings, train, use_threads
    from wakeful.models.expression.weights import WEIGHTS, load_weights

    if threads:
        use_threads(threads)
    chosen = {"epochs": epochs, "batch": batch, "seed": seed, "bfloat16": False if float32 else None}
    settings = Settings(**{key: value for key, value in chosen.items() if value is not None})  # type: ignore[arg-type]
    faces = load(data)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("epoch")

        def steps(epoch: int, count: int) -> Iterator[int]:
            bar.reset(task, total=count, description=f"epoch {epoch + 1}/{settings.epochs}")
            for step in range(count):
                yield step
                bar.advance(task)

        def report(row: Epoch) -> None:
            bar.console.print(
                f"epoch {row.epoch}: loss {row.loss:.3f}, validation FER+ {row.valid_ferplus:.2%}, "
                f"FER2013 {row.valid_fer2013:.2%}, {row.seconds:.0f} s"
            )

        train(faces, out, settings, teacher=teacher, resume=resume, steps=steps, on_epoch=report)
    shipped = export(load_weights(out / WEIGHTS), faces, out)
    typer.echo(f"{out}: weights, curve and networks; temperature {shipped.ferplus_temperature:.2f} (FER+)")


@app.command("eyes")
def eyes(
    data: Annotated[Path, typer.Option("--data", metavar="FILE", help="Made by `wakeful data build eyes`.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="The network goes here.")],
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over all eyes.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same network.")] = None,
    threads: Annotated[int, typer.Option(min=0, help="Processor threads; 0: all.")] = 0,
) -> None:
    """Train the network that detects covered eyes, then write its ONNX file."""
    from wakeful.device.extras import need

    need("train", "torch", "onnx")
    from wakeful.models.expression.train import use_threads
    from wakeful.models.eyes.data import load
    from wakeful.models.eyes.export import export
    from wakeful.models.eyes.train import Settings, train

    if threads:
        use_threads(threads)
    chosen = {"epochs": epochs, "seed": seed}
    settings = Settings(**{key: value for key, value in chosen.items() if value is not None})

    def report(row: EyeEpoch) -> None:
        typer.echo(
            f"epoch {row.epoch}: loss {row.loss:.3f}; of validation eyes, {row.lost_open:.2%} open and "
            f"{row.lost_closed:.2%} closed are taken for covered, {row.found:.1%} covered found, {row.seconds:.0f} s"
        )

    file = export(train(load(data), settings, report), out)
    typer.echo(f"{file}: the trained network")
