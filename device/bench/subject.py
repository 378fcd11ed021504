"""From what the user names to what is measured: a network of the registry or a file, on a runtime."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from device.bench.network_worker import Job
from device.bench.operators import Operators, count
from device.bench.record import Subject
from device.bench.worker import ours
from device.perception.network import RUNTIMES
from models import registry, variants
from wakeful import ConfigError, ModelError

UNKNOWN_RANGE = (0.0, 1.0)
"""What inputs of a file lie between that the registry does not know."""


class RuntimeMissing(ConfigError, LookupError):
    """A runtime that does not exist, is not installed, or does not read this kind of file."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One network on one runtime, ready to be measured."""

    subject: Subject
    job: Job
    operators: Operators

    @property
    def command(self) -> list[str]:
        return ours("device.bench.network_worker", self.job.as_json())


def candidate(wanted: str, runtime: str | None = None, threads: int = 1) -> Candidate:
    """The network called ``wanted`` in the registry, or in the file ``wanted``.

    Args:
        runtime: None takes the one that reads the file.

    Raises:
        ModelError: the network is unknown, missing, corrupt, or does not load.
        RuntimeMissing: no such runtime, or not for this file.
    """
    entry, file, limits = _file(wanted)
    network, precision = named(entry)
    chosen = _runtime(file, runtime)
    operators = count(file, chosen)
    subject = Subject(
        kind="model",
        network=network,
        runtime=chosen,
        precision=precision or operators.precision,
        threads=threads,
        file=file.name,
        sha256=registry.sha256_of(file),
        bytes=file.stat().st_size,
    )
    return Candidate(subject, Job(str(file), chosen, threads, *limits), operators)


def named(entry: str) -> tuple[str, str | None]:
    """The network and the precision that an entry of the registry holds; of others the name alone."""
    for network in variants.NPU_PRECISION:
        for precision in variants.Precision:
            for runtime in ("litert", "onnx"):
                try:
                    if variants.entry(network, precision, runtime) == entry:
                        return network, precision.value
                except variants.VariantUnknown:
                    continue
    return entry, None


def _file(wanted: str) -> tuple[str, Path, tuple[float, float]]:
    known = registry.networks()
    if wanted in known:
        return wanted, registry.path(wanted), known[wanted].inputs[0].range or UNKNOWN_RANGE
    path = Path(wanted).expanduser()
    if path.is_file():
        return path.stem, path, _range_of(path.stem, known.values())
    if path.suffix or "/" in wanted:
        raise ModelError(f"{wanted}: no such file; give a network of the registry ({', '.join(known)}) or a file")
    raise ModelError(f"no network is called {wanted!r}; the registry has: {', '.join(known)}; or give a file")


def _range_of(stem: str, known: Iterable[registry.Network]) -> tuple[float, float]:
    """A variant's file begins with the name of its network: it takes what that takes."""
    ranges = [one.inputs[0].range for one in known if stem.startswith(one.name)]
    return next((limits for limits in ranges if limits), UNKNOWN_RANGE)


def _runtime(file: Path, wanted: str | None) -> str:
    readers = [name for name, (_, _, ending) in RUNTIMES.items() if file.suffix == ending]
    if wanted in (None, "auto"):
        if not readers:
            raise RuntimeMissing(f"{file}: no runtime reads {file.suffix or 'files without an ending'}")
        return readers[0]
    assert wanted is not None
    if wanted not in RUNTIMES:
        raise RuntimeMissing(f"there is no runtime {wanted!r}; choose auto, {' or '.join(RUNTIMES)}")
    if wanted not in readers:
        ending = RUNTIMES[wanted][2]
        raise RuntimeMissing(f"{file.name}: the runtime {wanted} reads {ending} files, not {file.suffix or 'this one'}")
    return wanted
