"""``wakeful convert``: converts trained networks for boards; each step is measured and recorded in the manifest.

The only command that uses ``conversion``; it supplies the inputs, which come from perception.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wakeful.device.extras import need

if TYPE_CHECKING:
    from wakeful.conversion.stages import Places
    from wakeful.device.evaluation.network_inputs import InputSet, Purpose
    from wakeful.models.manifest import Variant

app: typer.Typer = typer.Typer(
    help="Convert networks for boards and measure what the conversion changed.", no_args_is_help=True
)

WORK = Path("build/convert")
PARITY_INPUTS = 64
TASK_FACES = 512
CALIBRATION_INPUTS = 128
CALIBRATION_FACES = 512
OWN_CALIBRATION = 192
OWN_JUDGEMENT = 192
OWN_RECOGNISED = 512
OWN_SIMULATED = 16
SHIPPED = "qcs6490,qcs8550,sm8650,sm8750"

Data = Annotated[
    Path,
    typer.Option(
        "--data", metavar="FOLDER", help="Folder of real faces: keypoints68.zip and .npz, clips/, ferplus.npz."
    ),
]
Work = Annotated[Path, typer.Option("--work", metavar="FOLDER", help="Folder for files that are not shipped.")]
Networks = Annotated[str, typer.Option("--networks", metavar="NAMES", help="Only these networks, separated by commas.")]
Socs = Annotated[str, typer.Option("--soc", metavar="NAMES", help="Chips, separated by commas.")]
Weights = Annotated[
    Path | None,
    typer.Option("--weights", metavar="FOLDER", help="Folder of QDQ files and manifest; by default wakeful's."),
]


@app.command("onnx")
def onnx(data: Data, work: Work = WORK, weights: Weights = None, networks: Networks = "") -> None:
    """Write the .tflite networks as float ONNX and compare them with LiteRT."""
    _need_convert()
    from wakeful.conversion import stages

    places = _places(work, weights)
    faces = _faces(data, "judgement", PARITY_INPUTS, places)
    for network in _chosen(networks, stages.MEDIAPIPE):
        with _timed(f"{network} to ONNX"):
            _tell(stages.to_onnx(network, places, faces[network]))


@app.command("quantize")
def quantize(data: Data, work: Work = WORK, weights: Weights = None, networks: Networks = "") -> None:
    """Quantize the networks, calibrated on real faces, and compare them with the float networks."""
    _need_convert()
    from wakeful.conversion import stages
    from wakeful.device.evaluation.network_inputs import expression_inputs

    places = _places(work, weights)
    chosen = _chosen(networks, stages.WITH_PERCEPTION)
    meets_faces = bool(set(chosen) - {stages.EXPRESSION})
    calibration = _faces(data, "calibration", CALIBRATION_INPUTS, places) if meets_faces else {}
    judgement = _faces(data, "judgement", PARITY_INPUTS, places) if meets_faces else {}
    for network in chosen:
        if network == stages.EXPRESSION:
            calibrated, judged = (expression_inputs(data, purpose) for purpose in ("calibration", "judgement"))
            with _timed("expression, int8 from training, evaluated"):
                _tell(stages.evaluate_int8(places, calibrated, judged))
            with _timed("expression quantized"):
                _tell(stages.to_qdq(network, places, calibrated.first(CALIBRATION_FACES), judged))
            continue
        with _timed(f"{network} quantized"):
            _tell(stages.to_qdq(network, places, calibration[network], judgement[network]))


@app.command("litert")
def litert(data: Data, work: Work = WORK, weights: Weights = None) -> None:
    """Write the int8 expression network as .tflite, for LiteRT on CPUs, and compare it with the float one."""
    _need_convert()
    from wakeful.conversion import stages
    from wakeful.device.evaluation.network_inputs import expression_inputs

    judged = expression_inputs(data, "judgement")
    with _timed("expression for LiteRT"):
        _tell(stages.to_litert(_places(work, weights), judged, judged.first(TASK_FACES)))


@app.command("qnn")
def qnn(
    data: Data,
    soc: Socs = SHIPPED,
    work: Work = WORK,
    weights: Weights = None,
    networks: Networks = "",
    inputs: Annotated[int, typer.Option(min=1, help="Inputs simulated for each chip.")] = PARITY_INPUTS,
    faces: Annotated[
        int, typer.Option(min=1, help="Faces simulated for the top-1 accuracy, on each chip.")
    ] = TASK_FACES,
) -> None:
    """Compile the quantized networks for chips with a Hexagon NPU and run them in the simulator.

    It takes about a second per input. Results are kept in the folder of --work, so an interrupted run continues where
    it stopped.
    """
    from wakeful.models import variants

    chips = [variants.soc(name) for name in soc.split(",") if name]
    _need_convert()
    need("qnn", "onnxruntime_qnn")
    from wakeful.conversion import stages
    from wakeful.conversion.qnn import require_host
    from wakeful.device.evaluation.network_inputs import expression_inputs

    require_host()
    places = _places(work, weights)
    chosen = _chosen(networks, stages.WITH_PERCEPTION)
    crops = _faces(data, "judgement", inputs, places) if set(chosen) - {stages.EXPRESSION} else {}
    for network in chosen:
        # An accuracy over a few faces is meaningless.
        judges = network != stages.EXPRESSION or faces >= TASK_FACES
        given = crops[network] if network in crops else expression_inputs(data, "judgement").first(faces)
        for chip in chips:
            with _timed(f"{network} for {chip.name}"):
                _tell(stages.to_context(network, chip, places, given, judges))


@app.command("own")
def own(
    data: Data,
    networks: Networks = "face,lids,mouth,identity",
    training: Annotated[
        Path | None,
        typer.Option("--training", metavar="FOLDER", help="Export from its .pt files first (needs wakeful[train])."),
    ] = None,
    soc: Socs = SHIPPED,
    work: Work = WORK,
    weights: Weights = None,
    inputs: Annotated[int, typer.Option(min=1, help="Inputs simulated for each chip.")] = OWN_SIMULATED,
    readme: Annotated[Path | None, typer.Option("--readme", metavar="FILE", help="Write the table into it.")] = None,
) -> None:
    """Make every file of the networks face, lids, mouth and identity again: float, int8, NPUs (--soc "" for none)."""
    from wakeful.models import variants

    chips = [variants.soc(name) for name in soc.split(",") if name]
    _need_convert()
    from wakeful.conversion import own, stages
    from wakeful.device.evaluation.crop_inputs import crop_inputs, identity_inputs, labelled_lids

    if chips:
        need("qnn", "onnxruntime_qnn")
    places = _places(work, weights)
    with _timed("crops of faces"):
        calibration = crop_inputs(data, "calibration", OWN_CALIBRATION)
        judgement = crop_inputs(data, "judgement", OWN_JUDGEMENT)
        labelled = labelled_lids(data)
        calibration["identity"] = identity_inputs(data, "calibration", OWN_CALIBRATION)
        judgement["identity"] = identity_inputs(data, "judgement", OWN_RECOGNISED)
    for network in _named(networks, variants.OWN):
        if training is not None:
            need("train", "torch")
            own.export(network, training, places)
        with _timed(f"{network} for processors"):
            given = own.OwnInputs(calibration[network], judgement[network], labelled if network == "lids" else None)
            for variant in own.to_processors(network, places, given):
                _tell(variant)
        for chip in chips:
            with _timed(f"{network} for {chip.name}"):
                _tell(stages.to_context(network, chip, places, judgement[network].first(inputs)))
    if readme is not None:
        table(weights, readme)


@app.command("qairt-kit")
def qairt_kit(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="New folder; must not exist yet.")],
    data: Data,
    work: Work = WORK,
    networks: Networks = "",
    soc: Annotated[str, typer.Option("--soc", metavar="NAME", help="The chip to write it for.")] = "sm8650",
) -> None:
    """Write a folder for Qualcomm's own SDK: ONNX, calibration inputs, command lines, benchmark settings."""
    from wakeful.models import variants

    chip = variants.soc(soc)
    _need_convert()
    from wakeful.conversion import stages
    from wakeful.conversion.qairt_kit import write_kit
    from wakeful.device.evaluation.crop_inputs import crop_inputs, identity_inputs
    from wakeful.device.evaluation.network_inputs import expression_inputs

    chosen = _chosen(networks, stages.NETWORKS)
    places = _places(work, None)
    given = _faces(data, "calibration", CALIBRATION_INPUTS, places) if set(chosen) & set(stages.MEDIAPIPE) else {}
    if stages.EXPRESSION in chosen:
        given[stages.EXPRESSION] = expression_inputs(data, "calibration").first(CALIBRATION_INPUTS)
    if set(chosen) & set(variants.OWN):
        given |= crop_inputs(data, "calibration", CALIBRATION_INPUTS)
        given["identity"] = identity_inputs(data, "calibration", CALIBRATION_INPUTS)
    write_kit(out, chip, {one: (places.float_onnx(one), given[one]) for one in chosen})
    typer.echo(f"{out}: read its README.md")


