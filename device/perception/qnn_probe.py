"""Tries the NPU in a child process: what a vendor's library does to a process must not happen to the monitor.

    python -m wakeful.device.perception.qnn_probe '[["face_landmark", "/path/context.onnx", ""], ...]' [SOC_MODEL]

The child opens each file on the NPU, compares its answer with the processor's, and prints a JSON line before and after.
When it dies, its last line names the file that killed it; ``probe`` then goes on without that one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.registry import Network as Entry

MAX_OFF = 0.06
"""How far answers may be from the processor's, of the largest of them: three steps of 8 bits where few are used. A chip
that computes a network wrongly (16-bit activations on a v68 were seen to) is off by 13 to 100 %."""

TIMEOUT_S = 120.0
"""For all networks together, of which one that has to be compiled takes a second or two."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to have a network on the NPU.

    Attributes:
        file: a context, or the QDQ network that is to be compiled.
        compile_to: where the compiled context goes, None if ``file`` is one.
        reference: the QDQ network, whose answers on the processor the NPU's have to be close to; None: not compared.
    """

    network: str
    file: Path
    compile_to: Path | None = None
    reference: Path | None = None

    @property
    def runs(self) -> Path:
        """What the monitor opens afterwards."""
        return self.compile_to or self.file


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the candidates.

    Attributes:
        good: the first candidate of each network that ran.
        bad: of each network without one, why the last did not.
        trouble: why the NPU cannot be used at all, "" if it can.
    """

    good: dict[str, Candidate]
    bad: dict[str, str]
    trouble: str = ""


Child = Callable[[list[Candidate], int | None, float], tuple[list[dict[str, Any]], str]]
"""Runs the candidates in a process of their own: the lines it printed, and how it ended before its time, else ""."""


def probe(
    candidates: Sequence[Candidate],
    soc_model: int | None = None,
    timeout_s: float = TIMEOUT_S,
    run: Child | None = None,
) -> Verdict:
    """Tries the candidates of each network in their order until one runs; without any, only looks for the NPU."""
    run = run or run_child
    good: dict[str, Candidate] = {}
    bad: dict[str, str] = {}
    left = list(candidates)
    while True:
        lines, end = run(left, soc_model, timeout_s)
        tried: Candidate | None = None
        for line in lines:
            if "trouble" in line:
                return Verdict({}, {}, line["trouble"])
            tried = left[line["index"]]
            if line.get("ran"):
                good[tried.network], tried = tried, None
            elif "why" in line:
                bad[tried.network], tried = line["why"], None
        if not end:
            break
        if tried is None:
            return Verdict({}, {}, f"the probe of the NPU {end}")
        bad[tried.network] = f"{tried.file.name} {end.replace('was', 'made the probe be', 1)}"
        left = [one for one in left[left.index(tried) + 1 :] if one.network not in good]
        if not left:
            break
    return Verdict(good, {name: why for name, why in bad.items() if name not in good})


def run_child(candidates: list[Candidate], soc_model: int | None, timeout_s: float) -> tuple[list[dict[str, Any]], str]:
    """See ``Child``."""
    jobs = json.dumps(
        [[one.network, *(str(file or "") for file in (one.file, one.compile_to, one.reference))] for one in candidates]
    )
    command = [
        sys.executable,
        "-m",
        "wakeful.device.perception.qnn_probe",
        jobs,
        *([str(soc_model)] if soc_model else []),
    ]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=timeout_s, env=_environment()
        )
        output, end = done.stdout, _how_it_ended(done.returncode)
    except subprocess.TimeoutExpired as error:
        output, end = error.stdout or b"", f"was still busy after {timeout_s:g} s"
    except OSError as error:
        output, end = b"", f"cannot be started: {error.strerror}"
    return [json.loads(line) for line in output.splitlines() if line.startswith(b"{")], end


def _environment() -> dict[str, str]:
    # The child has to find these packages wherever the monitor was started.
    root = str(Path(__file__).parents[3])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}


def _how_it_ended(status: int) -> str:
    if status == 0:
        return ""
    if status > 0:
        return f"was ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


