"""Makes the board's disk: a small Debian by mmdebstrap in an image of ext4, without mounting anything.

It is kept beside the kernels by what it was made of. What the check itself needs in the system (``guest/``) is not in
it but comes through a folder of the host (hostfs), so that it can change without another disk.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path

from tools.board.kernel import cache_folder, prune
from tools.board.needs import ROOT_PROGRAMS, check_programs, check_root, run

SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
PACKAGES = ("systemd", "systemd-sysv", "udev", "dbus", "kmod", "iproute2", "python3", "passwd", "procps", "dmsetup")
SIZE = "3G"
LABEL = "board"

AGENT_UNIT = """[Unit]
Description=the board's stand-ins, commanded from outside
DefaultDependencies=no
After=local-fs.target systemd-udevd.service
Before=wakeful.service
Conflicts=shutdown.target

[Service]
Type=notify
ExecStart=/usr/local/sbin/board-agent
KillMode=process

[Install]
WantedBy=multi-user.target
"""
AGENT = """#!/bin/sh
set -e
shared=$(sed -n 's/.*board.shared=\\([^ ]*\\).*/\\1/p' /proc/cmdline)
mkdir -p /host
mount -t hostfs none /host -o "$shared"
exec python3 -u /host/guest/agent.py
"""
FSTAB = "/dev/ubda / ext4 defaults 0 1\n"


def root_file() -> Path:
    """Where the disk is, or would be."""
    made_of = "\n".join((SUITE, *PACKAGES, SIZE, AGENT_UNIT, AGENT, FSTAB))
    return cache_folder() / f"root-{SUITE}-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}.img"


def cached_root() -> Path | None:
    """The disk if it is there."""
    file = root_file()
    return file if file.exists() else None


def root() -> Path:
    """The disk, made if it is not there: a minute or two. Raises: Unfit: it cannot be."""
    file = root_file()
    if file.exists():
        prune(file, f"root-{SUITE}-*")
        return file
    check_root()
    check_programs(ROOT_PROGRAMS)
    file.parent.mkdir(parents=True, exist_ok=True)
    print(f"board: making {file.name} by mmdebstrap, a minute or two", flush=True)
    log = file.with_suffix(".log")
    log.unlink(missing_ok=True)
    part = file.with_suffix(".part")
    with tempfile.TemporaryDirectory(prefix="root-", dir=file.parent) as folder:
        tree = Path(folder) / "tree"
        run(
            [
                *("mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"),
                *("--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*"),
                *("--dpkgopt=path-exclude=/usr/share/man/*", SUITE, str(tree), MIRROR),
            ],
            log=log,
        )
        prepare(tree)
        part.unlink(missing_ok=True)
        run(["mke2fs", "-q", "-t", "ext4", "-L", LABEL, "-d", str(tree), str(part), SIZE], log=log)
    part.rename(file)
    return file


def prepare(tree: Path) -> None:
    """What makes a board of it: a name, a disk to check, no logins, the agent."""
    etc = tree / "etc"
    (etc / "hostname").write_text("board\n", encoding="ascii")
    (etc / "fstab").write_text(FSTAB, encoding="ascii")
    units = etc / "systemd" / "system"
    program = tree / "usr" / "local" / "sbin" / "board-agent"
    program.write_text(AGENT, encoding="ascii")
    program.chmod(0o755)
    (units / "board-agent.service").write_text(AGENT_UNIT, encoding="ascii")
    wants = units / "multi-user.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    (wants / "board-agent.service").symlink_to("../board-agent.service")
    for name in (
        "getty@.service",
        "serial-getty@.service",
        "getty.target",
        "apt-daily.timer",
        "apt-daily-upgrade.timer",
    ):
        (units / name).unlink(missing_ok=True)
        (units / name).symlink_to("/dev/null")


def copy_disk(source: Path, target: Path) -> None:
    """A copy that keeps its holes."""
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(source), str(target)], check=True)
