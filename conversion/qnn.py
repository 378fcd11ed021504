"""Compiles QDQ networks ahead of time for Hexagon NPUs, on an ordinary x86-64 machine, and verifies the result.

``compile_context`` writes ``NAME.onnx`` (a few hundred bytes that name the chip's data) and ``NAME.bin`` beside it.
Qualcomm's libraries run only in a child process (``wakeful.conversion.qnn_child``).
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import ConfigError, ModelError
from wakeful.models.variants import Soc, data_of, soc

TARGET = re.compile(rb"soc_type=([A-Za-z0-9_]+);arch=(\d+)")
# A child without output for so long hangs; the slowest network takes a second per input in the simulator.
TIMEOUT_S = 3600


class ContextBroken(ModelError, ValueError):
    """A context that is damaged or that the libraries do not load."""


class ContextForeign(ModelError, LookupError):
    """A context that was compiled for another chip."""


class CompileFailed(ModelError, RuntimeError):
    """A part of the network cannot run on the NPU, or the compiler failed."""


def compile_context(source: Path, chip: Soc, target: Path) -> None:
    """Compiles ``source`` (QDQ) for ``chip`` into ``target`` and the ``.bin`` beside it, both complete or not at all.

    Raises:
        ConfigError: the chip is not on the list, or this machine cannot compile.
        CompileFailed: a part of the network would have to run on the processor.
        ContextForeign: the result is for another chip.
    """
    soc(chip.name)  # a number that Qualcomm's compiler does not know is silently replaced by another chip
    require_host()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".compile-") as folder:
        part = Path(folder) / target.name
        job = {"do": "compile", "file": str(source), "target": str(part), "soc_model": chip.model}
        said = child(job)
        data = [one for one in Path(folder).iterdir() if one.suffix == ".bin"]
        if "error" in said or not data or not part.is_file():
            raise CompileFailed(
                f"{source.name} does not compile completely for {chip.name}: {said.get('error', 'no file')}"
            )
        require_target(data[0], chip)
        _rename(part, data_of(target).name)
        data[0].replace(data_of(target))
        part.replace(target)


def require_host() -> None:
    """Raises ``ConfigError`` on machines without Qualcomm's compiler."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise ConfigError(f"contexts are compiled on x86-64 Linux, this is {sys.platform} on {platform.machine()}")


def target_of(data: Path) -> tuple[str, int]:
    """Chip and NPU generation in a compiled file.

    Raises:
        ContextBroken: it names none, or several.
    """
    try:
        found = set(TARGET.findall(data.read_bytes()))
    except OSError as error:
        raise ContextBroken(f"{data} cannot be read ({error.strerror}): compile it again") from None
    if len(found) != 1:
        raise ContextBroken(f"{data} is not a compiled context: it names {len(found)} chips, not one; compile it again")
    name, arch = found.pop()
    return name.decode(), int(arch)


def require_target(data: Path, chip: Soc) -> None:
    """``ContextForeign`` unless ``data`` was compiled for ``chip``."""
    name, arch = target_of(data)
    if (name, arch) != (chip.soc_type, chip.arch):
        raise ContextForeign(
            f"{data.name} is compiled for {name} (v{arch}), not for {chip.soc_type} (v{chip.arch}): "
            f"compile it with `wakeful convert qnn --soc {chip.name}`"
        )


def probe(context: Path, chip: Soc) -> None:
    """Verifies that ``context`` is for ``chip`` and can be loaded, without risk for this process.

    Raises:
        ContextBroken, ContextForeign: it is not, or does not.
    """
    require_target(data_of(context), chip)
    said = child({"do": "run", "file": str(context)})
    if "error" in said:
        raise ContextBroken(f"{context.name} does not load ({said['error']}): compile it again")


def simulate(file: Path, tensors: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Outputs by name of a context or QDQ network on the simulated Hexagon, for inputs float32 [N, ...].

    Raises:
        ContextBroken: it does not load or run.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, answers = Path(folder) / "inputs.npy", Path(folder) / "outputs.npz"
        np.save(given, tensors)
        said = child({"do": "run", "file": str(file), "inputs": str(given), "outputs": str(answers)})
        if "error" in said:
            raise ContextBroken(f"{file.name} does not run on the simulated Hexagon: {said['error']}")
        with np.load(answers) as packed:
            return {name: packed[name] for name in packed.files}


def child(job: dict[str, Any]) -> dict[str, Any]:
    """The result of a job; the death of a child is an error like any other."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "job.json"
        written.write_text(json.dumps(job), encoding="utf-8")
        command = [sys.executable, "-m", "wakeful.conversion.qnn_child", str(written)]
        try:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            return {"error": f"no answer within {TIMEOUT_S} s"}
    lines = [line for line in done.stdout.decode(errors="replace").splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        return {"error": f"Qualcomm's library ended its process with {done.returncode}"}
    result: dict[str, Any] = json.loads(lines[-1])
    return result


def _rename(wrapper: Path, data: str) -> None:
    """Writes the name of the data file into the wrapper, and removes what differs from run to run."""
    import onnx

    model = onnx.load(wrapper, load_external_data=False)
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name == "ep_cache_context":
                attribute.s = data.encode()
    onnx.save(model, wrapper)
