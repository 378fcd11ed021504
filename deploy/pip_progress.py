"""Runs ``pip install`` and prints every few seconds what it is doing: ``pip_progress.py ARGUMENTS OF PIP INSTALL``.

pip itself either prints hundreds of lines or, with ``--quiet``, nothing for minutes. Runs with the standard library
alone, before anything of wakeful is installed. Errors are printed in full at the end; the exit status is pip's.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

QUIET_S = 2.0
"""Nothing is printed before this time: in most calls everything is already installed."""
EVERY_S = 3.0
OLDEST_WITH_FIGURES = (24, 1)
"""``--progress-bar raw``, which prints numbers if there is no terminal, was added in this version of pip."""
MEGABYTE = 1_000_000
ERROR_LINES = 200
WORDS = {
    "Collecting": "collecting",
    "Processing": "collecting",
    "Obtaining": "collecting",
    "Downloading": "downloading",
    "Using": "collecting",
    "Building": "building",
    "Preparing": "building",
    "Installing": "installing",
    "Getting": "building",
}


class Progress:
    """What pip is doing, parsed from its output."""

    def __init__(self) -> None:
        self.doing = "starting pip"
        self._figures = ""
        self.kept: list[str] = []

    @property
    def line(self) -> str:
        """The progress as one line for the user."""
        return f"{self.doing} {self._figures}".rstrip()

    def read(self, line: str) -> None:
        """Process one line of pip's output."""
        progress = re.fullmatch(r"Progress (\d+) of (\d+)", line)
        if progress:
            done, total = (int(one) / MEGABYTE for one in progress.groups())
            digits = 0 if total >= 10 else 1
            of = f" of {total:.{digits}f}" if total else ""
            self._figures = f"{done:.{digits}f}{of} MB"
            return
        self.kept = [*self.kept[1 - ERROR_LINES :], line]
        doing = _doing(line.strip())
        if doing:
            # The size is part of the line until pip reports its own numbers.
            self.doing, size = doing
            self._figures = size


def _doing(line: str) -> tuple[str, str] | None:
    """The action and the size in a line of pip's output; None if it is another kind of line."""
    word, _, rest = line.partition(" ")
    if word not in WORDS or not rest:
        return None
    if word == "Installing" and rest.startswith("collected packages:"):
        count = rest.count(",") + 1
        return f"installing {count} package{'s' if count > 1 else ''}", ""
    if word in ("Building", "Preparing", "Getting") or rest.startswith(("build dependencies", "backend dependencies")):
        built = re.search(r"for (?:collected packages: )?([\w.-]+)", rest)
        return f"building {built[1]}" if built else "building", ""
    size = re.search(r" \(([\d.]+ [kMG]?B)\)", rest)
    what = rest.removeprefix("cached ").split()[0]
    # The package name in a file name, a URL or a requirement.
    name = re.split(r"-\d|[<>=!~;\[]", what.rstrip("/").rpartition("/")[2])[0]
    return f"{WORDS[word]} {name or what}", f"({size[1]})" if size else ""


def command(arguments: Iterable[str], pip: str) -> list[str]:
    """The command line for a pip of this version."""
    numbers = tuple(int(one) for one in re.findall(r"\d+", pip)[:2])
    bar = "raw" if numbers >= OLDEST_WITH_FIGURES else "off"
    pip_install = [sys.executable, "-u", "-m", "pip", "install", "--no-input", "--progress-bar", bar]
    return [*pip_install, "--disable-pip-version-check", *arguments]


def _say(progress: Progress, ended: threading.Event, begun_s: float) -> None:
    wait_s = QUIET_S
    while not ended.wait(wait_s):
        print(f"  {time.monotonic() - begun_s:3.0f} s: {progress.line}", flush=True)
        wait_s = EVERY_S


def install(arguments: Iterable[str]) -> int:
    """Run it; returns the exit status of pip."""
    progress, ended, begun_s = Progress(), threading.Event(), time.monotonic()
    try:
        known = version("pip")
    except PackageNotFoundError:
        known = ""  # The error message that pip is missing comes from Python.
    pip = subprocess.Popen(
        command(arguments, known), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    )
    speaker = threading.Thread(target=_say, args=(progress, ended, begun_s), daemon=True)
    speaker.start()
    try:
        for line in pip.stdout or ():
            progress.read(line.rstrip())
        status = pip.wait()
    except KeyboardInterrupt:
        # A terminal interrupts pip too; without one it would keep running.
        pip.send_signal(signal.SIGINT)
        pip.wait()
        return 128 + signal.SIGINT
    finally:
        ended.set()
        speaker.join()
    if status:
        print("\n".join(progress.kept), file=sys.stderr, flush=True)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(install(sys.argv[1:]))
