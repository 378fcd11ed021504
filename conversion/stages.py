"""The steps from the networks of the registry to what boards execute, each with its part of the manifest.

``to_onnx`` -> ``to_qdq`` -> ``to_context``, in that order, each from the files of the one before. The expression
network comes out of its training as ONNX, float and int8: the former begins at ``to_qdq``, the latter is evaluated and
becomes a .tflite file (``to_litert``). What is special to the project's other networks is in
``wakeful.conversion.own``.
"""

from __future__ import annotations

import math
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from wakeful.conversion import measure, own_figures
from wakeful.conversion.channel_weights import with_channel_weights
from wakeful.conversion.count import macs, operators
from wakeful.conversion.equalize import equalize
from wakeful.conversion.measure import Inputs, Outputs
from wakeful.conversion.qdq_to_tflite import convert as as_tflite
from wakeful.conversion.qnn import probe
from wakeful.conversion.quantize import output_steps, quantize
from wakeful.conversion.recipes import INT8_RECIPES, RECIPES
from wakeful.conversion.register import register
from wakeful.conversion.resume import compile_once, simulate_in_slices
from wakeful.conversion.tflite_graph import read
from wakeful.conversion.tflite_to_onnx import convert
from wakeful.conversion.typical import typical
from wakeful.conversion.whole_picture import with_convolutions
from wakeful.errors import ConfigError
from wakeful.files import write_file
from wakeful.frozen import dataclass
from wakeful.models import manifest, registry, variants
from wakeful.models.manifest import Manifest, ManifestUnreadable, TaskFigure, Variant
from wakeful.models.variants import NPU_PRECISION, OWN, Precision, Soc

EXPRESSION = "expression"
NETWORKS = tuple(NPU_PRECISION)
WITH_PERCEPTION = tuple(one for one in NETWORKS if one not in OWN)
MEDIAPIPE = tuple(one for one in NETWORKS if one not in (EXPRESSION, *OWN))
FLOAT = Precision.FLOAT


@dataclass(frozen=True, slots=True)
class Places:
    """Where files go.

    Attributes:
        work: what is built on the way and not shipped.
        weights: what is shipped, beside the manifest.
        registers: whether new files are entered into the registry in ``weights``.
    """

    work: Path
    weights: Path = registry.WEIGHTS
    registers: bool = True

    @property
    def manifest(self) -> Path:
        return self.weights / manifest.MANIFEST.name

    def float_onnx(self, network: str) -> Path:
        if network == EXPRESSION:
            return variants.file(network, FLOAT, "onnx")
        return (self.weights if network in OWN else self.work) / f"{network}.onnx"

    def qdq(self, network: str, precision: Precision | None = None) -> Path:
        return self.weights / f"{network}.{precision or NPU_PRECISION[network]}.onnx"

    def context(self, network: str, chip: Soc) -> Path:
        # Those of the project's own networks are small and shipped.
        folder = self.weights if network in OWN else self.work
        return folder / variants.CONTEXTS.name / variants.context_name(network, chip.name)


def to_onnx(network: str, places: Places, inputs: Inputs) -> Variant:
    """A .tflite network of the registry as float ONNX, compared with LiteRT."""
    import onnx

    source, target = registry.path(network), places.float_onnx(network)
    places.work.mkdir(parents=True, exist_ok=True)
    onnx.save(convert(read(source), network), target)
    parity = measure.float_parity(
        measure.run_onnx(target, inputs.tensors), measure.run_litert(source, inputs.tensors), "LiteRT", inputs, "CPU"
    )
    return noted_as(
        places,
        Variant(
            **file_of(network, FLOAT, "onnx", target, source),
            macs=macs(target),
            operators={"cpu": operators(target).total()},
            tools=tools("onnx", "tflite", "ai-edge-litert", "onnxruntime"),
            parity=parity,
        ),
    )


