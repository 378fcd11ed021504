"""Which file holds a network in which precision, and compiled for which chip.

One network has several files: what the registry fetches, 8- and 16-bit ONNX files in the QDQ form, a LiteRT file, and
for each chip with a Hexagon NPU a compiled context. Perception, the benchmark and ``conversion`` find them here, so
that their names are decided in one place. Files of networks and QDQ files are entries of the registry; contexts stand
with their sha256 in the manifest (``wakeful.models.manifest``), which ``wakeful convert`` writes.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from wakeful.errors import ConfigError
from wakeful.frozen import dataclass
from wakeful.models import registry

CONTEXTS = registry.WEIGHTS / "contexts"
# Compiled on the board itself, or by hand: beside the fetched networks.
CONTEXT_CACHE = "contexts"
# Float ONNX files of `wakeful convert onnx`, which are not shipped.
ONNX_CACHE = "onnx"


class Precision(StrEnum):
    """How a network computes.

    ``float``: as trained (weights may be stored in 16 bits); ``int8``: activations and weights of 8 bits; ``a16w8``:
    activations of 16 bits, weights of 8.
    """

    FLOAT = "float"
    INT8 = "int8"
    A16W8 = "a16w8"


class SocUnknown(ConfigError, LookupError):
    """A chip that no context is compiled for."""


class VariantUnknown(ConfigError, LookupError):
    """A network that is not made in that precision."""


@dataclass(frozen=True, slots=True)
class Soc:
    """A chip with a Hexagon NPU.

    Attributes:
        name: as written on the command line.
        model: Qualcomm's number of it, the provider option ``soc_model``.
        arch: generation of its NPU (68 is v68). A context runs only on the chip it was compiled for.
    """

    name: str
    model: int
    arch: int

    @property
    def soc_type(self) -> str:
        """Its name inside a compiled context."""
        return self.name.upper()


# Numbers from Qualcomm's list of supported devices (QNN SDK); what the compiler makes of each was read back from its
# contexts with QNN 2.51. A number that it does not know may be answered with a context for another chip.
SOCS = {
    soc.name: soc
    for soc in (
        Soc("qcs6490", 93, 68),
        Soc("qcs8550", 66, 73),
        Soc("sm8650", 57, 75),
        Soc("sm8750", 69, 79),
        Soc("sm8550", 43, 73),
        Soc("sa8295", 39, 68),
        Soc("qcs9100", 77, 73),
    )
}
SHIPPED_SOCS = ("qcs6490", "qcs8550", "sm8650", "sm8750")

# What a Hexagon runs of each network. Points and boxes need more than 256 steps. The expression network does not, but
# chips round 8 bits each in their own way, which adds up to five steps of its logits; with 16 it stays under one.
NPU_PRECISION = {
    "face_detection_short_range": Precision.A16W8,
    "face_landmark": Precision.A16W8,
    "iris_landmark": Precision.A16W8,
    "face_landmarks_detector": Precision.A16W8,
    "expression": Precision.A16W8,
    "face": Precision.A16W8,
    "lids": Precision.A16W8,
    "mouth": Precision.A16W8,
    "identity": Precision.A16W8,
}

# The networks of the reader `wakeful`, and the one that recognises people: made from weights of the project's own
# training.
OWN = ("face", "lids", "mouth", "identity")

# The entry of the registry that holds a network in a precision, as ONNX.
_ONNX = {
    ("face_detection_short_range", Precision.A16W8): "face_detection_short_range_a16w8",
    ("face_landmark", Precision.A16W8): "face_landmark_a16w8",
    ("iris_landmark", Precision.A16W8): "iris_landmark_a16w8",
    ("face_landmarks_detector", Precision.A16W8): "face_landmarks_detector_a16w8",
    ("expression", Precision.A16W8): "expression_a16w8",
    ("expression", Precision.INT8): "expression_int8",
    ("expression", Precision.FLOAT): "expression_float",
    **{(name, Precision.FLOAT): f"{name}_float" for name in OWN},
    **{(name, Precision.INT8): f"{name}_int8" for name in OWN},
    **{(name, Precision.A16W8): f"{name}_a16w8" for name in OWN},
}
_LITERT = {
    **{(name, Precision.FLOAT): name for name in NPU_PRECISION if name not in ("expression", *OWN)},
    **{(name, Precision.FLOAT): f"{name}_float_litert" for name in OWN},
    **{(name, Precision.INT8): name for name in OWN},
    ("expression", Precision.INT8): "expression",
}


def soc(name: str) -> Soc:
    """The chip of that name; ``SocUnknown`` if there is none."""
    if name.lower() not in SOCS:
        raise SocUnknown(f"no context is compiled for the chip {name!r}; known chips: {', '.join(SOCS)}")
    return SOCS[name.lower()]


def entry(network: str, precision: str, runtime: str) -> str:
    """The registry's name of ``network`` in ``precision`` for ``runtime`` (``onnx`` or ``litert``).

    Raises:
        VariantUnknown: it is not made so.
    """
    table = _ONNX if runtime == "onnx" else _LITERT
    if (network, precision) not in table:
        made = ", ".join(f"{name} {kind}" for name, kind in table)
        raise VariantUnknown(f"{network} is not made in {precision} for {runtime}; there are: {made}")
    return table[network, Precision(precision)]


def file(network: str, precision: str, runtime: str) -> Path:
    """The verified file of a variant; errors of ``entry`` and of ``registry.path``."""
    return registry.path(entry(network, precision, runtime))


def context_name(network: str, chip: str) -> str:
    """File name of the context of ``network`` for ``chip``; its data lies beside it, ending in ``.bin``."""
    return f"{network}.{NPU_PRECISION[network]}.{chip}.onnx"


def shipped_context(network: str, chip: str) -> Path | None:
    """The context of ``network`` for ``chip`` that came with wakeful, None if none did; not yet verified."""
    return _whole(CONTEXTS / context_name(network, chip))


def cached_context(network: str, chip: str) -> Path:
    """Where a context compiled on this machine belongs, whether or not it is there."""
    return registry.cache_folder() / CONTEXT_CACHE / context_name(network, chip)


def converted(network: str) -> Path:
    """Where the float ONNX file of a network that is not shipped so belongs, whether or not it is there."""
    return registry.cache_folder() / ONNX_CACHE / f"{network}.onnx"


def data_of(context: Path) -> Path:
    """The file with the compiled network that a context's ``.onnx`` names."""
    return context.with_suffix(".bin")


def _whole(context: Path) -> Path | None:
    return context if context.is_file() and data_of(context).is_file() else None
