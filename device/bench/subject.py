"""Finds what the user named: a network of the registry or a file, for a runtime, in a precision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from wakeful.device.bench.network_worker import Job
from wakeful.device.bench.operators import Operators, count
from wakeful.device.bench.record import Subject
from wakeful.device.bench.worker import own_worker
from wakeful.device.perception import hexagon
from wakeful.device.perception.runtime_choice import RUNTIMES, Carrier, RuntimeMissing, choose
from wakeful.errors import ConfigError, ModelError
from wakeful.frozen import dataclass
from wakeful.models import manifest, registry, variants
from wakeful.models.variants import Precision

ENDINGS = {".tflite": "litert", ".onnx": "ort"}
UNKNOWN_RANGE = (0.0, 1.0)
"""Range of the inputs of a file that is not in the registry."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One network on one runtime, ready to be measured.

    Attributes:
        uncached: the job without a compiled context, if the runtime keeps one.
        simulated: it runs on a simulator of the unit.
    """

    subject: Subject
    job: Job
    operators: Operators
    uncached: Job | None = None
    simulated: bool = False

    @property
    def command(self) -> list[str]:
        return own_worker("wakeful.device.bench.network_worker", self.job.as_json())


def candidate(wanted: str, runtime: str = "auto", threads: int = 1, precision: str | None = None) -> Candidate:
    """The network called ``wanted`` in the registry, or in the file ``wanted``.

    Args:
        runtime: one of ``RUNTIMES``; ``auto`` selects what the monitor would use on this machine.
        precision: a name of ``wakeful.models.variants``; None takes that of the registry's own file.

    Raises:
        ModelError: the network is unknown, missing, corrupt, or does not load.
        ConfigError: no such runtime, not on this machine, or not for this network or file.
    """
    if runtime not in RUNTIMES:
        raise RuntimeMissing(f"there is no runtime {runtime!r}; choose {', '.join(RUNTIMES)}")
    known = registry.networks()
    if wanted in known:
        return _of_registry(known[wanted], runtime, threads, precision)
    path = Path(wanted).expanduser()
    if not path.is_file():
        kind = "no such file; give" if path.suffix or "/" in wanted else "no network has this name; give"
        raise ModelError(f"{wanted}: {kind} a file or a network of the registry: {', '.join(known)}")
    if precision is not None:
        raise ConfigError(f"{wanted}: the precision of a file cannot be changed; leave out --precision")
    return _of_file(path, path.stem, runtime, threads, _entry_of(path.stem, known.values()))


def _of_registry(entry: registry.Network, runtime: str, threads: int, precision: str | None) -> Candidate:
    network, own_precision = named(entry.name)
    base = registry.networks().get(network, entry)
    if runtime in ("auto", "qnn") and precision in (None, variants.NPU_PRECISION.get(network)):
        carrier = choose(runtime, [network]).carriers.get(network)
        if carrier is not None:
            return _on_npu(base, carrier, threads)
    if runtime == "qnn":
        npu = variants.NPU_PRECISION.get(network)
        raise variants.VariantUnknown(f"the NPU runs {network} in {npu or 'no precision'}, not in {precision}")
    path = registry.path(entry.name)
    own = ENDINGS.get(path.suffix, "")
    if runtime in ("auto", own) and precision in (None, own_precision):
        return _of_file(path, network, own, threads, base)
    runtime = own if runtime == "auto" else runtime
    kind = "onnx" if runtime == "ort" else "litert"
    return _of_file(_variant(network, precision or own_precision, kind), network, runtime, threads, base)


def _variant(network: str, precision: str | None, kind: str) -> Path:
    """The file of a variant; without a precision the float one, else the one for NPUs."""
    wanted = [precision] if precision else [Precision.FLOAT, variants.NPU_PRECISION.get(network, Precision.INT8)]
    failure: ModelError | ConfigError | None = None
    for one in wanted:
        try:
            return variants.file(network, one or "", kind)
        except (ModelError, ConfigError) as error:
            failure = error
    assert failure is not None
    raise failure


def _of_file(path: Path, network: str, runtime: str, threads: int, entry: registry.Network | None) -> Candidate:
    own = ENDINGS.get(path.suffix)
    chosen = own if runtime == "auto" else runtime
    if own is None or chosen is None:
        known = ", ".join(ENDINGS)
        raise RuntimeMissing(f"{path}: no runtime reads {path.suffix or 'files without an ending'}, only {known}")
    if chosen != own and (chosen, own) != ("qnn", "ort"):
        raise RuntimeMissing(f"{path.name}: the runtime {chosen} does not read {path.suffix} files; leave it to auto")
    if chosen == "qnn" and entry is None:
        raise RuntimeMissing(f"{path.name}: the NPU runs only networks of the registry; give the name of one")
    operators = count(path, chosen)
    limits = entry.inputs[0].range if entry else None
    low, high = limits or UNKNOWN_RANGE
    subject = Subject(
        kind="model",
        network=network,
        runtime=chosen,
        precision=operators.precision,
        threads=threads,
        file=path.name,
        sha256=registry.sha256_of(path),
        bytes=path.stat().st_size,
    )
    job = Job(str(path), chosen, threads, low, high, entry.name if entry else None)
    return Candidate(subject, job, operators)


def _on_npu(base: registry.Network, carrier: Carrier, threads: int) -> Candidate:
    """The compiled context, and the network it would be compiled from."""
    low, high = base.inputs[0].range or UNKNOWN_RANGE
    job = Job(str(carrier.file), "qnn", threads, low, high, base.name, carrier.soc_model)
    source = _variant(base.name, variants.NPU_PRECISION[base.name], "onnx")
    data = variants.data_of(carrier.file)
    files = [file for file in (carrier.file, data) if file.is_file()]
    subject = Subject(
        kind="model",
        network=base.name,
        runtime="qnn",
        precision=variants.NPU_PRECISION[base.name].value,
        threads=None,
        file=carrier.file.name,
        sha256=registry.sha256_of(files[-1]),
        bytes=sum(file.stat().st_size for file in files),
    )
    operators = _recorded(base.name, subject.sha256) or replace(
        count(source, "ort"), per_unit=None, absent="the manifest of conversions does not know this context"
    )
    simulated = hexagon.look().simulated
    return Candidate(subject, job, operators, replace(job, file=str(source)), simulated)


def _recorded(network: str, sha256: str | None) -> Operators | None:
    """What the conversion counted for a compiled context, whose graph can no longer be read."""
    try:
        known = manifest.load().variants if manifest.MANIFEST.is_file() else ()
    except ModelError:
        return None
    one = next((one for one in known if one.network == network and sha256 in (one.sha256, one.wrapper_sha256)), None)
    return Operators(one.macs, dict(one.operators), one.precision, "int8") if one else None


def named(entry: str) -> tuple[str, str | None]:
    """The network and the precision of an entry of the registry; only the name if it is not a variant."""
    for network in variants.NPU_PRECISION:
        for precision in Precision:
            for kind in ("litert", "onnx"):
                try:
                    if variants.entry(network, precision, kind) == entry:
                        return network, precision.value
                except variants.VariantUnknown:
                    continue
    return entry, None


def _entry_of(stem: str, known: Iterable[registry.Network]) -> registry.Network | None:
    """The network a file is a variant of, by the beginning of its name: it has the same inputs."""
    fitting = [one for one in known if stem == one.name or stem.startswith((f"{one.name}.", f"{one.name}_"))]
    return max(fitting, key=lambda one: len(one.name), default=None)