def to_qdq(
    network: str, places: Places, calibration: Inputs, inputs: Inputs, precision: Precision | None = None
) -> Variant:
    """The quantized network, evaluated beside the float one on ``inputs``; ``precision``: None for what NPUs run."""
    recipe = INT8_RECIPES[network] if precision is Precision.INT8 else RECIPES[network]
    source, target = made(places.float_onnx(network), "onnx"), places.qdq(network, recipe.settings.precision)
    ready, shown = source, calibration.tensors
    if network in OWN:
        ready = convolutions(network, places)
    if recipe.times_usual < math.inf:
        shown = typical(source, shown, recipe.times_usual)
    if recipe.equalize:
        ready = places.work / f"{network}.equal.onnx"
        equalize(source, ready, shown, recipe.equalize)
    if recipe.headroom > 1.0:
        shown = np.concatenate([shown, shown[::2] * np.float32(recipe.headroom)])
    quantize(ready, target, recipe.settings, shown)
    if places.registers:
        register(variants.entry(network, recipe.settings.precision, "onnx"), target)
    settings = recipe.settings.as_text() | {"equalized": f"{recipe.equalize:g}", "calibrated with": str(len(shown))}
    return _evaluated(network, recipe.settings.precision, target, places, calibration, inputs, settings)


def convolutions(network: str, places: Places) -> Path:
    """The float network without matrices, as it is quantized and written for LiteRT."""
    import onnx

    places.work.mkdir(parents=True, exist_ok=True)
    written = places.work / f"{network}.convolutions.onnx"
    onnx.save(with_convolutions(onnx.load(places.float_onnx(network))), written)
    return written


def figures(network: str, given: Outputs, floats: Outputs, inputs: Inputs, runs_on: str) -> tuple[TaskFigure, ...]:
    """What the network is for, beside the float network on the same inputs."""
    if network in OWN:
        return own_figures.figures(network, given, floats, inputs, runs_on)
    return (measure.task_figure(network, given, floats, inputs, runs_on),)


def evaluate_int8(places: Places, calibration: Inputs, inputs: Inputs) -> Variant:
    """The int8 expression network of its training, evaluated beside the float one on ``inputs``."""
    file = variants.file(EXPRESSION, Precision.INT8, "onnx")
    return _evaluated(EXPRESSION, Precision.INT8, file, places, calibration, inputs, {})


def _evaluated(
    network: str,
    precision: Precision,
    target: Path,
    places: Places,
    calibration: Inputs,
    inputs: Inputs,
    settings: dict[str, str],
) -> Variant:
    source = places.float_onnx(network)
    floats = measure.run_onnx(source, inputs.tensors)
    given = measure.run_onnx(target, inputs.tensors, as_written=network in OWN and not measure.has_vnni())
    return noted_as(
        places,
        Variant(
            **file_of(network, precision, "onnx", target, source),
            macs=macs(source),
            operators={"cpu": operators(target).total()},
            tools=tools("onnx", "onnxruntime"),
            settings=settings,
            calibration=measure.data_of(calibration),
            task=figures(network, given, floats, inputs, "CPU"),
        ),
    )


def to_context(network: str, chip: Soc, places: Places, inputs: Inputs, evaluate_task: bool = True) -> Variant:
    """The network compiled for a chip, run in the simulator on ``inputs`` and compared with its QDQ file."""
    source, target = made(places.qdq(network), "quantize"), places.context(network, chip)
    compile_once(source, chip, target, places.work / "compiled")
    probe(target, chip)
    given = simulate_in_slices(target, inputs, places.work / "simulated")
    same = measure.run_onnx(source, inputs.tensors)
    where = "simulated Hexagon"
    parity = measure.step_parity(given, same, output_steps(source), "ONNX Runtime, same QDQ", inputs, where)
    task: tuple[TaskFigure, ...] = ()
    if evaluate_task:
        floats = measure.run_onnx(places.float_onnx(network), inputs.tensors)
        task = figures(network, given, floats, inputs, where)
    return noted_as(
        places,
        Variant(
            **file_of(network, NPU_PRECISION[network], "qnn", variants.data_of(target), source),
            macs=macs(places.float_onnx(network)),
            # Nothing is allowed to fall back to the processor, so that all of them are there.
            operators={"npu": operators(source).total(), "cpu": 0},
            tools=tools("onnxruntime", "onnxruntime-qnn"),
            settings={"soc_model": str(chip.model), "arch": f"v{chip.arch}"},
            soc=chip.name,
            wrapper_sha256=registry.sha256_of(target),
            parity=parity,
            task=task,
        ),
    )


