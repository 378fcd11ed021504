"""What ``tools.arm64_check`` runs on the host and again on emulated arm64, to compare: see there.

    python -m tools.arm64_inside FOLDER

Reads ``nap.toml`` and ``faces.npz`` of FOLDER; writes ``events.jsonl``, ``signals.csv``, ``summary.json`` and
the answers of each of ``NETWORKS`` and of the networks of the reader ``wakeful`` (.npz) into it.
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path

import numpy as np

NETWORKS = ("expression_int8", "expression")


def main(folder: Path) -> None:
    """The monitor on two seconds of a rendered driver, then the int8 expression network on faces, in both runtimes."""
    from wakeful.device import monitor
    from wakeful.device.app import run
    from wakeful.device.config.layers import load_settings

    # One picture may take longer under emulation than any that a loop is stuck at on a board.
    monitor.LOOP_STUCK_S = math.inf

    overrides = {
        "source.source": f"synthetic:{folder / 'nap.toml'}",
        "source.pace": "fast",
        "perception.landmarks": "mesh+iris",
        "perception.runtime": "litert",
        "outputs.events": str(folder / "events.jsonl"),
        "outputs.signals": str(folder / "signals.csv"),
        "outputs.summary": str(folder / "summary.json"),
        "terminal.live": False,
    }
    begun_s = time.monotonic()
    status = run(*load_settings(None, None, overrides))
    print(f"the monitor ended with status {status} after {time.monotonic() - begun_s:.0f} s", flush=True)
    answers(folder)
    answers_of_the_reader(folder)
    print(f"all done after {time.monotonic() - begun_s:.0f} s", flush=True)
    sys.exit(status)


def answers(folder: Path) -> None:
    """Logits [N, 8] and [N, 7] of the shipped int8 expression networks for ``faces`` uint8 [N, 48, 48]."""
    from wakeful.models import registry
    from wakeful.models.expression.network import ExpressionFile

    faces = np.load(folder / "faces.npz")["faces"]
    for name in NETWORKS:
        ferplus, fer2013 = ExpressionFile(registry.path(name)).logits(faces)
        np.savez(folder / f"{name}.npz", ferplus=ferplus, fer2013=fer2013)


def answers_of_the_reader(folder: Path) -> None:
    """What the networks of this project answer to crops in ``crops.npz``: int8 in LiteRT, float in ONNX Runtime."""
    from wakeful.device.perception.network import load
    from wakeful.models.variants import OWN

    with np.load(folder / "crops.npz") as crops:
        for network in OWN:
            for name in (network, f"{network}_float"):
                run = load(name)
                outputs = zip(*(run(one) for one in crops[network]), strict=True)
                np.savez(folder / f"{name}.npz", *(np.stack(one) for one in outputs))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
