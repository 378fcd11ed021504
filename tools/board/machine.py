"""One board that runs: boots the kernel, gives it commands, reads its time line, cuts its power.

Everything of it is one process group of this program, so that cutting the power is ending that group. Folder and time
line are shared with the board by the kernel's hostfs.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GUEST = Path(__file__).with_name("guest")
BOOT_S = 90.0
"""A boot takes 5 to 10 s, on a busy machine several times that. What needs longer is a kernel that has locked up."""
ANSWER_S = 60.0
SLOWEST = 10.0
"""Limits are stretched by what other programs take of the processor, at most so many times."""
LOOK_S = 0.03


class Locked(Exception):
    """The board does not answer any more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened.

    Attributes:
        boot: number of the boot, from 1. t: seconds since then.
    """

    boot: int
    t: float
    channel: str
    value: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command left: status, output, and the board's time at its end."""

    status: int
    output: str
    t: float


class Machine:
    """A board with one disk.

    Args:
        folder: for console and time lines.
        films: what its camera plays.
    """

    def __init__(self, kernel: Path, disk: Path, folder: Path, films: Path, memory_mb: int = 1024) -> None:
        self._kernel = kernel
        self._disk = disk
        self._folder = folder
        self._memory_mb = memory_mb
        memory_disk = Path("/dev/shm")
        self.shared = Path(tempfile.mkdtemp(prefix="board-", dir=memory_disk if memory_disk.is_dir() else None))
        shutil.copytree(GUEST, self.shared / "guest", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(films, self.shared / "films")
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes]
        self._spent: dict[str, tuple[float, float]] = {}
        self._commands = 0
        self._entries: list[Entry] = []
        self._read = 0
        self.boots = 0
        self.retries = 0

    @property
    def entries(self) -> list[Entry]:
        """The time line of all boots so far."""
        file = self.shared / "timeline.jsonl"
        if file.exists():
            with file.open("rb") as opened:
                opened.seek(self._read)
                data = opened.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._read += len(whole)
            for line in whole.splitlines():
                try:
                    said = json.loads(line)
                except ValueError:
                    continue
                self._entries.append(Entry(self.boots, float(said["t"]), said["ch"], _text(said["v"])))
        return self._entries

    def boot(self) -> float:
        """Power on; the wall time until its hardware is there, s. Raises: Locked: twice not in time."""
        for attempt in (1, 2):
            begun_s = time.monotonic()
            self._start()
            if self._wait(lambda: any(one.value == "hardware is there" for one in self.now_boot()), BOOT_S):
                return time.monotonic() - begun_s
            ended = self._process is None or self._process.poll() is not None
            what = "ended with a kernel that stopped" if ended else f"was not over after {BOOT_S:g} s"
            self.cut_power()
            if attempt == 1:
                self.retries += 1
                print(f"board: a boot {what} and is tried once more", flush=True)
        raise Locked(f"a second boot {what}: {self._console()}")

    def now_boot(self) -> list[Entry]:
        """The entries of this boot."""
        return [one for one in self.entries if one.boot == self.boots]

    def run(self, script: str, limit_s: float = ANSWER_S) -> Answer:
        """Carry out a command in the board. Raises: Locked: it gives no answer in time."""
        name = self._give(script)
        done = name.with_suffix(".rc")
        if not self._wait(done.exists, limit_s):
            raise Locked(f"no answer within {limit_s:g} s to: {script.strip().splitlines()[0][:100]}")
        status, t_s = done.read_text(encoding="ascii").split()
        out = name.with_suffix(".out")
        return Answer(
            int(status), out.read_text(encoding="utf-8", errors="replace") if out.exists() else "", float(t_s)
        )

    def cut_power(self) -> None:
        """From one moment to the next."""
        process, self._process = self._process, None
        if process is not None:
            self._guard.kill()
            self._guard.communicate()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self._wait(lambda: not is_locked(self._disk), ANSWER_S)

    def power_off(self, limit_s: float = 30.0) -> bool:
        """As its user would; whether it was off in time. Power is cut if not."""
        process = self._process
        if process is None:
            return True
        # No answer is waited for: the board may be off before there is one.
        self._give("systemctl --no-block poweroff")
        try:
            process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return False
        finally:
            self.cut_power()
        return True

    def processor_s(self) -> tuple[float, float]:
        """How long it has had a processor since the boot, and waited for one that others had, s.

        Its kernel is one process, and each program in it has another, in which its own code runs.
        """
        process = self._process
        if process is None or process.poll() is not None:
            return 0.0, 0.0
        with suppress(OSError):
            programs = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
            for one in (str(process.pid), *programs):
                with suppress(OSError):
                    ran_ns, waited_ns, _ = Path(f"/proc/{one}/schedstat").read_text(encoding="ascii").split()
                    self._spent[one] = (int(ran_ns) / 1e9, int(waited_ns) / 1e9)
        return sum(ran for ran, _ in self._spent.values()), sum(waited for _, waited in self._spent.values())

    def close(self) -> None:
        """Nothing of it is left but its folder and its disk."""
        self.cut_power()
        shutil.rmtree(self.shared, ignore_errors=True)

    def _start(self) -> None:
        self._entries = self.entries
        self.boots += 1
        self._read = 0
        self._spent.clear()
        (self.shared / "timeline.jsonl").unlink(missing_ok=True)
        shutil.rmtree(self.shared / "do", ignore_errors=True)
        (self.shared / "do").mkdir()
        command = [
            *(
                str(self._kernel),
                "umid=board",
                f"uml_dir={self.shared}/uml",
                f"ubd0={self._disk}",
                "root=/dev/ubda",
                "rw",
            ),
            *(f"mem={self._memory_mb}M", "con=null", "con0=null,fd:1", "ssl=null", "random.trust_cpu=1", "quiet"),
            *("systemd.show_status=0", "panic=-1", f"board.shared={self.shared}"),
        ]
        with self._console_file.open("wb") as console:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True
            )
        # Should this program be killed, the pipe ends, and all of the board with it, whose programs would go on alone.
        kill = f"read line; kill -KILL -- -{self._process.pid}"
        self._guard = subprocess.Popen(["sh", "-c", kill], stdin=subprocess.PIPE, start_new_session=True)

    def _give(self, script: str) -> Path:
        """A command for the board's agent; gives the file, without its suffix, under which the answer comes."""
        self._commands += 1
        name = self.shared / "do" / f"{self._commands:05}"
        part = name.with_suffix(".new")
        part.write_text(script, encoding="utf-8")
        part.rename(name.with_suffix(".cmd"))
        return name

    def _wait(self, condition: Callable[[], bool], limit_s: float) -> bool:
        begun_s, spent = time.monotonic(), self.processor_s()
        while not condition():
            if self._process is not None and self._process.poll() is not None:
                return condition()
            waited_s = time.monotonic() - begun_s
            if waited_s > limit_s and waited_s > limit_s * slower(spent, self.processor_s()):
                return condition()
            time.sleep(LOOK_S)
        return True

    @property
    def _console_file(self) -> Path:
        return self._folder / f"console-{self._disk.stem}-{self.boots}.log"

    def _console(self) -> str:
        text = self._console_file.read_text(encoding="utf-8", errors="replace")
        # What a panic says is before its stack.
        panic = text.find("Kernel panic")
        told = text[-400:] if panic < 0 else text[max(panic - 200, 0) :][:400]
        return told.strip() or "its console is empty"


def is_locked(disk: Path) -> bool:
    """Whether some process of a board has it: killed ones end one by one, and the next boot must not find it taken."""
    with disk.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def share(before: tuple[float, float], after: tuple[float, float]) -> float:
    """Of the time in which a processor was wanted, the part in which there was one; 1 where none was wanted."""
    ran_s, waited_s = after[0] - before[0], after[1] - before[1]
    return ran_s / (ran_s + waited_s) if ran_s > 0.0 and waited_s > 0.0 else 1.0


def slower(before: tuple[float, float], after: tuple[float, float]) -> float:
    """How much longer things took than on a free machine."""
    return min(SLOWEST, 1.0 / share(before, after))


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