def main(arguments: Sequence[str]) -> None:
    """The child's life."""
    # Vendor libraries write to the standard output, which is for the lines alone.
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(**line: object) -> None:
        lines.write(json.dumps(line) + "\n")
        lines.flush()

    jobs = [_candidate(*job) for job in json.loads(arguments[0])]
    soc_model = int(arguments[1]) if len(arguments) > 1 else None
    from wakeful.device.perception.network import NetworkLoadError
    from wakeful.device.perception.runtime_qnn import npu_devices

    try:
        if not npu_devices(simulated=soc_model is not None):
            tell(trouble="the QNN provider lists no Hexagon on this machine")
            return
    except NetworkLoadError as error:
        tell(trouble=str(error))
        return
    ran: set[str] = set()
    for index, job in enumerate(jobs):
        if job.network in ran:
            continue
        tell(index=index)
        try:
            _try(job, soc_model)
        except Exception as error:
            tell(index=index, why=(str(error).splitlines() or [type(error).__name__])[0])
        else:
            ran.add(job.network)
            tell(index=index, ran=True)


def _candidate(network: str, file: str, compile_to: str, reference: str) -> Candidate:
    return Candidate(
        network, Path(file), Path(compile_to) if compile_to else None, Path(reference) if reference else None
    )


def _try(job: Candidate, soc_model: int | None) -> None:
    """Runs one candidate once; a context that was compiled is put in place whole or not at all."""
    from wakeful.device.perception.runtime_onnx import OnnxNetwork
    from wakeful.device.perception.runtime_qnn import QnnNetwork, open_npu_session
    from wakeful.models import registry

    entry = registry.network(job.network)
    if job.compile_to is not None:
        job.compile_to.parent.mkdir(parents=True, exist_ok=True)
        part = job.compile_to.with_name(f"part-{os.getpid()}-{job.compile_to.name}")
        open_npu_session(job.file, soc_model, compile_to=part)
        part.replace(job.compile_to)
    network = QnnNetwork(job.runs, entry, soc_model)
    given = sample(entry)
    answers = network(given)
    if not all(np.isfinite(answer).all() for answer in answers):
        raise ArithmeticError(f"{job.runs.name} answers with numbers that are none")
    if job.reference is not None:
        expected = OnnxNetwork(job.reference, entry=entry)(given)
        off = how_far_off(answers, expected)
        if off > MAX_OFF:
            raise ArithmeticError(f"{job.runs.name} answers wrongly: {off:.0%} off what the processor answers")


def how_far_off(answers: Sequence[NDArray[np.float32]], expected: Sequence[NDArray[np.float32]]) -> float:
    """The largest difference of any output, as a share of its largest value, which counts as 1 at least.

    Outputs are pixels, logits and shares: what is small beside 1 is a share near nothing, of which a part is less yet.
    """
    pairs = zip(answers, expected, strict=True)
    return max(float(np.abs(a - b).max() / max(np.abs(b).max(), 1.0)) for a, b in pairs)


def sample(entry: Entry) -> NDArray[np.float32]:
    """An input like those in use: the rendered driver's face, in the size and range of the network."""
    from wakeful.models.expression.face import standardise
    from wakeful.sensors.driver_face import DriverPose, render
    from wakeful.sensors.opencv import cv2

    taken = entry.inputs[0]
    face = render(DriverPose())[100:420, 160:480, ::-1]
    if taken.shape[1] == 1:
        grey = cv2.cvtColor(np.ascontiguousarray(face), cv2.COLOR_RGB2GRAY)
        small_grey = cv2.resize(grey, taken.shape[:1:-1], interpolation=cv2.INTER_AREA)
        # Both eyes of a batch look alike here.
        return standardise(np.repeat(small_grey.astype(np.uint8)[np.newaxis], taken.shape[0], axis=0))
    small = cv2.resize(np.ascontiguousarray(face), taken.shape[2:0:-1], interpolation=cv2.INTER_AREA)
    low, high = taken.range or (0.0, 1.0)
    scaled: NDArray[np.float32] = (small.astype(np.float32) / 255.0 * (high - low) + low)[np.newaxis]
    return scaled


if __name__ == "__main__":
    main(sys.argv[1:])
