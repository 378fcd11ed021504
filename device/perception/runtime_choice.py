"""Which runtime carries each network on this machine: the NPU where there is one, else LiteRT; and why not, if not.

``litert``: every network with the runtime its own file is made for. ``ort``: all in ONNX Runtime on the processor, the
MediaPipe networks from their converted files. ``qnn``: on the Hexagon, as tried by
``wakeful.device.perception.qnn_probe``; a network that does not run there falls back to LiteRT. A fall-back is noted
(``runtime_fallback``), never silent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception import hexagon, network
from wakeful.device.perception.hexagon import Hexagon
from wakeful.device.perception.landmarks import READERS, which_reader
from wakeful.device.perception.network import Network, NetworkLoadError
from wakeful.device.perception.qnn_probe import Candidate, Verdict, probe
from wakeful.device.supervision.notes import Notes
from wakeful.errors import ConfigError, ModelError
from wakeful.frozen import dataclass
from wakeful.models import manifest, registry, variants
from wakeful.models.variants import Precision

RUNTIMES = ("auto", "litert", "ort", "qnn")
NOTE = "runtime_fallback"

log = logging.getLogger("wakeful.runtime")


class RuntimeMissing(ConfigError, RuntimeError):
    """A runtime that was asked for and cannot be had on this machine."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """What carries one network that is not run from its own file."""

    runtime: str
    file: Path
    soc_model: int | None = None


@dataclass(frozen=True)
class Runtimes:
    """The choice; its ``load`` is a ``Loader``.

    Attributes:
        name: ``litert``, ``ort``, ``qnn``, or ``qnn+litert`` where some networks had to stay behind.
        soc: the chip whose Hexagon is used, "" without.
        fallback: what did not work and what is done instead, "" if nothing had to be.
        forced: what fails is an error; no other runtime takes over.
    """

    name: str = "litert"
    soc: str = ""
    fallback: str = ""
    carriers: Mapping[str, Carrier] = field(default_factory=dict)
    notes: Notes | None = None
    forced: bool = False

    def load(self, name: str, threads: int = 1) -> Network:
        """See ``wakeful.device.perception.network.load``; a network on the NPU that fails later goes on in LiteRT."""
        carrier = self.carriers.get(name)
        if carrier is None:
            return network.load(name, threads)
        if carrier.runtime == "ort":
            from wakeful.device.perception.runtime_onnx import OnnxNetwork

            return OnnxNetwork(carrier.file, threads, registry.network(name))
        return self._on_npu(name, carrier, threads)

    def _on_npu(self, name: str, carrier: Carrier, threads: int) -> Network:
        from wakeful.device.perception.runtime_qnn import QnnNetwork

        try:
            on_npu = QnnNetwork(carrier.file, registry.network(name), carrier.soc_model)
        except NetworkLoadError as error:
            if self.forced:
                raise
            _note(self.notes, f"{name} ran in the probe and does not load ({error}): LiteRT instead")
            return network.load(name, threads)
        return Replaceable(name, on_npu, lambda: network.load(name, threads), self.notes)


class Replaceable:
    """A network on the NPU, until it fails there: a DSP that restarts takes its sessions with it."""

    def __init__(self, name: str, first: Network, instead: Callable[[], Network], notes: Notes | None) -> None:
        self._name = name
        self._network = first
        self._instead: Callable[[], Network] | None = instead
        self._notes = notes
        self.input_shape = first.input_shape

    def __call__(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        if self._instead is None:
            return self._network(tensor)
        try:
            return self._network(tensor)
        except Exception as error:  # a provider's exceptions share no base
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            text = f"{self._name} failed on the NPU ({reason}): it goes on in LiteRT until the next start"
            self._network, self._instead = self._instead(), None
            _note(self._notes, text)
            return self._network(tensor)


def choose(
    wanted: str, networks: Sequence[str], notes: Notes | None = None, machine: Hexagon | None = None
) -> Runtimes:
    """Decides for ``networks`` (names of the registry), loading nothing into this process.

    Args:
        wanted: one of ``RUNTIMES``.
        notes: where a fall-back is noted.
        machine: what is known of this one; None looks.

    Raises:
        RuntimeMissing: ``qnn`` was asked for and there is no Hexagon that can be used.
        ModelError: ``qnn`` or ``ort`` was asked for and a network has no file for it, or does not run there.
    """
    if wanted == "litert":
        return Runtimes()
    if wanted == "ort":
        return Runtimes(
            "ort", carriers={name: Carrier("ort", _onnx_file(name)) for name in networks if _is_tflite(name)}
        )
    machine = machine or hexagon.look()
    if wanted == "auto" and not machine.expected:
        return Runtimes()
    forced = wanted == "qnn"
    try:
        chosen = _on_the_npu(networks, machine)
    except RuntimeMissing as missing:
        if forced:
            raise RuntimeMissing(f"the Hexagon cannot be used: {missing}") from None
        chosen = Runtimes(fallback=f"LiteRT instead of the Hexagon: {missing}")
    if chosen.fallback and forced:
        raise ModelError(f"not all networks run on the Hexagon, --runtime auto goes on without: {chosen.fallback}")
    if chosen.fallback:
        _note(notes, chosen.fallback)
    return replace(chosen, notes=notes, forced=forced)


def reader_for(landmarks: str, wanted: str) -> str:
    """The landmark reader for a runtime: ``auto`` leaves out one whose networks were not made for what is ordered."""
    if landmarks != "auto" or wanted not in ("ort", "qnn"):
        return which_reader(landmarks)
    reader = which_reader("auto")
    return reader if all(is_made_for(name, wanted) for name in READERS[reader].networks) else "mesh+iris"


def is_made_for(name: str, wanted: str) -> bool:
    """Whether there is a file of the network for ``ort`` or ``qnn``."""
    if wanted == "qnn":
        return _qdq_file(name) is not None
    try:
        return _onnx_file(name).is_file()
    except ModelError:
        return False


def _on_the_npu(networks: Sequence[str], machine: Hexagon) -> Runtimes:
    """Raises: RuntimeMissing: there is no Hexagon, or the way to it is barred."""
    if machine.obstacle:
        raise RuntimeMissing(machine.obstacle)
    if machine.soc not in variants.SOCS:
        raise RuntimeMissing(f"no network is compiled for this chip; known chips: {', '.join(variants.SOCS)}")
    soc_model = variants.soc(machine.soc).model if machine.simulated else None
    found = {name: candidates(name, machine) for name in networks}
    verdict = probe([one for several in found.values() for one in several], soc_model)
    if verdict.trouble:
        raise RuntimeMissing(verdict.trouble)
    carriers = {name: Carrier("qnn", one.runs, soc_model) for name, one in verdict.good.items()}
    missing = [name for name in networks if name not in carriers]
    if not missing:
        return Runtimes("qnn", machine.soc, carriers=carriers)
    reasons: dict[str, list[str]] = {}
    for one in missing:
        reasons.setdefault(_why(one, found[one], verdict), []).append(one)
    reason = "; ".join(f"{', '.join(names)} ({why})" for why, names in reasons.items())
    name = "qnn+litert" if carriers else "litert"
    return Runtimes(name, machine.soc if carriers else "", f"LiteRT instead of the Hexagon for {reason}", carriers)


def _why(name: str, several: Sequence[Candidate], verdict: Verdict) -> str:
    return verdict.bad.get(name, "not run" if several else "no context and no QDQ file, run `wakeful convert qnn`")


def candidates(name: str, machine: Hexagon) -> list[Candidate]:
    """The ways to have a network on this chip: the context that came with wakeful, the one compiled here, compiling."""
    found = []
    source = _qdq_file(name)
    shipped = variants.shipped_context(name, machine.soc) if name in variants.NPU_PRECISION else None
    if shipped is not None and _is_as_recorded(name, machine.soc, shipped):
        found.append(Candidate(name, shipped, reference=source))
    if source is None:
        return found
    # A context is of use to the version that made it and the network it was made from, so its name tells both.
    mark = f"{registry.sha256_of(source)[:12]}-{machine.package}"
    cached = variants.cached_context(name, machine.soc)
    cached = cached.with_name(f"{cached.stem}.{mark}.onnx")
    if cached.is_file():
        found.append(Candidate(name, cached, reference=source))
    return [*found, Candidate(name, source, compile_to=cached, reference=source)]


def _is_as_recorded(name: str, soc: str, context: Path) -> bool:
    """Whether a shipped context is, byte for byte, the one of the manifest, compiled from the network as it is now.

    A torn one can kill the process; one of an older network would answer something else.
    """
    try:
        entry = manifest.load().find(name, variants.NPU_PRECISION[name], "qnn", soc)
        source = variants.entry(name, variants.NPU_PRECISION[name], "onnx")
        return entry is not None and (
            entry.source_sha256 == registry.network(source).sha256
            and registry.sha256_of(variants.data_of(context)) == entry.sha256
            and registry.sha256_of(context) == entry.wrapper_sha256
        )
    except ModelError as error:
        log.warning("%s is left aside: %s", context, error)
        return False


def _qdq_file(name: str) -> Path | None:
    try:
        return variants.file(name, variants.NPU_PRECISION[name], "onnx")
    except (ModelError, ConfigError, KeyError):
        return None


def _onnx_file(name: str) -> Path:
    """The float file, shipped or converted here, else the quantized one."""
    here = variants.converted(name)
    for precision in (Precision.FLOAT, variants.NPU_PRECISION.get(name, Precision.INT8)):
        try:
            return variants.file(name, precision, "onnx")
        except (ModelError, ConfigError):
            if here.is_file():
                return here
    raise ModelError(
        f"{name} has no ONNX file: put the one that `wakeful convert onnx` makes at {here}, or choose --runtime litert"
    )


def _is_tflite(name: str) -> bool:
    return registry.network(name).file.endswith(".tflite")


def _note(notes: Notes | None, text: str) -> None:
    if notes is not None:
        notes.set(NOTE, text)
    else:
        log.warning("%s", text)