def to_litert(places: Places, inputs: Inputs, few: Inputs) -> Variant:
    """The int8 expression network as .tflite, compared with ONNX Runtime on the same numbers, and evaluated.

    Args:
        inputs: what it is evaluated on; few: what the two runtimes are compared on.
    """
    import onnx

    network, precision = EXPRESSION, Precision.INT8
    source, bounds = (variants.file(network, one, "onnx") for one in (FLOAT, precision))
    target = places.weights / f"{network}.{precision}.tflite"
    same = places.work / f"{network}.{precision}.channels.onnx"
    places.work.mkdir(parents=True, exist_ok=True)
    written = with_channel_weights(onnx.load(bounds), onnx.load(source))
    onnx.save(written, same)
    write_file(target, as_tflite(written), private=False)
    if places.registers:
        register(variants.entry(network, precision, "litert"), target)
    parity = measure.step_parity(
        measure.run_litert(target, few.tensors),
        measure.run_onnx(same, few.tensors, as_written=True),
        output_steps(same),
        "ONNX Runtime, same numbers",
        few,
        "CPU",
    )
    given, floats = measure.run_litert(target, inputs.tensors), measure.run_onnx(source, inputs.tensors)
    return noted_as(
        places,
        Variant(
            **file_of(network, precision, "litert", target, source),
            macs=macs(source),
            operators={"cpu": operators(same).total()},
            tools=tools("onnx", "onnxruntime", "ai-edge-litert"),
            settings={
                "activations": f"int8, bounds of {bounds.name}",
                "weights": "int8, per channel in convolutions, per tensor in matrices",
            },
            parity=parity,
            task=(measure.task_figure(network, given, floats, inputs, "CPU"),),
        ),
    )


def noted(places: Places) -> Manifest:
    """The manifest so far, an empty one where there is none yet."""
    try:
        return manifest.load(places.manifest)
    except ManifestUnreadable:
        if places.manifest.is_file():
            raise
        return Manifest()


def noted_as(places: Places, variant: Variant) -> Variant:
    """Puts ``variant`` in the place of the one before it."""
    so_far = noted(places)
    key = (variant.network, variant.precision, variant.runtime, variant.soc)
    others = [one for one in so_far.variants if (one.network, one.precision, one.runtime, one.soc) != key]
    order = sorted(
        [*others, variant], key=lambda one: (NETWORKS.index(one.network), one.runtime, one.precision, one.soc)
    )
    manifest.save(replace(so_far, variants=tuple(order)), places.manifest)
    return variant


def file_of(network: str, precision: str, runtime: str, file: Path, source: Path) -> dict[str, Any]:
    """What a variant says of its file."""
    shipped = file.is_relative_to(registry.WEIGHTS)
    return {
        "network": network,
        "precision": str(precision),
        "runtime": runtime,
        "file": str(file.relative_to(registry.WEIGHTS)) if shipped else "",
        "bytes": file.stat().st_size,
        "sha256": registry.sha256_of(file),
        "source": source.name,
        "source_sha256": registry.sha256_of(source),
    }


def made(file: Path, step: str) -> Path:
    """``file``, or ``ConfigError`` where the step before did not write it."""
    if not file.is_file():
        raise ConfigError(f"{file} is not made yet: run `wakeful convert {step}` first")
    return file


def tools(*packages: str) -> dict[str, str]:
    """The versions of what had a part in a file."""
    return {package: version(package) for package in packages}
