"""``wakeful train``: makes the weights of the project's own networks."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from wakeful.models.training.run import Row

app = typer.Typer(help="Train the project's own networks.", no_args_is_help=True)


class Device(StrEnum):
    """What computes."""

    CPU = "cpu"
    CUDA = "cuda"
    AUTO = "auto"


Epochs = Annotated[int | None, typer.Option(min=1, help="Passes over all examples.")]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same weights.")]
Threads = Annotated[int, typer.Option(min=0, help="Processor threads; 0: all.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue from the checkpoint in --out.")]
On = Annotated[Device, typer.Option("--device", help="auto: a graphics card with CUDA where there is one.")]


@app.callback()
def _group() -> None:
    pass


@app.command("expression")
def expression(
    data: Annotated[Path, typer.Option("--data", metavar="FILE", help="Made by `wakeful data build ferplus`.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Weights, checkpoint and curve go here.")],
    epochs: Epochs = None,
    batch: Annotated[int | None, typer.Option(min=2, help="Faces per step.")] = None,
    seed: Seed = None,
    teacher: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Weights or exported network of an earlier training, used as a teacher."),
    ] = None,
    float32: Annotated[bool, typer.Option("--float32", help="Train in 32 bits throughout.")] = False,
    threads: Threads = 0,
    device: On = Device.CPU,
    resume: Resume = False,
) -> None:
    """Train the expression network, then write its float and int8 ONNX files."""
    from wakeful.device.extras import need

    need("train", "torch", "onnx", "matplotlib")
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from wakeful.models.expression.data import load
    from wakeful.models.expression.export import export
    from wakeful.models.expression.train import Settings, train
    from wakeful.models.expression.weights import WEIGHTS, load_weights
    from wakeful.models.training.run import prepared

    chosen = {"epochs": epochs, "batch": batch, "seed": seed, "bfloat16": False if float32 else None}
    settings = Settings(**{key: value for key, value in chosen.items() if value is not None})  # type: ignore[arg-type]
    computer, faces = prepared(device, threads), load(data)
    length = len(faces.of("train")) // settings.batch
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as bar:
        task, seconds = bar.add_task("epoch", total=length), _stopwatch()

        def stepped(step: int) -> None:
            epoch, done = divmod(step - 1, length)
            bar.update(task, completed=done + 1, description=f"epoch {epoch + 1}/{settings.epochs}")

        def report(row: Row) -> None:
            bar.console.print(
                f"epoch {row['epoch']}: loss {row['loss']:.3f}, validation FER+ {row['valid_ferplus']:.2%}, "
                f"FER2013 {row['valid_fer2013']:.2%}, {seconds():.0f} s"
            )
            bar.reset(task)

        train(faces, out, settings, teacher=teacher, resume=resume, device=computer, stepped=stepped, on_epoch=report)
    shipped = export(load_weights(out / WEIGHTS), faces, out)
    typer.echo(f"{out}: weights, curve and networks; temperature {shipped.ferplus_temperature:.2f} (FER+)")


@app.command("eyes")
def eyes(
    data: Annotated[Path, typer.Option("--data", metavar="FILE", help="Made by `wakeful data build eyes`.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Network, checkpoint and curve go here.")],
    epochs: Epochs = None,
    seed: Seed = None,
    threads: Threads = 0,
    device: On = Device.CPU,
    resume: Resume = False,
) -> None:
    """Train the network that detects covered eyes, then write its ONNX file."""
    from wakeful.device.extras import need

    need("train", "torch", "onnx")
    from wakeful.models.eyes.data import load
    from wakeful.models.eyes.export import export
    from wakeful.models.eyes.train import Settings, train
    from wakeful.models.training.run import prepared

    chosen = {"epochs": epochs, "seed": seed}
    settings = Settings(**{key: value for key, value in chosen.items() if value is not None})  # type: ignore[arg-type]
    computer, seconds = prepared(device, threads), _stopwatch()

    def report(row: Row) -> None:
        typer.echo(
            f"epoch {row['epoch']}: loss {row['loss']:.3f}; of validation eyes, {row['lost_open']:.2%} open and "
            f"{row['lost_closed']:.2%} closed are taken for covered, {row['found']:.1%} covered found, "
            f"{seconds():.0f} s"
        )

    file = export(train(load(data), out, settings, resume=resume, device=computer, on_epoch=report), out)
    typer.echo(f"{file}: the trained network")


def _stopwatch() -> Callable[[], float]:
    """Gives the seconds since it was last read."""
    begun = time.monotonic()

    def read() -> float:
        nonlocal begun
        before, begun = begun, time.monotonic()
        return begun - before

    return read
