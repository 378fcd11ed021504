"""Saves the simulator's results, so that an interrupted conversion continues where it stopped.

The simulator takes about a second per input. Contexts are saved with the hash of their source, results with the
hashes of the context and of the inputs: if one changes, they are computed again.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.conversion.measure import Inputs
from wakeful.conversion.qnn import compile_context, simulate
from wakeful.files import write_file
from wakeful.models import registry
from wakeful.models.variants import Soc, data_of

SLICE = 32


def compile_once(source: Path, chip: Soc, target: Path, notes: Path) -> None:
    """``compile_context``, unless ``target`` exists and was compiled from the same file by the same version.

    Args:
        notes: folder that keeps what each context was compiled from.
    """
    notes.mkdir(parents=True, exist_ok=True)
    note = notes / f"{target.stem}.source"
    whole = target.is_file() and data_of(target).is_file()
    if whole and note.is_file() and note.read_text("utf-8") == _made_of(source, chip, target):
        return
    note.unlink(missing_ok=True)
    compile_context(source, chip, target)
    write_file(note, _made_of(source, chip, target), private=False)


def _made_of(source: Path, chip: Soc, target: Path) -> str:
    hashes = " ".join(registry.sha256_of(file) for file in (source, data_of(target), target))
    return f"{hashes} {version('onnxruntime-qnn')} {chip.name}"


def simulate_in_slices(context: Path, inputs: Inputs, folder: Path) -> dict[str, NDArray[np.float32]]:
    """``simulate`` for all of ``inputs``; each slice of the results is saved in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    key = f"{registry.sha256_of(data_of(context))[:16]}-{inputs.sha256[:16]}"
    answers = []
    for start in range(0, len(inputs.tensors), SLICE):
        kept = folder / f"{key}.{start:05}.npz"
        if not kept.is_file():
            part = kept.with_name(f"part-{kept.name}")
            np.savez(part, **simulate(context, inputs.tensors[start : start + SLICE]))  # type: ignore[arg-type]
            part.replace(kept)
            done = min(start + SLICE, len(inputs.tensors))
            print(f"{done} of {len(inputs.tensors)} simulated", file=sys.stderr, flush=True)
        with np.load(kept) as packed:
            answers.append({name: packed[name] for name in packed.files})
    return {name: np.concatenate([one[name] for one in answers]) for name in answers[0]}
