"""``wakeful evaluate``: how good a part of the monitor is, on labelled data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wakeful.device.commands.run import Landmarks

if TYPE_CHECKING:
    from wakeful.models.expression.evaluate import Report

app = typer.Typer(help="Evaluate parts of the monitor on labelled data.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command("expression")
def expression(
    data: Annotated[
        Path,
        typer.Option(
            "--data", metavar="FILE|FOLDER", help="Packed FER+ file, or a folder with one subfolder of faces per class."
        ),
    ],
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="FILE", help="An .onnx or .tflite file; by default the shipped one."),
    ] = None,
    split: Annotated[str, typer.Option("--split", metavar="NAME", help="train, valid or test.")] = "test",
    json_file: Annotated[Path | None, typer.Option("--json", metavar="OUT", help="Write all figures here.")] = None,
    pipeline: Annotated[
        bool, typer.Option("--pipeline", help="Also pass each face, enlarged, through all of perception.")
    ] = False,
    confusion: Annotated[
        Path | None, typer.Option("--confusion", metavar="OUT", help="Draw the confusion matrices here (.png).")
    ] = None,
) -> None:
    """Evaluate an expression network: accuracy, macro F1, recall, calibration, confusion, each with its uncertainty."""
    from wakeful.device.extras import need
    from wakeful.models import registry
    from wakeful.models.expression.evaluate import confusion_picture, evaluate

    if confusion:
        need("train", "matplotlib")
    report = evaluate(weights or registry.path("expression"), data, split)
    found = report.as_dict()
    if pipeline:
        found["pipeline"] = _through_pipeline(data, split, weights)
    if json_file:
        _write(json_file, json.dumps(found, indent=2).encode())
    if confusion:
        import io

        drawn = io.BytesIO()
        confusion_picture(report).savefig(drawn, format="png", dpi=100)
        _write(confusion, drawn.getvalue())
    _print(report)
    if pipeline:
        typer.echo("through the pipeline, over the faces it found: {}".format(json.dumps(found["pipeline"])))


def _through_pipeline(data: Path, split: str, weights: Path | None) -> dict[str, Any]:
    """Results of the whole perception on the faces of a packed file."""
    from dataclasses import asdict

    from wakeful.device.perception.expression_check import check_pipeline
    from wakeful.errors import ConfigError
    from wakeful.models import registry
    from wakeful.models.expression.data import load, paper_labels
    from wakeful.models.expression.network import ExpressionFile

    if data.is_dir():
        raise ConfigError("--pipeline needs a packed file of faces, not a folder")
    if weights:
        raise ConfigError("--pipeline evaluates the network that the monitor uses: leave out --weights")
    faces = load(data).of(split)
    labels = paper_labels(faces.votes)
    clear = labels >= 0
    logits, _ = ExpressionFile(registry.path("expression")).logits(faces.images[clear])
    return asdict(check_pipeline(faces.images[clear], labels[clear], logits.argmax(axis=1)))


@app.command("clips")
def clips(
    folder: Annotated[Path, typer.Option("--clips", metavar="DIR", help="Folder of the clips.")],
    annotations: Annotated[
        Path, typer.Option("--annotations", metavar="FILE", help="Annotated intervals of the clips, as JSON.")
    ],
    json_file: Annotated[Path | None, typer.Option("--json", metavar="OUT", help="Write all figures here.")] = None,
    landmarks: Annotated[Landmarks, typer.Option(help="Which networks read the face.")] = Landmarks.AUTO,
    profile: Annotated[str, typer.Option(metavar="NAME|FILE", help="Profile: the rules to apply.")] = "vehicle",
    speed: Annotated[float, typer.Option(min=0.0, metavar="KMH", help="Vehicle speed.")] = 60.0,
    jobs: Annotated[int, typer.Option(min=1, metavar="N", help="Clips processed in parallel.")] = 1,
) -> None:
    """Evaluate the whole monitor on annotated clips: closures, blinks, yawns, head turns, false alarms."""
    from rich.console import Console

    from wakeful.device.config.layers import load_profile
    from wakeful.device.evaluation.annotations import read_annotations
    from wakeful.device.evaluation.clips import ClipJob, play
    from wakeful.device.evaluation.figures import as_json, print_tables
    from wakeful.device.evaluation.scores import score_clip
    from wakeful.device.extras import need
    from wakeful.device.jobs import in_processes

    need("evaluate", "scipy")
    load_profile(profile)
    marked = read_annotations(annotations, folder)
    work = [ClipJob(folder, marks, landmarks.value, profile, speed) for marks in marked]
    played = list(in_processes(play, work, jobs))
    scores = [score_clip(marks, one) for marks, one in zip(marked, played, strict=True)]
    about = {"landmarks": played[0].landmarks, "profile": profile, "speed_kmh": speed}
    if json_file:
        _write(json_file, (json.dumps(as_json(scores, about), indent=1) + "\n").encode())
    console = Console()
    console.print(f"landmarks {played[0].landmarks}, profile {profile}, {speed:g} km/h")
    print_tables(scores, console)


@app.command("log")
def log(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="Logs, or folders of logs.", show_default=False)],
    truth: Annotated[
        Path, typer.Option("--truth", metavar="FILE", help="What really happened (ground truth), as CSV.")
    ],
    profile: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Apply these rules instead of the recorded ones.")
    ] = None,
    late: Annotated[
        float, typer.Option(min=0.0, metavar="S", help="How late an alert may come and still count as a detection.")
    ] = 5.0,
    kss: Annotated[float, typer.Option(min=1.0, max=9.0, help="Ratings at or above this count as drowsy.")] = 7.0,
    kss_window: Annotated[
        float, typer.Option(min=1.0, metavar="S", help="A rating covers this long before it.")
    ] = 300.0,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="OUT", help="Write all figures here.")] = None,
) -> None:
    """Evaluate alerts of recorded drives against annotated events and KSS ratings: sensitivity, false alarms, delay."""
    from wakeful.device.commands.plain_console import PlainConsole
    from wakeful.device.evaluation.drive_figures import drive_figures, print_drives
    from wakeful.device.evaluation.drive_logs import drives_of
    from wakeful.device.evaluation.drives import Bounds, kinds_of
    from wakeful.device.evaluation.truth import read_truth
    from wakeful.device.extras import need
    from wakeful.device.record.reader import recordings
    from wakeful.device.sanitise import printable

    need("record", "zstandard")
    need("evaluate", "scipy")
    bounds = Bounds(late, kss, kss_window)
    rows = read_truth(truth)
    drives, warnings = drives_of(recordings(logs), rows, bounds, profile)
    kinds = kinds_of(rows)
    if json_file:
        _write(json_file, (json.dumps(drive_figures(drives, kinds, bounds), indent=1) + "\n").encode())
    print_drives(drives, kinds, bounds, PlainConsole())
    for warning in warnings:
        typer.echo(f"wakeful: {printable(warning)}", err=True)


@app.command("sleepiness")
def sleepiness(
    data: Annotated[
        Path,
        typer.Option(
            "--data", metavar="FOLDER", help="Holds rldd_blinks.npz, and series of lid openings in mm (.npz)."
        ),
    ],
    profile: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="Profile: coefficients and rules to apply.")
    ] = "vehicle",
    figure: Annotated[
        Path | None,
        typer.Option("--figure", metavar="OUT", help="Draw reliability and alerts over blinks here (.png)."),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="OUT", help="Write all figures here.")] = None,
) -> None:
    """Evaluate sleepiness by blinks on people who rated themselves, by the engine's own estimator: AUC, alerts."""
    from dataclasses import asdict

    from wakeful.device.commands.plain_console import PlainConsole
    from wakeful.device.config.layers import load_profile
    from wakeful.device.evaluation import opening_series
    from wakeful.device.evaluation import sleepiness as evaluation
    from wakeful.device.evaluation.sleepiness_figures import picture, print_tables
    from wakeful.device.extras import need

    if figure:
        need("train", "matplotlib")
    rules, _ = load_profile(profile)
    scored = evaluation.every_way(evaluation.load(data), rules, profile)
    found = {name: evaluation.figures(one) for name, one in scored.items()}
    openings = [opening_series.replay(series, rules) for series in opening_series.load(data)]
    if json_file:
        everything = {"coefficients": found, "openings": [asdict(one) for one in openings]}
        _write(json_file, json.dumps(everything, indent=1).encode())
    if figure:
        import io

        drawn, name = io.BytesIO(), evaluation.BY_FOLDS if evaluation.BY_FOLDS in scored else next(iter(scored))
        picture(scored[name], f"sleepiness by blinks, {name}").savefig(drawn, format="png", dpi=100)
        _write(figure, drawn.getvalue())
    print_tables(found, openings, PlainConsole())