@app.command("table")
def table(
    weights: Weights = None,
    readme: Annotated[
        Path | None,
        typer.Option(
            "--readme", metavar="FILE", help="Insert it between the marks in this file instead of printing it."
        ),
    ] = None,
) -> None:
    """Show the conversion results in the manifest as a table."""
    from wakeful.conversion.table import as_markdown, put_into
    from wakeful.models import manifest

    text = as_markdown(manifest.load((weights or manifest.MANIFEST.parent) / manifest.MANIFEST.name))
    if readme is None:
        typer.echo(text)
    else:
        put_into(readme, text)


def _need_convert() -> None:
    need("convert", "onnx", "tflite")


def _places(work: Path, weights: Path | None) -> Places:
    from wakeful.conversion.stages import Places

    if weights is None:
        return Places(work.resolve())
    weights.mkdir(parents=True, exist_ok=True)
    return Places(work.resolve(), weights.resolve(), registers=False)


def _chosen(names: str, known: tuple[str, ...]) -> list[str]:
    """The networks named, in their order; of all, those whose files are there."""
    from wakeful.models import registry

    if not names:
        return [one for one in known if registry.available(one)]
    chosen = _named(names, known)
    for one in chosen:
        registry.path(one)
    return chosen


def _named(names: str, known: tuple[str, ...]) -> list[str]:
    from wakeful.errors import ConfigError

    chosen = [one for one in names.split(",") if one]
    for one in chosen:
        if one not in known:
            raise ConfigError(f"{one!r} cannot be converted this way; choose from {', '.join(known)}")
    return chosen


def _faces(data: Path, purpose: Purpose, count: int, places: Places) -> dict[str, InputSet]:
    from wakeful.device.evaluation.kept_inputs import kept_face_inputs

    with _timed(f"preparing faces for {purpose}"):
        return kept_face_inputs(data, purpose, count, places.work)


@contextmanager
def _timed(what: str) -> Iterator[None]:
    begun = time.monotonic()
    typer.echo(f"{what} ...", err=True)
    yield
    typer.echo(f"{what}: {time.monotonic() - begun:.0f} s", err=True)


def _tell(one: Variant) -> None:
    figures = []
    if one.parity:
        figures.append(f"parity {one.parity.worst:.2g} {one.parity.unit} (at most {one.parity.bar:g})")
    figures += [f"{figure.name} {figure.value:.4f}, float {figure.reference:.4f}" for figure in one.task]
    verdict = "passed" if one.passed else "FAILED"
    what = " ".join(filter(None, [one.network, one.precision, one.runtime, one.soc]))
    typer.echo(f"{verdict}  {what}: {one.bytes} bytes; {'; '.join(figures)}")
