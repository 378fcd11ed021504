"""Builds the board's kernel: User Mode Linux, the real kernel as an ordinary process, from Debian's source package.

It is kept under ``~/.cache`` by what it was made of: the source package, the configuration, our patch, the compiler.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tools.board.needs import PROGRAMS, SOURCE, TREE, Unfit, check_kernel_source, check_programs, run

FRAGMENT = Path(__file__).with_name("kernel.config")
PATCH = Path(__file__).with_name("kernel.patch")
UNUSED_S = 86_400.0


def cache_folder() -> Path:
    """Where kernels and roots are kept; ``WAKEFUL_BOARD_CACHE`` overrides."""
    if chosen := os.environ.get("WAKEFUL_BOARD_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "wakeful-board"


def prune(used: Path, others: str) -> None:
    """Delete what was made for other versions of this project and what no run has used for ``UNUSED_S``.

    Args:
        used: by this run; it counts from now.
        others: pattern of their names. Of each change of a list of packages there would be another of 100 MB and more.
    """
    os.utime(used)
    for other in used.parent.glob(others):
        if other == used or time.time() - other.stat().st_mtime < UNUSED_S:
            continue
        if other.is_dir():
            shutil.rmtree(other, ignore_errors=True)
        else:
            other.unlink(missing_ok=True)


def kernel_file() -> Path:
    """Where the kernel is, or would be, for this source and this configuration."""
    asked = ["dpkg-query", "-W", "-f=${Version}", SOURCE]
    version = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    compiler = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=False).stdout.strip()
    made_of = "\n".join((SOURCE, compiler, *(file.read_text(encoding="utf-8") for file in (FRAGMENT, PATCH))))
    configured = hashlib.sha256(made_of.encode()).hexdigest()[:12]
    if not version:
        # Without the source package no other kernel can be built: any of this configuration will do.
        kept = sorted(cache_folder().glob(f"linux-*-{configured}"))
        return kept[-1] if kept else cache_folder() / f"linux-{configured}"
    return cache_folder() / f"linux-{version}-{configured}"


def cached_kernel() -> Path | None:
    """The kernel if it is there."""
    file = kernel_file()
    return file if file.exists() else None


def kernel(jobs: int = os.cpu_count() or 1) -> Path:
    """The kernel, built if it is not there: minutes. Raises: Unfit: it cannot be."""
    file = kernel_file()
    if file.exists():
        return file
    check_programs(PROGRAMS)
    check_kernel_source()
    file.parent.mkdir(parents=True, exist_ok=True)
    print(f"board: building {file.name}, some minutes", flush=True)
    log = file.with_name(f"{file.name}.log")
    log.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="kernel-", dir=file.parent) as folder:
        tree = Path(folder)
        run(["tar", "-C", folder, "--strip-components=1", "-xf", str(TREE)], log=log)
        run(["patch", "-p1", "-i", str(PATCH)], cwd=tree, log=log)
        configure(tree, log)
        run(["make", "ARCH=um", f"-j{jobs}", "linux"], cwd=tree, log=log)
        built = tree / "linux"
        run(["strip", str(built)], log=log)
        part = file.with_name(f"{file.name}.part")
        shutil.move(built, part)
    part.rename(file)
    return file


def configure(tree: Path, log: Path) -> None:
    """Defaults, the fragment over them, and all that these need. Raises: Unfit: something chosen is not there."""
    run(["make", "ARCH=um", "x86_64_defconfig"], cwd=tree, log=log)
    with (tree / ".config").open("a", encoding="utf-8") as config:
        config.write(FRAGMENT.read_text(encoding="utf-8"))
    run(["make", "ARCH=um", "olddefconfig"], cwd=tree, log=log)
    has = (tree / ".config").read_text(encoding="utf-8")
    wanted = re.findall(r"(?m)^(CONFIG_\w+=\S+)$", FRAGMENT.read_text(encoding="utf-8"))
    refused = [one for one in wanted if f"\n{one}\n" not in has]
    if refused:
        raise Unfit(f"{SOURCE} does not take {', '.join(refused)}")
