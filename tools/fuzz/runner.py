"""Feeds parsers with millions of broken inputs: whatever comes in from outside is taken or refused, never a traceback.

A parser is a file of its own in this folder that defines ``PARSER``. ``python -m tools.fuzz`` (``make fuzz``) runs all
of them; ``test_parsers.py`` runs each for a moment with every ``make test``.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_LENGTH = 4096
FOLDER = Path(__file__).parent
NOT_PARSERS = {"runner", "__main__"}


@dataclass(frozen=True)
class Parser:
    """One parser under test.

    Attributes:
        parse: takes one input; True if it was taken, False if it was refused as it should be. Anything it raises is a
            failure, and so is an input that takes longer than ``slow_s``.
        quick_inputs: how many every ``make test`` feeds it.
        seeds: well-formed inputs, that the broken ones are made from.
        words: pieces that mean something to the parser.
    """

    name: str
    parse: Callable[[bytes], bool]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()
    slow_s: float = 1.0
    quick_inputs: int = 3000


@dataclass(frozen=True)
class Outcome:
    """What became of the inputs. ``failure`` is the first input that broke the parser, with what it raised."""

    inputs: int
    taken: int
    refused: int
    seconds: float
    failure: tuple[bytes, str] | None = None


def parsers() -> dict[str, Parser]:
    """Every parser of this folder, by name."""
    names = [module.name for module in pkgutil.iter_modules([str(FOLDER)])]
    chosen = [name for name in names if name not in NOT_PARSERS and not name.startswith("test_")]
    found = [importlib.import_module(f"tools.fuzz.{name}").PARSER for name in chosen]
    return {parser.name: parser for parser in found}


def run(parser: Parser, inputs: int, seed: int = 0) -> Outcome:
    """Feed ``inputs`` broken inputs, the same for the same seed; ends at the first failure."""
    taken = 0
    begun_s = time.perf_counter()
    for number, data in enumerate(broken_inputs(parser, inputs, seed), start=1):
        # Of the processor, since the clock also counts what other programs do.
        before_s = time.process_time()
        try:
            taken += parser.parse(data)
        except Exception as error:
            return Outcome(number, taken, number - 1 - taken, time.perf_counter() - begun_s, (data, repr(error)))
        took_s = time.process_time() - before_s
        if took_s > parser.slow_s:
            return Outcome(number, taken, number - taken, time.perf_counter() - begun_s, (data, f"took {took_s:.1f} s"))
    return Outcome(inputs, taken, inputs - taken, time.perf_counter() - begun_s)


def broken_inputs(parser: Parser, inputs: int, seed: int) -> Iterator[bytes]:
    """Well-formed inputs with pieces changed, cut, repeated and mixed; now and then noise alone."""
    chance = random.Random(seed)
    for _ in range(inputs):
        if chance.random() < 0.05:
            yield chance.randbytes(chance.randrange(200))
            continue
        data = bytearray(chance.choice(parser.seeds))
        for _ in range(chance.choice((0, 1, 1, 2, 3, 8))):
            _break(data, chance, parser)
        yield bytes(data[:MAX_LENGTH])


def _break(data: bytearray, chance: random.Random, parser: Parser) -> None:
    """Change one thing."""
    at = chance.randrange(len(data) + 1)
    end = min(len(data), at + chance.choice((1, 1, 2, 4, 16)))
    kind = chance.randrange(7)
    if kind == 0:
        data[at:end] = chance.randbytes(end - at)
    elif kind == 1:
        del data[at:end]
    elif kind == 2:
        data[at:at] = data[at:end] * chance.choice((1, 2, 50))
    elif kind == 3 and parser.words:
        data[at:at] = chance.choice(parser.words)
    elif kind == 4 and parser.words:
        data[at:end] = chance.choice(parser.words)
    elif kind == 5:
        data[at:at] = chance.choice(parser.seeds)
    elif data:
        data[at % len(data)] ^= 1 << chance.randrange(8)
