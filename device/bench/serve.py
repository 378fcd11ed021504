"""The worker's side of the protocol in ``wakeful.device.bench.worker``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from wakeful.errors import WakefulError


@contextmanager
def answers() -> Iterator[TextIO]:
    """The stream for answers. All other output, also of native libraries, goes to standard error."""
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


def serve(out: TextIO, greeting: dict[str, Any], work: Callable[..., dict[str, Any]]) -> None:
    """Send the greeting, then answer each line ``N [NUMBER...]`` with ``work(N, *numbers)`` until the input ends."""
    print(json.dumps(greeting), file=out, flush=True)
    for line in sys.stdin:
        runs, *numbers = line.split()
        print(json.dumps(work(int(runs), *map(float, numbers))), file=out, flush=True)
