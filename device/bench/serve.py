"""The other end of ``wakeful.device.bench.worker``: what a worker of ours does with its lines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from wakeful import WakefulError


@contextmanager
def answers() -> Iterator[TextIO]:
    """Where answers go. Whatever else prints to the standard output, native libraries too, goes to the error's."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        yield out
    except WakefulError as error:
        print(json.dumps({"error": str(error), "status": error.exit_status}), file=out, flush=True)
        sys.exit(error.exit_status)
    except BrokenPipeError:
        sys.exit(1)
    finally:
        out.close()


def serve(out: TextIO, hello: dict[str, Any], work: Callable[..., dict[str, Any]]) -> None:
    """Say ``hello``, then answer each line ``N [NUMBER...]`` with ``work(N, *numbers)``, until there are no more."""
    print(json.dumps(hello), file=out, flush=True)
    for line in sys.stdin:
        runs, *numbers = line.split()
        print(json.dumps(work(int(runs), *map(float, numbers))), file=out, flush=True)
