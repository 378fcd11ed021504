"""The accuracy of a network file, as its conversion measured it: every speed is shown with its price."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from wakeful.device.bench.record import Accuracy
from wakeful.errors import ModelError
from wakeful.models import manifest
from wakeful.models.manifest import Parity, TaskFigure, Variant


def accuracy_of(sha256: str | None, file: Path = manifest.MANIFEST) -> Accuracy:
    """What the manifest of conversions says of the file with this hash."""
    if not file.is_file():
        return Accuracy(absent="no manifest of conversions came with wakeful")
    try:
        variants = manifest.load(file).variants
    except ModelError as error:
        return Accuracy(absent=str(error))
    return find(sha256, variants)


def find(sha256: str | None, variants: Iterable[Variant]) -> Accuracy:
    """The figures of the variant with this hash, or of the float network that variants were made from."""
    variants = tuple(variants)
    for one in variants:
        if sha256 in (one.sha256, one.wrapper_sha256) and sha256:
            return _of_variant(one)
    made_of_it = [one for one in variants if one.source_sha256 == sha256]
    if not made_of_it:
        return Accuracy(absent="the manifest of conversions does not know this file")
    figure = next((task for one in made_of_it for task in one.task), None)
    return Accuracy(
        parity="the reference",
        parity_passed=True,
        task=f"{figure.name} {_value(figure.reference, figure.unit)}" if figure else None,
        source=f"{figure.data.set}, {figure.data.count} inputs" if figure else None,
    )


def _of_variant(one: Variant) -> Accuracy:
    if one.parity is None and not one.task:
        return Accuracy(absent="its conversion measured neither parity nor a task")
    data = one.task[0].data if one.task else one.parity.data if one.parity else None
    runs_on = one.task[0].runs_on if one.task else one.parity.runs_on if one.parity else ""
    return Accuracy(
        parity=_parity(one.parity) if one.parity else None,
        parity_passed=one.passed,
        task="; ".join(map(_task, one.task)) or None,
        source=f"{data.set}, {data.count} inputs, on {runs_on}" if data else None,
    )


def _parity(parity: Parity) -> str:
    return f"{parity.worst:g} {parity.unit} (bar {parity.bar:g})"


def _task(task: TaskFigure) -> str:
    if task.unit == "share":
        return (
            f"{task.name} {_value(task.value, task.unit)} (loss {100 * task.loss:.1f} points, bar {100 * task.bar:.1f})"
        )
    return f"{task.name} {_value(task.value, task.unit)} (loss {task.loss:g}, bar {task.bar:g})"


def _value(value: float, unit: str) -> str:
    return f"{100 * value:.1f} %" if unit == "share" else f"{value:g} {unit}"
