"""A matrix of networks, runtimes, precisions and threads, from a TOML file.

    networks = ["face_landmark", "expression"]
    runtimes = ["litert", "ort", "qnn"]
    precisions = ["float", "int8", "a16w8"]
    threads = [1, 2]

    [[peers]]
    name = "another face mesh"
    network = "face_landmark"          # takes turns with the variants of this network
    command = "python other.py"

All variants of a network take turns with each other; the others are compared with the first.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Literal

from pydantic import Field

from wakeful.device.bench.peers import peer
from wakeful.device.bench.record import Row, Subject
from wakeful.device.bench.session import contender
from wakeful.device.bench.subject import candidate
from wakeful.device.bench.turns import Contender
from wakeful.device.config.errors import mistakes
from wakeful.device.config.layers import read_toml
from wakeful.device.config.section import Section
from wakeful.device.config.toml_lines import TomlLines
from wakeful.errors import ConfigError, WakefulError
from wakeful.frozen import dataclass
from wakeful.models.variants import VariantUnknown


class PeerEntry(Section):
    """Another program."""

    command: str = Field(min_length=1)
    """Its command line; ``wakeful.device.bench.worker`` describes the protocol."""
    name: str | None = None
    """Its name; unset: the name of its file."""
    network: str | None = None
    """The network with whose variants it takes turns; unset: it runs alone."""


class Matrix(Section):
    """The content of a matrix file."""

    networks: tuple[str, ...] = Field(min_length=1)
    """Names of `wakeful models list`, or files."""
    runtimes: tuple[Literal["auto", "litert", "ort", "qnn"], ...] = Field(default=("auto",), min_length=1)
    """Runtimes."""
    precisions: tuple[Literal["own", "float", "int8", "a16w8"], ...] = Field(default=("own",), min_length=1)
    """Precisions; own: that of the network's own file. Combinations that do not exist are left out, with a message."""
    threads: tuple[int, ...] = Field(default=(1,), min_length=1)
    """Processor threads of a network."""
    scenarios: tuple[Literal["cold", "single-stream", "paced", "sustained"], ...] = Field(
        default=("single-stream",), min_length=1
    )
    """Scenarios for each."""
    fps: float = Field(default=30.0, ge=1, le=1000)
    """The camera's rate in the paced scenario, frames per second."""
    minutes: float = Field(default=10.0, gt=0)
    """Length of the sustained scenario."""
    peers: tuple[PeerEntry, ...] = ()
    """Other programs that take turns."""


@dataclass(frozen=True, slots=True)
class Group:
    """The participants that take turns: all variants of one network.

    Attributes:
        failed: variants that cannot be measured, each a row with the reason.
        left_out: combinations that do not exist.
    """

    network: str
    contenders: tuple[Contender, ...]
    failed: tuple[Row, ...]
    left_out: tuple[str, ...]


def read(path: Path) -> Matrix:
    """Read a matrix file.

    Raises:
        ConfigError: it cannot be read, is not TOML, or has a key or value that is not allowed.
    """
    layer = read_toml(path)
    found = mistakes(Matrix, layer.values)
    if found:
        line = TomlLines(layer.text).of(found[0].where)
        raise ConfigError(f"{path}{f':{line}' if line else ''}: {found[0].text}")
    matrix = Matrix.model_validate(_tuples(layer.values))
    _check(path, matrix)
    return matrix


def groups(matrix: Matrix) -> list[Group]:
    """The matrix, network by network."""
    made = [_group(network, matrix) for network in dict.fromkeys(matrix.networks)]
    alone = [peer(one.command, one.name) for one in matrix.peers if one.network is None]
    return made + [Group(one.subject.network, (one,), (), ()) for one in alone]


def _group(network: str, matrix: Matrix) -> Group:
    found: dict[str, Contender] = {}
    failed: dict[str, Row] = {}
    left_out = []
    for precision, runtime, threads in product(matrix.precisions, matrix.runtimes, matrix.threads):
        wanted = None if precision == "own" else precision
        try:
            one = contender(candidate(network, runtime, threads, wanted))
        except VariantUnknown:
            left_out.append(f"{network} in {precision} for {runtime}")
        except WakefulError as error:
            subject = Subject("model", network, runtime, wanted, None if runtime == "qnn" else threads)
            failed[subject.name] = Row(subject, matrix.scenarios[0], error=str(error))
        else:
            found.setdefault(one.subject.name, one)
    peers = [peer(one.command, one.name) for one in matrix.peers if one.network == network]
    return Group(network, (*found.values(), *peers), tuple(failed.values()), tuple(dict.fromkeys(left_out)))


def _check(path: Path, matrix: Matrix) -> None:
    for threads in matrix.threads:
        if not 1 <= threads <= 64:
            raise ConfigError(f"{path}: threads = {threads}: it should be 1 to 64")
    for one in matrix.peers:
        if one.network is not None and one.network not in matrix.networks:
            raise ConfigError(f"{path}: the peer's network {one.network!r} is not one of the matrix's networks")


def _tuples(value: object) -> object:
    """TOML's lists as tuples, which strict models require."""
    if isinstance(value, dict):
        return {key: _tuples(one) for key, one in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