@app.command("identity")
def identity(
    data: Annotated[
        Path,
        typer.Option(
            "--data", metavar="FOLDER", help="Holds orl_faces.npz, yalefaces.npz, faces.bin and faces_labels.npz."
        ),
    ],
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="FILE", help="An .onnx or .tflite file; by default the shipped ones."),
    ] = None,
    teacher: Annotated[
        bool, typer.Option("--teacher", help="Evaluate the network's teacher too (extra [teacher]).")
    ] = False,
    figure: Annotated[
        Path | None, typer.Option("--figure", metavar="OUT", help="Draw rates over enrolled images, light, ROC (.png).")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="OUT", help="Write all figures here.")] = None,
) -> None:
    """Evaluate who is recognised: the network beside Eigenfaces, Fisherfaces and LBPH, by images, light, expression."""
    from wakeful.device.commands.plain_console import PlainConsole
    from wakeful.device.extras import need

    need("identity", "sklearn", "skimage")
    if teacher:
        need("teacher", "dlib", "face_recognition_models")
    if figure:
        need("train", "matplotlib")
    from wakeful.models.identity.evaluate import evaluate
    from wakeful.models.identity.figures import picture, print_tables

    report = evaluate(data, weights, with_teacher=teacher)
    if json_file:
        _write(json_file, (json.dumps(report.as_dict(), indent=1) + "\n").encode())
    if figure:
        import io

        drawn = io.BytesIO()
        picture(report).savefig(drawn, format="png", dpi=100)
        _write(figure, drawn.getvalue())
    print_tables(report, PlainConsole())


def _print(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(f"{report.weights}: {report.bytes / 1000:.0f} kB, {report.median_ms:.2f} ms a face on one thread")
    table = Table("protocol", "faces", "accuracy (95 %)", "macro F1 (95 %)", "ECE", box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap, column.overflow = True, "fold"
    for name, one in report.protocols.items():
        table.add_row(
            name,
            str(one.faces),
            f"{one.accuracy:.2%} ({100 * one.accuracy_95[0]:.1f}-{100 * one.accuracy_95[1]:.1f})",
            f"{one.macro_f1:.3f} ({one.macro_f1_95[0]:.2f}-{one.macro_f1_95[1]:.2f})",
            f"{one.calibration_error:.3f}",
        )
    console.print(table)
    for name, one in report.protocols.items():
        recalls = ", ".join(f"{known} {value:.1%}" for known, value in one.recall.items() if value is not None)
        console.print(f"recall, {name}: {recalls}", soft_wrap=True)


def _write(file: Path, content: bytes) -> None:
    from wakeful.errors import ConfigError
    from wakeful.files import write_file

    try:
        write_file(file, content, private=False)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None
