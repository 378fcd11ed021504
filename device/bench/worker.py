"""A process that repeats one piece of work on request and reports how long each run took.

Each subject of a comparison runs in its own process, and the processes take turns. The protocol is lines of text:

- when the worker is ready, it prints one line of JSON (a peer may print ``[]``);
- a line ``N`` on its standard input requests N runs; it answers with one line of JSON: a list of N times in ms, or an
  object with ``times_ms`` and more. Fewer times than requested mean that its input has ended;
- it exits at the end of its standard input.

So a peer can be any program, in any language.
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
from pathlib import Path
from types import TracebackType
from typing import Any

from wakeful.errors import ConfigError, ModelError, SourceError, WakefulError
from wakeful.frozen import dataclass

READY_S, TURN_S = 300.0, 900.0
"""Longest waits for a worker to be ready (a Hexagon context may be compiled then) and for an answer."""
END_S = 10.0


class WorkerError(WakefulError, ChildProcessError):
    """A worker that does not start, dies, or gives an invalid answer."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer.

    Attributes:
        times_ms: of the runs.
        cpu_s: CPU time of these runs; None if the worker does not report it.
        more: the other figures of wakeful's own workers.
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
        greeting: its first line.
        start_ms: from the start of the process to that line.

    Raises:
        WakefulError: the worker cannot be started, or reports why it cannot work.
    """

    def __init__(self, name: str, command: Sequence[str], environment: dict[str, str] | None = None) -> None:
        self._name = name
        # Its standard error is read only if it dies, for the message.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        began_s = time.perf_counter()
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env=os.environ | (environment or {}),
                text=True,
            )
        except OSError as error:
            self._stderr.close()
            raise WorkerError(f"{name}: {command[0]} cannot be started ({error.strerror})") from None
        try:
            greeting = self._answer(READY_S)
        except WakefulError:
            self.close()
            raise
        self.start_ms = 1000.0 * (time.perf_counter() - began_s)
        self.greeting: dict[str, Any] = greeting if isinstance(greeting, dict) else {}

    @property
    def pid(self) -> int:
        return self._process.pid

    def turn(self, runs: int, *words: float) -> Turn:
        """Request ``runs`` runs; further ``words`` are for wakeful's own workers."""
        assert self._process.stdin is not None
        try:
            print(runs, *words, file=self._process.stdin, flush=True)
        except OSError:
            raise self._died() from None
        given = self._answer(TURN_S)
        answer = given if isinstance(given, dict) else {"times_ms": given}
        times = answer.pop("times_ms", None)
        if not isinstance(times, list) or not all(isinstance(one, (int, float)) and one > 0 for one in times):
            raise WorkerError(f"{self._name}: expected a list of times in ms, got {str(given)[:80]!r}")
        return Turn(tuple(map(float, times)), answer.pop("cpu_s", None), answer)

    def close(self) -> None:
        """End the process. Closing twice is harmless."""
        try:
            self._process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        except (OSError, ValueError):
            self._process.kill()
            self._process.wait()
        self._stderr.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
        self.close()

    def _answer(self, timeout_s: float) -> Any:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], timeout_s)
        if not ready:
            self._process.kill()
            raise WorkerError(f"{self._name}: no answer within {timeout_s:.0f} s; it was killed")
        line = self._process.stdout.readline()
        if not line:
            raise self._died()
        try:
            answer = json.loads(line)
        except ValueError:
            raise WorkerError(f"{self._name}: expected a line of JSON, got {line.strip()[:80]!r}") from None
        if isinstance(answer, dict) and "error" in answer:
            raise _as_error(answer)
        return answer

    def _died(self) -> WorkerError:
        status = self._process.wait()
        self._stderr.seek(0)
        lines = self._stderr.read().decode("utf-8", errors="replace").strip().splitlines()
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return WorkerError(f"{self._name} {how} before it answered" + (f": {lines[-1][:200]}" if lines else ""))


def own_worker(module: str, *arguments: str) -> list[str]:
    """The command line of a worker that is a module of wakeful."""
    return [sys.executable, "-m", module, *arguments]


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
    """An error that one of wakeful's own workers reported, with its original type."""
    statuses: dict[int, type[WakefulError]] = {2: ConfigError, 3: SourceError, 4: ModelError}
    return statuses.get(answer.get("status", 1), WorkerError)(str(answer["error"]))
