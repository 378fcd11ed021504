"""What this machine must have for a board, and what it lacks, in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

SOURCE = "linux-source-6.12"
TREE = Path(f"/usr/src/{SOURCE}.tar.xz")
PROGRAMS = {name: name for name in ("gcc", "make", "flex", "bison", "bc", "patch")} | {"xz": "xz-utils"}
"""What builds a kernel: program and Debian's package."""
ROOT_PROGRAMS = {"mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs"}


class Unfit(Exception):
    """This machine cannot do it; the message says what to do."""


def check_programs(wanted: dict[str, str]) -> None:
    """Raises: Unfit: programs are missing."""
    missing = [package for program, package in wanted.items() if shutil.which(program, path=search_path()) is None]
    if missing:
        raise Unfit(f"missing: apt-get install {' '.join(missing)}")


def check_kernel_source() -> None:
    """Raises: Unfit: there is no source of a kernel."""
    if not TREE.exists():
        raise Unfit(f"missing: apt-get install {SOURCE}")


def check_root() -> None:
    """Raises: Unfit: the user is not root."""
    if os.geteuid() != 0:
        raise Unfit("the board's disk holds files of many users, which only root can make: run it with sudo")


def search_path() -> str:
    """Debian keeps programs for root where users do not look."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def run(command: Sequence[str], *, cwd: Path | None = None, log: Path | None = None, stdin: Path | None = None) -> None:
    """Run a program to its end. Raises: Unfit: it fails; with its last words."""
    environment = {**os.environ, "PATH": search_path()}
    with (log or Path(os.devnull)).open("ab") as out, (stdin or Path(os.devnull)).open("rb") as given:
        done = subprocess.run(command, cwd=cwd, stdin=given, stdout=out, stderr=out, check=False, env=environment)
    if done.returncode != 0:
        last = log.read_text(encoding="utf-8", errors="replace")[-800:] if log else ""
        raise Unfit(f"`{' '.join(command)[:120]}` ended with status {done.returncode}\n{last}")
