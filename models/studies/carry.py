"""Runs the trials of a study one after the other and keeps what each came to, so that an interrupted one goes on.

Each trial has a folder of its own with its checkpoint and ``result.json``. A trial that is done is not run again; one
that was interrupted continues from its checkpoint and comes to the same weights.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError

from wakeful.files import write_file
from wakeful.models.studies.study import Result, Study, Trial
from wakeful.models.training.run import CPU, WEIGHTS, TrainingError, read_state

RESULT, SPENT = "result.json", "cpu.json"
_RESULT = TypeAdapter(Result)


def run_trial(
    study: Study,
    trial: Trial,
    loaded: Any,
    out: Path,
    steps: int | None = None,
    device: torch.device = CPU,
    stepped: Callable[[int], None] = lambda step: None,
) -> Result:
    """One trial of a study whose folder is ``out``; from its file, if it is done.

    Args:
        loaded: what ``study.load`` gives.

    Raises:
        TrainingError: what is there belongs to other settings, or to another length.
    """
    folder = out / trial.key
    wanted = steps or study.STEPS
    if (done := result_of(trial, out, wanted)) is not None:
        return done
    folder.mkdir(parents=True, exist_ok=True)
    before, begun = _spent(folder), time.process_time()

    def count(step: int) -> None:
        if step % 100 == 0:
            _spend(folder, before + time.process_time() - begun)
        stepped(step)

    figures = study.run(trial, loaded, folder, wanted, device, count)
    result = Result(
        trial, _plain({**figures, "steps": wanted, **_trained(folder)}), round(before + time.process_time() - begun, 1)
    )
    write_file(folder / RESULT, json.dumps(asdict(result), indent=1) + "\n", private=False)
    return result


def result_of(trial: Trial, out: Path, steps: int) -> Result | None:
    """What a trial came to, if it is done.

    Raises:
        TrainingError: its file is damaged, or of a run of another length.
    """
    file = out / trial.key / RESULT
    try:
        result = _RESULT.validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise TrainingError(f"{file} is damaged: remove it, and the trial runs again") from None
    if result.figures["steps"] != steps:
        raise TrainingError(f"{file} is of {result.figures['steps']} steps, not {steps}: choose another --out")
    return result


def _trained(folder: Path) -> dict[str, str]:
    """A hash over the weights, which says whether two trainings came to the same; nothing where none were trained."""
    file = folder / WEIGHTS
    if not file.is_file():
        return {}
    hashed = hashlib.sha256()
    for name, value in sorted(read_state(file)["weights"].items()):
        hashed.update(name.encode() + b"\0" + value.contiguous().numpy().tobytes())
    return {"weights": hashed.hexdigest()[:16]}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON holds them, so that a result is the same fresh and read."""
    plain: dict[str, Any] = json.loads(json.dumps(values))
    return plain


def _spent(folder: Path) -> float:
    try:
        return float(json.loads((folder / SPENT).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return 0.0


def _spend(folder: Path, seconds: float) -> None:
    write_file(folder / SPENT, json.dumps(round(seconds, 1)), private=False, durable=False)
