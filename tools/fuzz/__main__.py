"""``python -m tools.fuzz [NAME ...] [--inputs N] [--seed N]``: a million broken inputs for every parser, or for some.

Prints a row a parser. An input that breaks one is kept in ``build/fuzz`` and the command ends with status 1.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.fuzz.runner import Parser, parsers, run

KEPT = Path("build/fuzz")


def main() -> int:
    known = parsers()
    arguments = argparse.ArgumentParser(prog="python -m tools.fuzz", description="Feeds parsers with broken inputs.")
    arguments.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(known)}; default: all")
    arguments.add_argument("--inputs", type=int, default=1_000_000, help="inputs a parser")
    arguments.add_argument("--seed", type=int, default=0, help="the same seed gives the same inputs")
    given = arguments.parse_args()
    if unknown := [name for name in given.names if name not in known]:
        arguments.error(f"no parser is called {unknown[0]!r}; there are {', '.join(known)}")
    print(f"{'parser':24}{'inputs':>10}{'taken':>10}{'refused':>10}{'s':>8}")
    passed = [_report(known[name], given.inputs, given.seed) for name in given.names or known]
    return 0 if all(passed) else 1


def _report(parser: Parser, inputs: int, seed: int) -> bool:
    outcome = run(parser, inputs, seed)
    print(
        f"{parser.name:24}{outcome.inputs:10}{outcome.taken:10}{outcome.refused:10}{outcome.seconds:8.1f}", flush=True
    )
    if outcome.failure is None:
        return True
    data, told = outcome.failure
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = KEPT / f"{parser.name}.bin"
    kept.write_bytes(data)
    print(f"  {told}; the input is in {kept}")
    return False


if __name__ == "__main__":
    sys.exit(main())
