"""The ``wakeful`` command, and ``python -m wakeful``: what has to hold before anything is imported.

Importing takes part of a second, in which Ctrl-C and SIGTERM would end a run with a traceback or an error.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from types import FrameType


def _leave(number: int, frame: FrameType | None) -> None:
    # Nothing is open yet. An exception could get lost in whatever is being imported.
    os._exit(0)


def _extend_start() -> None:
    from wakeful.device.supervision.start_progress import begin_to_extend
    from wakeful.errors import ConfigError

    # The command says what is wrong with the address.
    with contextlib.suppress(ConfigError):
        begin_to_extend()


def main() -> None:
    """Runs the command line and exits with its status."""
    if sys.argv[1:2] == ["run"]:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _leave)
        if os.environ.get("NOTIFY_SOCKET"):
            _extend_start()
        # What is made for the start lives as long as the process; once it is over, the monitor turns this on again.
        gc.disable()
        # Else numpy's linear algebra starts a thread on every core, for matrices of at most a few hundred numbers.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Else pydantic reads what every installed package says of itself, to find plugins that nothing here uses.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    from wakeful.device.cli import main as run_command

    run_command()


if __name__ == "__main__":
    main()
