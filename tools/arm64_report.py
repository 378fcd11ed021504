"""What two runs of ``tools.arm64_inside`` have in common, and the page that says so."""

from __future__ import annotations

import csv
import json
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tools import arm64_inside
from wakeful.models.variants import OWN

PROJECT = Path(__file__).resolve().parents[1]
SUITE = "bookworm"
PYTHON = "3.11"
QEMU = "qemu-aarch64-static"
RUNTIMES = dict(zip(("ONNX Runtime", "LiteRT"), arm64_inside.NETWORKS, strict=True))
FACES = 64
MAX_STEPS = 2.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between the two.

    Attributes:
        events: number of events and alerts on the host; same: as many, of the same kinds, codes and phases in the same
            order, none further apart than a frame.
        worst_steps: largest difference of the expression network's outputs, in steps of the output scale, by runtime.
        equal_share: share of the outputs that are equal to the last bit, by runtime.
        worst_signal: largest difference of an eye opening, 0 to 1.
        readers_steps: largest difference of the outputs of the reader's networks, in 256ths of their range, by file.
    """

    events: int
    same: bool
    worst_steps: dict[str, float]
    equal_share: dict[str, float]
    worst_signal: float
    readers_steps: dict[str, float]

    @property
    def passed(self) -> bool:
        steps = [*self.worst_steps.values(), *self.readers_steps.values()]
        return self.same and self.events > 0 and max(steps) <= MAX_STEPS


def compare(here: Path, there: Path) -> Comparison:
    """What the two runs have written."""
    ours, theirs = _events(here), _events(there)
    same = len(ours) == len(theirs) and all(map(_alike, ours, theirs))
    steps, equal = {}, {}
    for runtime, name in RUNTIMES.items():
        with np.load(here / f"{name}.npz") as a, np.load(there / f"{name}.npz") as b:
            apart = {output: np.abs(a[output] - b[output]) for output in ("ferplus", "fer2013")}
            steps[runtime] = max(float(one.max() / output_step(a[output])) for output, one in apart.items())
            equal[runtime] = float(np.concatenate([(one == 0).ravel() for one in apart.values()]).mean())
    readers = {name: _readers_steps(here, there, name) for one in OWN for name in (one, f"{one}_float")}
    signals = [abs(x - y) for x, y in zip(_openings(here), _openings(there), strict=True)]
    return Comparison(len(ours), same, steps, equal, max(signals), readers)


def _readers_steps(here: Path, there: Path, name: str) -> float:
    with np.load(here / f"{name}.npz") as a, np.load(there / f"{name}.npz") as b:
        return max(_steps_apart(a[one], b[one]) for one in a.files)


def _steps_apart(ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]) -> float:
    """In 256ths of the range; a single logit is compared as it is read, as a probability in hundredths."""
    if ours.shape[-1] == 1:
        ours, theirs = (1.0 / (1.0 + np.exp(-one)) for one in (ours, theirs))
        return float(np.abs(ours - theirs).max() * 100.0)
    return float(np.abs(ours - theirs).max() / (np.ptp(ours) / 256.0))


def output_step(values: np.ndarray[Any, Any]) -> float:
    """The scale of quantized outputs: the smallest distance between two of many."""
    distinct = np.unique(values)
    gaps = np.diff(distinct)
    return float(gaps[gaps > 1e-5].min())


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    said = ("kind", "code", "level", "phase", "seq", "health", "reason", "note", "expression")
    times = [(one[key], other[key]) for key in ("t", "start", "end") if key in one and key in other]
    return all(one.get(key) == other.get(key) for key in said) and all(abs(a - b) < 0.035 for a, b in times)


def _events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def _openings(folder: Path) -> list[float]:
    with (folder / "signals.csv").open(newline="", encoding="utf-8") as file:
        return [float(row["eye_open_left"] or -1.0) for row in csv.DictReader(file)]


def report(found: Comparison, root: Path, here: Path, there: Path) -> str:
    """The page that is kept."""
    qemu = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=False).stdout.splitlines()[0]
    revision = ["git", "-C", str(PROJECT), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(revision, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    wheels = sorted(folder.name.removesuffix(".dist-info") for folder in (root / "opt/site").glob("*.dist-info"))
    kept = ("numpy-", "opencv", "onnxruntime-", "ai_edge_litert", "pydantic_core", "gpiod")
    ours, theirs = (json.loads((folder / "summary.json").read_text(encoding="utf-8")) for folder in (here, there))
    verdict = "passed" if found.passed else "NOT PASSED"
    alerts = [event for event in _events(there) if event["kind"] == "alert"]
    told = ", ".join(f"{one['code']} {one['phase']} at {one['t']:.2f} s" for one in alerts)
    rows = [
        (
            f"events of the monitor, two seconds of a driver who nods off ({ours['frames']} frames)",
            "the same",
            f"{'the same' if found.same else 'NOT the same'} {found.events}; {told}",
        ),
        *(
            (
                f"int8 expression network in {runtime}, {FACES} faces, 15 outputs each",
                f"at most {MAX_STEPS:g} steps apart",
                f"{found.worst_steps[runtime]:.2f} steps, {found.equal_share[runtime]:.1%} equal",
            )
            for runtime in RUNTIMES
        ),
        *(
            (
                f"`{name}`, {'float in ONNX Runtime' if name.endswith('_float') else 'int8 in LiteRT'}, {FACES} faces",
                f"at most {MAX_STEPS:g} of 256 steps apart, presence 2 %",
                f"{steps:.2f} steps",
            )
            for name, steps in found.readers_steps.items()
        ),
        ("openness of the left eye, 0 to 1, frame by frame", "", f"at most {found.worst_signal:.3f} apart"),
        (
            "frames / share with a face / network faults",
            f"{ours['frames']} / {ours['face_share']:.1%} / {ours['network_faults']}",
            f"{theirs['frames']} / {theirs['face_share']:.1%} / {theirs['network_faults']}",
        ),
    ]
    table = "\n".join(f"| {what} | {required} | {got} |" for what, required, got in rows)
    return f"""# wakeful on arm64, emulated

Written by `make arm64-check`: Debian {SUITE} for arm64 under qemu-user, on {platform.machine()}. **{verdict}**.
Emulation shows that the aarch64 wheels work and that the answers are the same. It says nothing about speed, cameras,
GPIO or the NPU of a board.

| what | required | found |
|---|---|---|
{table}

wakeful {theirs["version"]}, revision {commit}; Python {PYTHON}; {qemu}; wheels:
{", ".join(one for one in wheels if one.startswith(kept))}.
"""
