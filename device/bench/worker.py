"""A process that does one thing again and again when it is asked to, and says how long each time took.

Everything that is compared runs in a process of its own, and the processes take turns. They speak in lines:

- the worker first prints one line of JSON, when it is ready (a peer may print ``[]``);
- a line ``N`` on its standard input asks for N runs; it answers with one line of JSON: a list of N times in ms, or an
  object with ``times_ms`` and more. Fewer times than asked for mean that its input is over;
- at the end of its standard input it ends.

So a peer is any program that can do that, in any language.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from wakeful import ConfigError, ModelError, SourceError, WakefulError

READY_S, TURN_S = 300.0, 900.0
"""Longest waits for a worker to be ready (a Hexagon context may be compiled then) and for an answer."""
END_S = 10.0


class WorkerError(WakefulError, ChildProcessError):
    """A worker that does not start, dies, or answers what is no answer."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer.

    Attributes:
        times_ms: of the runs.
        cpu_s: processor time of these runs; None where the worker does not tell it.
        more: whatever else a worker of ours tells.
    """

    times_ms: tuple[float, ...]
    cpu_s: float | None
    more: dict[str, Any]


class Worker:
    """A running worker.

    Args:
        name: for messages.
        command: program and arguments.

    Attributes:
        hello: its first line.
        start_ms: from the start of the process to that line.

    Raises:
        WakefulError: the worker cannot be started, or says why it cannot work.
    """

    def __init__(self, name: str, command: Sequence[str], environment: dict[str, str] | None = None) -> None:
        self._name = name
        # What it says on its standard error is for the message about its death alone.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        began_s = time.perf_counter()
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env=os.environ | (environment or {}),
                text=True,
            )
        except OSError as error:
            self._said.close()
            raise WorkerError(f"{name}: {command[0]} cannot be started ({error.strerror})") from None
        try:
            hello = self._answer(READY_S)
        except WakefulError:
            self.close()
            raise
        self.start_ms = 1000.0 * (time.perf_counter() - began_s)
        self.hello: dict[str, Any] = hello if isinstance(hello, dict) else {}

    @property
    def pid(self) -> int:
        return self._process.pid

    def turn(self, runs: int, *words: float) -> Turn:
        """Let it do ``runs`` runs; further ``words`` are for workers of ours."""
        assert self._process.stdin is not None
        try:
            print(runs, *words, file=self._process.stdin, flush=True)
        except OSError:
            raise self._died() from None
        given = self._answer(TURN_S)
        told = given if isinstance(given, dict) else {"times_ms": given}
        times = told.pop("times_ms", None)
        if not isinstance(times, list) or not all(isinstance(one, (int, float)) and one > 0 for one in times):
            raise WorkerError(f"{self._name}: answered no list of times in ms but {str(given)[:80]!r}")
        return Turn(tuple(map(float, times)), told.pop("cpu_s", None), told)

    def close(self) -> None:
        """Ends the process. Closing twice is harmless."""
        try:
            self._process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        except (OSError, ValueError):
            self._process.kill()
            self._process.wait()
        self._said.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
        self.close()

    def _answer(self, patience_s: float) -> Any:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], patience_s)
        if not ready:
            self._process.kill()
            raise WorkerError(f"{self._name}: no answer within {patience_s:.0f} s; it was ended")
        line = self._process.stdout.readline()
        if not line:
            raise self._died()
        try:
            answer = json.loads(line)
        except ValueError:
            raise WorkerError(f"{self._name}: answered no line of JSON but {line.strip()[:80]!r}") from None
        if isinstance(answer, dict) and "error" in answer:
            raise _as_error(answer)
        return answer

    def _died(self) -> WorkerError:
        status = self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", errors="replace").strip().splitlines()
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        return WorkerError(f"{self._name} {how} before it answered" + (f": {lines[-1][:200]}" if lines else ""))


def ours(module: str, *arguments: str) -> list[str]:
    """The command of a worker that is a module of wakeful."""
    return [sys.executable, "-m", module, *arguments]


def cpu_s(pid: int) -> float | None:
    """Processor time a process took so far, seconds; None where the system does not tell it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int | str = "self") -> tuple[float | None, float | None]:
    """Resident and peak resident memory of a process, MB (2**20 bytes)."""
    found: dict[str, float] = {}
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name in ("VmRSS", "VmHWM"):
                found[name] = float(value.split()[0]) / 1024.0
    except OSError:
        pass
    return found.get("VmRSS"), found.get("VmHWM")


def _as_error(answer: dict[str, Any]) -> WakefulError:
    """The error of a worker of ours as the error it was there."""
    statuses: dict[int, type[WakefulError]] = {2: ConfigError, 3: SourceError, 4: ModelError}
    return statuses.get(answer.get("status", 1), WorkerError)(str(answer["error"]))
