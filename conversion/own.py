"""The networks ``face``, ``lids``, ``mouth``, ``identity``: from the weights of a training to all that is shipped.

``export`` -> ``to_processors`` -> ``wakeful.conversion.stages.to_context``. On processors int8 in LiteRT is the
quickest and is what the monitor runs; ONNX Runtime takes the float file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.conversion import measure, own_figures
from wakeful.conversion.count import macs, operators
from wakeful.conversion.measure import Inputs, Outputs
from wakeful.conversion.qdq_to_tflite import convert
from wakeful.conversion.register import register
from wakeful.conversion.stages import Places, convolutions, figures, file_of, noted_as, to_qdq, tools
from wakeful.errors import ConfigError
from wakeful.files import write_file
from wakeful.frozen import dataclass
from wakeful.models import variants
from wakeful.models.manifest import Parity, TaskFigure, Variant
from wakeful.models.variants import Precision

PRESENCE = "presence"


@dataclass(frozen=True, slots=True)
class OwnInputs:
    """What one network is calibrated with and evaluated on; ``labelled``: pairs of eyes with their lid states."""

    calibration: Inputs
    judgement: Inputs
    labelled: Inputs | None = None


def export(network: str, training: Path, places: Places) -> Path:
    """The float ONNX file, from ``NETWORK.pt``, of the lids with ``lids_states.pt``; needs torch."""
    wanted = [training / f"{network}.pt", *([training / "lids_states.pt"] if network == "lids" else [])]
    if absent := [one for one in wanted if not one.is_file()]:
        raise ConfigError(f"there is no {absent[0]}: give the folder that holds the weights of the trainings")
    target = places.float_onnx(network)
    if network == "face":
        from wakeful.models.face.export import write

        write(wanted[0], target)
    elif network == "lids":
        from wakeful.models.lids.export import write as write_lids

        write_lids(wanted[0], wanted[1], target)
    elif network == "identity":
        from wakeful.models.identity.export import write as write_identity

        write_identity(wanted[0], target)
    else:
        from wakeful.models.mouth.export import write as write_mouth

        write_mouth(wanted[0], target)
    if places.registers:
        register(variants.entry(network, Precision.FLOAT, "onnx"), target)
    return target


def to_processors(network: str, places: Places, given: OwnInputs) -> Iterator[Variant]:
    """Float for LiteRT, int8 for ONNX Runtime and LiteRT, and what is compiled for Hexagons."""
    floats = measure.run_onnx(places.float_onnx(network), given.judgement.tensors)
    yield _float_litert(network, places, given, floats)
    yield to_qdq(network, places, given.calibration, given.judgement, Precision.INT8)
    yield _int8_litert(network, places, given, floats)
    yield to_qdq(network, places, given.calibration, given.judgement)


def _float_litert(network: str, places: Places, given: OwnInputs, floats: Outputs) -> Variant:
    source, target = convolutions(network, places), places.weights / f"{network}.tflite"
    _write_litert(network, Precision.FLOAT, source, target, places)
    answers = measure.run_litert(target, given.judgement.tensors)
    return noted_as(
        places,
        Variant(
            **file_of(network, Precision.FLOAT, "litert", target, places.float_onnx(network)),
            macs=macs(source),
            operators={"cpu": operators(source).total()},
            tools=tools("onnx", "ai-edge-litert", "onnxruntime"),
            settings={"weights": "stored in 16 bits, which hold them exactly"},
            parity=measure.float_parity(answers, floats, "ONNX Runtime", given.judgement, "CPU"),
        ),
    )


def _int8_litert(network: str, places: Places, given: OwnInputs, floats: Outputs) -> Variant:
    source, target = places.qdq(network, Precision.INT8), places.weights / f"{network}.int8.tflite"
    _write_litert(network, Precision.INT8, source, target, places)
    answers = measure.run_litert(target, given.judgement.tensors)
    parity = processor_parity(answers, source, floats, given.judgement)
    task = figures(network, answers, floats, given.judgement, "CPU")
    return noted_as(
        places,
        Variant(
            **file_of(network, Precision.INT8, "litert", target, places.float_onnx(network)),
            macs=macs(places.float_onnx(network)),
            operators={"cpu": operators(source).total()},
            tools=tools("onnx", "ai-edge-litert", "onnxruntime"),
            settings={"made from": source.name},
            calibration=measure.data_of(given.calibration),
            parity=parity,
            task=(*task, *_states(network, places, target, given)),
        ),
    )


def processor_parity(answers: Outputs, quantized: Path, floats: Outputs, inputs: Inputs) -> Parity:
    """LiteRT's ``answers`` beside ONNX Runtime on the same numbers, in 256ths of the range of each output.

    Presence is compared as it is read, as a probability: on faces its logit hardly moves, far from where it decides.
    """
    same = measure.run_onnx(quantized, inputs.tensors, as_written=not measure.has_vnni())
    steps = measure.value_steps(floats)
    if PRESENCE in floats:
        answers, same = (one | {PRESENCE: _probability(one[PRESENCE])} for one in (answers, same))
        steps[PRESENCE] = 1.0 / 256.0
    return measure.step_parity(answers, same, steps, "ONNX Runtime, same numbers", inputs, "CPU")


def _probability(logit: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1.0 / (1.0 + np.exp(-logit)), np.float32)


def _states(network: str, places: Places, target: Path, given: OwnInputs) -> tuple[TaskFigure, ...]:
    if network != "lids" or given.labelled is None:
        return ()
    floats = measure.run_onnx(places.float_onnx(network), given.labelled.tensors)
    return own_figures.state_figures(measure.run_litert(target, given.labelled.tensors), floats, given.labelled, "CPU")


def _write_litert(network: str, precision: Precision, source: Path, target: Path, places: Places) -> None:
    import onnx

    write_file(target, convert(onnx.load(source)), private=False)
    if places.registers:
        register(variants.entry(network, precision, "litert"), target)
