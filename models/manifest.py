"""What was converted, how exactly it answers, and what that costs: the record that ``wakeful convert`` writes.

One entry a variant: a network in a precision for a runtime, and for contexts for a chip. The benchmark shows its
accuracy beside speed; the loader of contexts takes their sha256 from here.
"""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, field
from pathlib import Path
from typing import Any

from wakeful.errors import ModelError
from wakeful.files import write_file
from wakeful.frozen import dataclass
from wakeful.models import registry

SCHEMA = 1
MANIFEST = registry.WEIGHTS / "manifest.json"


class ManifestUnreadable(ModelError, ValueError):
    """The manifest is missing, no JSON, or of another schema."""


@dataclass(frozen=True, slots=True)
class Data:
    """The inputs a figure or a calibration was made with.

    Attributes:
        set: name of the data and what was drawn of it.
        count: number of inputs.
        sha256: of the input tensors, float32, in their order.
    """

    set: str
    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the outputs are from those of the same network elsewhere.

    Attributes:
        against: what it was compared with.
        worst: the largest difference, in ``unit``; bar: the largest that is allowed.
        unit: ``steps`` of 256 of the quantized output, or a share.
        share_within: share of the values within ``bar``; None where there are no steps.
        runs_on: what computed it, such as ``CPU`` or ``simulated Hexagon``.
    """

    against: str
    worst: float
    bar: float
    unit: str
    data: Data
    runs_on: str
    share_within: float | None = None

    @property
    def passed(self) -> bool:
        return self.worst <= self.bar


@dataclass(frozen=True, slots=True)
class TaskFigure:
    """How well the variant does what the network is for, beside the float network on the same inputs.

    Attributes:
        name: ``top-1``, ``mean error`` of points, ``box error``.
        value: of this variant, in ``unit``; reference: of the float network, 0 where ``value`` is an error against it.
        loss: how much worse it is than the float network; bar: the largest loss that is allowed.
    """

    name: str
    value: float
    reference: float
    loss: float
    bar: float
    unit: str
    data: Data
    runs_on: str

    @property
    def passed(self) -> bool:
        return self.loss <= self.bar


@dataclass(frozen=True, slots=True)
class Variant:
    """One file that a board can execute.

    Attributes:
        runtime: ``onnx``, ``litert`` or ``qnn``.
        soc: the chip of a context, empty otherwise.
        file: relative to the folder of the manifest, empty for what is built but not shipped.
        bytes, sha256: of that file; of the ``.bin`` beside it for a context.
        wrapper_sha256: of the ``.onnx`` of a context.
        source, source_sha256: the file it was made from.
        macs: multiplications with addition of one inference, counted on the float network.
        operators: number of operators per unit, such as ``{"npu": 61, "cpu": 0}``; counted before fusion.
        tools: version of every tool that had a part in it.
        settings: how it was quantized or compiled.
    """

    network: str
    precision: str
    runtime: str
    file: str
    bytes: int
    sha256: str
    source: str
    source_sha256: str
    macs: int
    operators: dict[str, int]
    tools: dict[str, str]
    settings: dict[str, str] = field(default_factory=dict)
    soc: str = ""
    wrapper_sha256: str = ""
    calibration: Data | None = None
    parity: Parity | None = None
    task: tuple[TaskFigure, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every figure that was taken is within its bar; a variant without any has not passed."""
        verdicts = [one.passed for one in self.task] + ([self.parity.passed] if self.parity else [])
        return bool(verdicts) and all(verdicts)


@dataclass(frozen=True, slots=True)
class Manifest:
    """All variants, in the order they were made."""

    variants: tuple[Variant, ...] = ()
    notes: tuple[str, ...] = ()
    schema: int = SCHEMA

    def find(self, network: str, precision: str, runtime: str, soc: str = "") -> Variant | None:
        """The one variant that is so, None if there is none."""
        wanted = (network, precision, runtime, soc)
        found = (one for one in self.variants if (one.network, one.precision, one.runtime, one.soc) == wanted)
        return next(found, None)


@functools.cache
def load(file: Path = MANIFEST) -> Manifest:
    """The manifest that came with wakeful, or another.

    Raises:
        ManifestUnreadable: it is missing, no JSON, or of another schema.
    """
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
        if table["schema"] != SCHEMA:
            raise ManifestUnreadable(f"{file} has schema {table['schema']}, this wakeful reads {SCHEMA}: convert again")
        return Manifest(tuple(_variant(one) for one in table["variants"]), tuple(table["notes"]))
    except OSError as error:
        raise ManifestUnreadable(f"{file} cannot be read ({error.strerror}): run `make convert`") from None
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, ManifestUnreadable):
            raise
        raise ManifestUnreadable(f"{file} is not a manifest of conversions ({error}): run `make convert`") from None


def save(manifest: Manifest, file: Path = MANIFEST) -> None:
    """Write it in one step."""
    write_file(file, json.dumps(asdict(manifest), indent=1) + "\n", private=False)
    load.cache_clear()


def _variant(table: dict[str, Any]) -> Variant:
    fields = dict(table)
    fields["calibration"] = Data(**table["calibration"]) if table["calibration"] else None
    fields["parity"] = _figure(Parity, table["parity"]) if table["parity"] else None
    fields["task"] = tuple(_figure(TaskFigure, one) for one in table["task"])
    return Variant(**fields)


def _figure(kind: Any, table: dict[str, Any]) -> Any:
    return kind(**{**table, "data": Data(**table["data"])})
